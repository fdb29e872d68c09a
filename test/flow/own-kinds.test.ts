// Goal: a kind of operator is one value. Kinds that the library does not have, with two inputs and two outputs, run as its own do:
// on threads, with replicas, interrupted, killed, and with dead letters. No other file of src/ knows of them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Job } from '../../src/index.ts';
import { crossed, keyedApart, paired } from '../kit/flows/own-kinds.ts';
import { LocalJob } from '../kit/local-run.ts';
import { noThreadLeft, start, TIMEOUT, tuplesOf } from '../kit/run-flow.ts';
import { randomOf } from '../kit/seeds.ts';

const COUNT = 3000;
const KEYS = 40;

/** What comes out of the paired flow: each side of each key in its order, and how many there were. */
function expected() {
  const seen = new Map<string, { value: string; nth: number }[]>();
  const add = (key: number, side: string, value: string): void => {
    const list = seen.get(`${key} ${side}`) ?? [];
    seen.set(`${key} ${side}`, [...list, { value, nth: list.length + 1 }]);
  };
  for (let n = 0; n < COUNT; n++) {
    add((n * 31) % KEYS, 'left', String(n));
    add((n * 17) % KEYS, 'right', `text-${n}`);
  }
  const sizeOf = (key: number, side: string): number => seen.get(`${key} ${side}`)?.length ?? 0;
  const totals = Array.from({ length: KEYS }, (_, key) => ({
    key,
    left: sizeOf(key, 'left'),
    right: sizeOf(key, 'right'),
  }));
  return { seen, totals };
}

type Seen = { key: number; side: string; value: string; nth: number };
type Total = { key: number; left: number; right: number };

function assertPaired(seen: readonly Seen[], totals: readonly Total[]): void {
  const bySide = new Map<string, { value: string; nth: number }[]>();
  for (const { key, side, value, nth } of seen) {
    bySide.set(`${key} ${side}`, [...(bySide.get(`${key} ${side}`) ?? []), { value, nth }]);
  }
  const model = expected();
  const sorted = <Value>(map: Map<string, Value>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
  assert.deepEqual(sorted(bySide), sorted(model.seen));
  assert.deepEqual(
    [...totals].sort((a, b) => a.key - b.key),
    model.totals,
  );
}

const read = async (job: Job, name: string) => (await tuplesOf(job.output(name))) as Record<string, unknown>[];

for (const parallelism of [1, 3]) {
  test(`two inputs on one state, two outputs, ${parallelism} replicas on threads`, TIMEOUT, async () => {
    const params = { count: COUNT, keys: KEYS, parallelism };
    const job = (await start(paired, { params, workers: 2, ringBytes: 4096 })) as unknown as Job;
    const [seen, totals] = await Promise.all([read(job, 'seen'), read(job, 'totals')]);
    await job.done;
    assertPaired(seen as Seen[], totals as Total[]);
    await noThreadLeft();
  });
}

test('it is exactly once when its worker is killed again and again', TIMEOUT, async () => {
  const params = { count: COUNT, keys: KEYS, parallelism: 2 };
  const job = (await start(paired, { params, workers: 2, ringBytes: 4096 })) as unknown as Job;
  const killing = (async () => {
    for (let i = 0; i < 3; i++) {
      await new Promise((resolve) => setTimeout(resolve, 30));
      await job.killWorker(i % 2).catch(() => {});
    }
  })();
  const [seen, totals] = await Promise.all([read(job, 'seen'), read(job, 'totals')]);
  await killing;
  await job.done;
  assertPaired(seen as Seen[], totals as Total[]);
  await noThreadLeft();
});

test('stepped in random order, in the smallest rings', () => {
  for (const seed of [1, 2, 3, 4]) {
    const job = LocalJob.of(paired, { params: { count: COUNT, keys: KEYS, parallelism: 2 }, ringBytes: 4096 });
    job.run(randomOf(seed));
    assertPaired((job.tuples.get('seen') ?? []) as Seen[], (job.tuples.get('totals') ?? []) as Total[]);
  }
});

test(
  'a kind with a step of its own: each input goes to its own closure, and failures are dead letters',
  TIMEOUT,
  async () => {
    const params = { count: COUNT, keys: KEYS, parallelism: 1 };
    const job = (await start(crossed, { params, workers: 2 })) as unknown as Job;
    const [lefts, rights] = await Promise.all([read(job, 'lefts'), read(job, 'rights')]);
    await job.done;
    const bad = (n: number): boolean => String(n).endsWith('77');
    const numbers = Array.from({ length: COUNT }, (_, n) => n);
    assert.deepEqual(
      lefts,
      numbers.map((n) => ({ n: 2 * n })),
    );
    assert.deepEqual(
      rights,
      numbers.filter((n) => !bad(n)).map((n) => ({ text: `text-${n}` })),
    );
    const { operators } = job.reading();
    const { kind, role, deadLetters } = operators.find(({ name }) => name === 'cross') ?? assert.fail();
    assert.deepEqual(
      { kind, role, deadLetters },
      { kind: 'cross', role: 'operator', deadLetters: numbers.filter(bad).length },
    );
    await noThreadLeft();
  },
);

test('inputs that share state are keyed alike, or the flow is refused', async () => {
  await assert.rejects(start(keyedApart, { params: { count: 1, keys: 1, parallelism: 1 } }), {
    code: 'BAD_FLOW',
    message: /inputs of operator 'pair' have keys of the types \(u32\) and \(string\)/,
  });
});
