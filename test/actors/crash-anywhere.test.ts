// Goal: an actor that dies at any store whatever, and again in its recovery, goes on exactly once: output, order of each key,
// state, counts and dead letters are those of a run without a crash. Nobody sleeps through it, either: actors park here.
// The order of steps is drawn from a seed; MILLRACE_TEST_SEED=<seed> repeats it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CrashingMemory } from '../../src/testing/crashing-memory.ts';
import { CRASH_MODES, type CrashCase, CrashRuns } from '../kit/crash-runs.ts';
import {
  aggregates,
  asking,
  chain,
  counting,
  dictionaries,
  dividing,
  ending,
  files,
  growing,
  inOrder,
  merging,
  poisoned,
  removing,
  replicas,
  sides,
  spilling,
  tables,
} from '../kit/flows/crash-cases.ts';
import { LocalJob } from '../kit/local-run.ts';
import { shortOrLong } from '../kit/long-form.ts';
import { eachSeed, randomOf } from '../kit/seeds.ts';

const TIMEOUT = { timeout: 120_000 };

/** Each is as small as can be, since it runs once for each of its stores: for all, or for one of `stride`, from one that the seed says. */
const CASES: Readonly<Record<string, CrashCase & { readonly stride?: number }>> = {
  'stateless operators, fused with their source and not': { flow: chain, count: 5 },
  'outputs in the middle of a chain, one that nobody reads, and one that is combined': {
    flow: sides,
    count: 3,
    stride: 7,
  },
  'a keyed count with an output per input, and a fused operator behind it': { flow: counting, count: 3 },
  'commits that linger': { flow: counting, count: 3, options: { lingerMs: 0.3 }, stride: 3 },
  'values of variable length and sub-keyed tables': { flow: tables, count: 2, stride: 2 },
  'removal of keys': { flow: removing, count: 4, stride: 3 },
  'growth of tables': { flow: growing, count: 12, stride: 3 },
  'growth of a table into segments': { flow: dividing, count: 50, stride: 97 },
  'an outbox that fills and drains': { flow: spilling, count: 2, stride: 2 },
  'closures at the end of the input': { flow: ending, count: 2, stride: 3 },
  'two replicas that read one ring and share their arenas': { flow: replicas, count: 4, stride: 3 },
  'two replicas that keep the order of their input together': { flow: inOrder, count: 8, stride: 2 },
  'two inputs, and a stream that is read twice': { flow: merging, count: 4, stride: 3 },
  dictionaries: { flow: dictionaries, count: 4, stride: 3 },
  'aggregates that are combined before they travel': { flow: aggregates, count: 4, stride: 29 },
  'results that are awaited': { flow: asking, count: 9, stride: 3 },
  'results that are awaited, in no order': { flow: asking, count: 9, params: { ordered: false }, stride: 3 },
  'results that are awaited, of two replicas': { flow: asking, count: 9, params: { parallelism: 2 }, stride: 5 },
  'dead letters': { flow: poisoned, count: 4, stride: 3 },
  'a source that is read, and a sink, both with positions': { flow: files, count: 8, stride: 2 },
};

test('no store goes past the memory that crashes: taking back all that it saw leaves nothing', TIMEOUT, async () => {
  for (const { flow, count, options } of Object.values(CASES)) {
    const memory = new CrashingMemory();
    await memory.within(async () => {
      const sizes = { workers: 1, ringBytes: 4096, stateBytes: 1 << 20, outboxBytes: 1 << 20 };
      const params = { point: () => {}, count, file: [] };
      const job = LocalJob.of(flow, { ...sizes, ...options, params }, { memory, parks: true });
      const before = memory.image();
      memory.record();
      await job.openSources();
      await job.runAsync({ choose: randomOf(1) });
      assert.ok(memory.points > 100);
      memory.revert();
      for (const [buffer, bytes] of memory.image()) {
        const known = before.get(buffer) ?? Buffer.alloc(0);
        // What has grown meanwhile began with zeros.
        assert.ok(bytes.subarray(0, known.length).equals(known));
        assert.ok(bytes.subarray(known.length).every((byte) => byte === 0));
      }
    });
  }
});

for (const [name, { stride: usual = 1, ...kind }] of Object.entries(CASES)) {
  const stride = kind.flow === chain ? usual : shortOrLong(usual * 6, usual);
  test(`a crash at ${stride === 1 ? 'every store' : `one store of ${stride}`}: ${name}`, TIMEOUT, async (context) => {
    await eachSeed(context, 1, async (seed) => {
      const runs = await CrashRuns.of(kind, seed);
      const { points } = runs.reference;
      let crashes = 0;
      for (let i = seed % Math.min(stride, points.length); i < points.length; i += stride) {
        const mode = CRASH_MODES[(seed + crashes) % CRASH_MODES.length];
        const hasCrashed = await at(`point ${points[i]} (${mode})`, () => runs.crashOnce(points[i], mode));
        assert.equal(hasCrashed, i < points.length - 1, 'the run has as many points as the one before it');
        crashes++;
      }
      context.diagnostic(`${crashes} crashes`);
    });
  });
}

/** Cases whose recoveries crash, too. */
const TWICE: readonly {
  readonly name: keyof typeof CASES;
  readonly count: number;
  readonly stride: number;
  readonly operator?: string;
}[] = [
  {
    name: 'a keyed count with an output per input, and a fused operator behind it',
    count: 1,
    stride: shortOrLong(15, 1),
    operator: 'count',
  },
  { name: 'values of variable length and sub-keyed tables', count: 4, stride: shortOrLong(399, 199) },
  { name: 'growth of tables', count: 13, stride: shortOrLong(399, 199) },
  { name: 'an outbox that fills and drains', count: 2, stride: shortOrLong(122, 61) },
  { name: 'dead letters', count: 6, stride: shortOrLong(194, 97) },
];

for (const { name, count, stride, operator } of TWICE) {
  const title = `a crash at ${stride === 1 ? 'every store' : `one store of ${stride}`}, and a second one at every store of the recovery`;
  test(`${title}: ${name}`, TIMEOUT, async (context) => {
    await eachSeed(context, 1, async (seed) => {
      const { stride: _, ...kind } = CASES[name];
      const runs = await CrashRuns.of({ ...kind, count }, seed);
      const { points } = runs.reference;
      let crashes = 0;
      for (let i = seed % Math.min(stride, points.length); i < points.length; i += stride) {
        crashes += await at(`point ${points[i]}`, () => runs.crashTwice(points[i], operator));
      }
      context.diagnostic(`${crashes} crashes of recoveries`);
      assert.ok(crashes > points.length / stride);
    });
  });
}

/** Says where a run failed. */
async function at<Result>(where: string, run: () => Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    console.error(`failed at ${where}`);
    throw error;
  }
}
