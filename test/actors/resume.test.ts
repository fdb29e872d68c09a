// Goal: an actor that is made anew over its memory goes on where the one before it was: however often that happens, in work and
// in recovery, whatever its state is restored from, whatever its tuples do, and whatever the one before it still does.
// MILLRACE_TEST_SEED=<seed> repeats the randomised tests.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { flowOf } from '../../proof/simulate/case.ts';
import { simulated } from '../../proof/simulate/flow.ts';
import type { SinkDefinition } from '../../src/flow/sink.ts';
import { dataflow, t } from '../../src/index.ts';
import { writeLines } from '../../src/sinks.ts';
import { fromIterable } from '../../src/sources.ts';
import { CRASH, CrashingMemory } from '../../src/testing/crashing-memory.ts';
import { Random } from '../../src/testing/random.ts';
import { type CrashCase, CrashRuns } from '../kit/crash-runs.ts';
import {
  asking,
  type CrashFlow,
  type CrashParams,
  chain,
  counting,
  dictionaries,
  dividing,
  ending,
  files,
  growing,
  lethal,
  merging,
  poisoned,
  removing,
  replicas,
  spilling,
  tables,
} from '../kit/flows/crash-cases.ts';
import { shortOrLong } from '../kit/long-form.ts';
import { eachSeed, randomOf } from '../kit/seeds.ts';
import { newPath } from '../kit/temporary-files.ts';

const TIMEOUT = { timeout: 120_000 };

test('a dead thread stores nothing, and does not come back', TIMEOUT, async () => {
  const memory = new CrashingMemory();
  await memory.within(() => {
    const buffer = new SharedArrayBuffer(32, { maxByteLength: 64 });
    const cells = new Int32Array(buffer);
    const bytes = Buffer.from(buffer as unknown as ArrayBuffer);
    const writes = [
      () => {
        cells[1] = 1;
      },
      () => Atomics.store(cells, 1, 1),
      () => Atomics.add(cells, 1, 1),
      () => Atomics.compareExchange(cells, 1, 0, 1),
      () => cells.set([1, 1, 1], 1),
      () => cells.fill(1, 1),
      () => cells.subarray(1).fill(1),
      () => bytes.latin1Write('text', 4, 4),
      () => bytes.ucs2Write('text', 4, 8),
      () => buffer.grow(64),
      () => memory.point(),
    ];
    for (const write of writes) {
      memory.crashAt = memory.points + 1;
      const ended = memory.work(() => {
        cells[0] = 7;
        for (let i = 0; i < 3; i++) assert.throws(write, (error) => error === CRASH);
        return 'as if nothing had happened';
      });
      assert.equal(ended, CRASH);
      assert.deepEqual([...new Int32Array(buffer)], [7, 0, 0, 0, 0, 0, 0, 0]);
    }
    // The next thread lives.
    assert.equal(
      memory.work(() => writes.slice(0, -1).length),
      writes.length - 1,
    );
  });
});

/** Larger than what crashes at every store: these crash at random. */
const LARGER: Readonly<Record<string, CrashCase>> = {
  chain: { flow: chain, count: 60 },
  counting: { flow: counting, count: 60 },
  'counting, lingering': { flow: counting, count: 60, options: { lingerMs: 0.5 } },
  'counting, in four arenas': { flow: counting, count: 60, options: { stateBytes: 2 ** 33 } },
  tables: { flow: tables, count: 30 },
  removing: { flow: removing, count: 40 },
  growing: { flow: growing, count: 60 },
  dividing: { flow: dividing, count: 90 },
  spilling: { flow: spilling, count: 12 },
  ending: { flow: ending, count: 12 },
  replicas: { flow: replicas, count: 40 },
  'replicas, lingering': { flow: replicas, count: 40, options: { lingerMs: 0.5 } },
  merging: { flow: merging, count: 40 },
  dictionaries: { flow: dictionaries, count: 40 },
  poisoned: { flow: poisoned, count: 12 },
  files: { flow: files, count: 40 },
  asking: { flow: asking, count: 60 },
  'asking, in no order': { flow: asking, count: 60, params: { ordered: false, parallelism: 2 } },
  'files, lingering': { flow: files, count: 40, options: { lingerMs: 0.5 } },
};

const CRASHES_MAX = 40;

for (const [name, kind] of Object.entries(LARGER)) {
  test(`crashes as fast as it comes back, in work and in recovery: ${name}`, TIMEOUT, async (context) => {
    await eachSeed(context, shortOrLong(1, 2), async (seed) => {
      const random = randomOf(~seed);
      const runs = await CrashRuns.of(kind, seed);
      await runs.crashOften(random, 30 + random(400), CRASHES_MAX);
    });
  });
}

for (const name of ['tables', 'removing', 'replicas', 'merging', 'spilling', 'ending', 'poisoned']) {
  for (const backupEveryMs of [0.3, 1000]) {
    const backups = backupEveryMs < 1 ? 'backups' : 'the beginning of the stream';
    test(`crashes as fast as it comes back, with state restored from ${backups}: ${name}`, TIMEOUT, async (context) => {
      await eachSeed(context, shortOrLong(1, 2), async (seed) => {
        const random = randomOf(~seed);
        // What is to be replayed from the beginning has to fit into its rings.
        const count = backupEveryMs < 1 ? LARGER[name].count : 8;
        const runs = await CrashRuns.of({ ...LARGER[name], count, backupEveryMs }, seed);
        await runs.crashOften(random, 100 + random(800), CRASHES_MAX);
      });
    });
  }
}

test(
  'a tuple that fails within a fused chain has one letter, also when it is read again to restore state',
  TIMEOUT,
  async () => {
    const seed = 1101247882;
    const random = randomOf(~seed);
    const runs = await CrashRuns.of({ ...LARGER.poisoned, backupEveryMs: 0.3 }, seed);
    await runs.crashOften(random, 100 + random(800), CRASHES_MAX);
  },
);

test('random flows crash at random', TIMEOUT, async (context) => {
  let crashes = 0;
  await eachSeed(context, 5, async (seed) => {
    const random = new Random(~seed);
    const params = flowOf(random, { tuplesMin: 20, tuplesMax: 320, operatorsMax: 4 });
    const options = { ringBytes: 4096 << random.below(3), lingerMs: random.below(3) * 0.2 };
    const flow = simulated as unknown as CrashFlow;
    const runs = await CrashRuns.of({ flow, count: 0, params, options }, seed);
    crashes += await runs.crashOften((below) => random.below(below), 100 + random.below(1500), CRASHES_MAX);
  });
  context.diagnostic(`${crashes} crashes`);
});

for (const backupEveryMs of [undefined, 0.1]) {
  const how = backupEveryMs === undefined ? '' : ', and state is restored after other crashes';
  test(`tuples that end their workers are condemned, each alone${how}`, TIMEOUT, async (context) => {
    await eachSeed(context, 1, async (seed) => {
      const runs = await CrashRuns.of({ flow: lethal, count: 8, backupEveryMs }, seed);
      assert.equal(runs.reference.result.letters.length, 5);
      await runs.crashOfTuples(Number.POSITIVE_INFINITY);
      // And once more, anywhere: densely before the end of the input, and at some of the many commits there.
      const { points } = runs.memory;
      const random = randomOf(seed);
      for (let point = 0; point < points; point += 1 + shortOrLong(4, 1) * random(point < 2000 ? 120 : 1200)) {
        await runs.crashOfTuples(point).catch((error) => {
          console.error(`failed with a crash at point ${point}`);
          throw error;
        });
      }
    });
  });
}

test(
  'an incarnation that is superseded does nothing, neither when it is stepped nor when it is released',
  TIMEOUT,
  async (context) => {
    await eachSeed(context, 1, async (seed) => {
      const random = randomOf(seed);
      for (const name of ['counting, lingering', 'spilling', 'files, lingering', 'replicas', 'poisoned']) {
        const runs = await CrashRuns.of({ ...LARGER[name], count: 12 }, seed);
        assert.ok(await runs.supersede(0, random));
        for (let turns = random(20); await runs.supersede(turns, random); turns += 10 + random(200));
      }
    });
  },
);

test('an actor that is done, but whose end nobody has heard of, is done at once', TIMEOUT, async (context) => {
  await eachSeed(context, 1, async (seed) => {
    for (const kind of Object.values(LARGER)) await (await CrashRuns.of({ ...kind, count: 5 }, seed)).resumeEnded();
  });
});

type LineParams = CrashParams & { readonly path: string; readonly opened: { close(): void }[] };

/** The sink, with points at which its thread may die. What it has opened is closed by the test: nobody asks a dead thread to. */
function dying<Tuple>({ open }: SinkDefinition<Tuple>, { point, opened }: LineParams): SinkDefinition<Tuple> {
  return {
    open(context) {
      point();
      const writer = open(context);
      opened.push(writer);
      return {
        write(tuple) {
          point();
          writer.write(tuple);
        },
        flush() {
          point();
          const position = writer.flush();
          point();
          return position;
        },
        rollback(position) {
          point();
          writer.rollback(position);
          point();
        },
        close() {
          point();
          writer.close();
        },
      };
    },
  };
}

const lines = dataflow(import.meta.url, 'lines', (flow, params: LineParams) => {
  flow
    .source(
      'numbers',
      fromIterable({ n: t.u32() }, async function* () {
        for (let n = 0; n < params.count; n++) {
          if (n % 10 === 9) await new Promise((resolve) => setImmediate(resolve));
          yield { n };
        }
      }),
    )
    .map('check', { n: t.u32() }, ({ n }) => {
      params.point();
      if (n % 30 === 7) throw new RangeError(`bad ${n}`);
      return { n };
    })
    .to(
      'lines',
      dying(
        writeLines(params.path, ({ n }) => `line ${n}, in UTF-8: ж`),
        params,
      ),
    );
});

test('an asynchronous source and a file of lines: each line once, whatever crashes', TIMEOUT, async (context) => {
  await eachSeed(context, 1, async (seed) => {
    const random = randomOf(seed);
    const opened: { close(): void }[] = [];
    const path = newPath();
    const count = 60;
    const flow = lines as unknown as CrashFlow;
    const runs = await CrashRuns.of({ flow, count, params: { path, opened } }, seed);
    const expected = readFileSync(path, 'utf8');
    assert.equal(expected.split('\n').length, count - 2 + 1);
    for (let i = 0; i < 10; i++) {
      await runs.crashOften(random, 5 + random(80), CRASHES_MAX);
      assert.equal(readFileSync(path, 'utf8'), expected);
    }
    for (const writer of opened) writer.close();
  });
});
