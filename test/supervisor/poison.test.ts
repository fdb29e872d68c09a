// Goal: a tuple at which a closure throws is found, left out, and told; whatever operator it fails in, however many there are,
// and wherever they stand. All other tuples take effect exactly once, and one that fails once only is no poison.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { afterEach, test } from 'node:test';
import type { Job, MillraceError } from '../../src/index.ts';
import { type CrashOptions, countsOf, EventLog, judge, type Lost, runCrashing } from '../kit/crash-oracle.ts';
import { type CrashingParams, crashing, END, type Place } from '../kit/flows/crashing.ts';
import { deadlyWords } from '../kit/flows/deadly-words.ts';
import { merged, type PoisonPlace, poison } from '../kit/flows/poison.ts';
import { armed, shotsOf, type Trap } from '../kit/flows/traps.ts';
import { shortOrLong } from '../kit/long-form.ts';
import { noThreadLeft, rejection, start, TIMEOUT, tuplesOf } from '../kit/run-flow.ts';
import { fileOf, newPath } from '../kit/temporary-files.ts';

afterEach(noThreadLeft);

/** Where each operator of the flow `poison` has its poison, and whether the trouble is with the second copy only. */
const POISONED: Readonly<Record<PoisonPlace, number>> = {
  numbers: 100,
  mapped: 201,
  filtered: 302,
  copied: 403,
  counted: 504,
  again: 605,
  noted: 706,
  seen: 807,
  lines: 908,
  sink: 999,
};

for (const fuse of [false, true]) {
  test(`a throw in every kind of operator, ${fuse ? 'fused' : 'each in an actor of its own'}`, TIMEOUT, async () => {
    const count = 1200;
    const keys = 7;
    const traps = Object.entries(POISONED).map(([place, at]) => ({
      place: place as PoisonPlace,
      at,
      misdeed: 'throw' as const,
    }));
    const sinkPath = newPath();
    const seen = new SharedArrayBuffer(count * 8);
    const job = await start(poison, { params: armed({ count, keys, fuse, traps, seen, sinkPath }), workers: 2 });
    const events = new EventLog(job);
    const tuples = await tuplesOf(job.output('out'));
    await job.done;

    const { numbers, mapped, filtered, copied, counted, again, noted, seen: unseen, lines, sink } = POISONED;
    const gone = new Set([numbers, mapped, filtered, copied]);
    const copies = Array.from({ length: count * 2 }, (_, i) => ({ n: i >> 1, copy: i & 1 })).filter(
      ({ n }) => !gone.has(n),
    );
    const without = (...failing: number[]) => copies.filter(({ n, copy }) => copy === 0 || !failing.includes(n));
    const counts = new Map<number, number>();
    const counting = without(counted);
    const expected = counting.map(({ n, copy }) => {
      counts.set(n % keys, (counts.get(n % keys) ?? 0) + 1);
      return { n, copy, count: counts.get(n % keys) };
    });
    assert.deepEqual(
      tuples,
      expected.filter(({ n, copy }) => copy === 0 || n !== again),
    );
    assert.deepEqual(
      readFileSync(sinkPath, 'utf8').split('\n').slice(0, -1),
      without(lines, sink).map(({ n, copy }) => `${n} ${copy}`),
    );
    // What a forEach does to the world is not undone, so it may be done twice; never for tuples that were left out.
    const seenTimes = new Int32Array(seen);
    const toSee = new Set(without(noted, unseen).map(({ n, copy }) => n * 2 + copy));
    for (const [i, times] of seenTimes.entries())
      assert.equal(times > 0, toSee.has(i), `tuple ${i >> 1}, copy ${i & 1}`);

    const letters = events.of('deadLetter').map(({ letter }) => letter);
    assert.deepEqual(
      letters.map(({ operator }) => operator).sort(),
      Object.keys(POISONED).sort(),
      'one letter an operator',
    );
    for (const { operator, error, tuple } of letters) {
      const n = POISONED[operator as PoisonPlace];
      assert.equal(error.message, `trapped at ${n}`);
      assert.equal(error.name, 'RangeError');
      const { n: its, index, copy } = tuple as { n?: number; index?: number; copy?: number };
      assert.equal(its ?? index, n, operator);
      if (copy !== undefined && operator !== 'copied') assert.equal(copy, 1, operator);
    }
    const { counted: countedCounts, seen: seenCounts, sink: sinkCounts } = countsOf(job as unknown as Job);
    assert.deepEqual(countedCounts, [counting.length, counting.length]);
    assert.deepEqual(seenCounts, [toSee.size, 0]);
    assert.deepEqual(sinkCounts, [without(lines, sink).length, 0]);
    assert.equal(events.of('crash').length, 0);
  });
}

const throwing = (place: Place, at: number, times?: number, every?: number): Trap<Place> => ({
  place,
  at,
  every,
  misdeed: 'throw',
  times,
});

/** Runs with a trap for each tuple that is to be lost. No worker dies, so there need be no spare. */
async function runPoisoned(lost: Lost, params: Partial<CrashingParams> = {}, options: CrashOptions = {}) {
  const traps = Object.entries(lost).flatMap(([place, numbers]) => numbers.map((n) => throwing(place as Place, n)));
  const run = await runCrashing({ traps, ...params }, { spares: 0, ...options });
  judge(run, lost);
  return run;
}

test('the first and the very last tuple, and neighbours, in all operators', TIMEOUT, async () => {
  const last = 2999;
  await runPoisoned({
    numbers: [0, 10, 11],
    pass: [1, 12, last],
    count: [2, 3, 13],
    behind: [4, 14, 2998],
    end: [0, 9, 19],
  });
});

test('every tenth tuple', TIMEOUT, async () => {
  const count = 2000;
  const every = Array.from({ length: count / 10 }, (_, i) => i * 10 + 3);
  const run = await runCrashing({ count, traps: [throwing('count', 3, undefined, 10)] });
  judge(run, { count: every });
});

test('no tuple but poison', TIMEOUT, async () => {
  const count = 300;
  const all = Array.from({ length: count }, (_, n) => n);
  for (const place of ['numbers', 'behind'] as const) {
    const run = await runCrashing({ count, traps: [throwing(place, 0, undefined, 1)] });
    judge(run, { [place]: all });
    // What fails behind the count has been counted.
    assert.deepEqual(
      run.tuples.filter(({ n }) => n !== END),
      [],
    );
  }
});

test('what throws once only is no dead letter, in any operator', TIMEOUT, async () => {
  const places: Place[] = ['numbers', 'pass', 'count', 'removed', 'behind'];
  const traps = [...places.map((place, i) => throwing(place, 800 + i * 50, 1)), throwing('end', 5, 1)];
  // Tuple 950 is the one with which its key is removed.
  const run = await runCrashing({ traps, removeEvery: 16, keys: 10 });
  judge(run);
  assert.deepEqual(
    shotsOf(run.params).filter((shots) => shots !== 1),
    [],
  );
});

test('a closure that throws after remove(): the row is still there', TIMEOUT, async () => {
  const keys = 10;
  const removeEvery = 5;
  // The fifth tuples of keys 3 and 4; then these keys have five tuples with the next one.
  await runPoisoned({ removed: [43, 44], end: [1] }, { count: 3007, keys, removeEvery });
});

const settings: [string, Partial<CrashingParams>, CrashOptions][] = [
  ['three replicas, string keys', { parallelism: 3, keyType: 'string' }, { workers: 3 }],
  ['dictionary keys, a linger time', { keyType: 'dictionary' }, { lingerMs: 20 }],
  ['keys that are not a number, tiny rings', { keyType: 'f64' }, { ringBytes: 4096 }],
  ['outboxes that spill, a linger time', { padding: 700, count: 1500 }, { ringBytes: 4096, lingerMs: 5 }],
  ['state in four arenas, three replicas', { parallelism: 3 }, { stateBytes: 5 * 2 ** 30 }],
  ['a source with a rate', { ratePerSecond: 20_000 }, {}],
];

for (const [what, params, options] of settings) {
  test(`with ${what}`, TIMEOUT, async () => {
    await runPoisoned(
      { numbers: [77, 1004], pass: [500, 501], count: [600, 1003], behind: [601, 1002], end: [3] },
      params,
      options,
    );
  });
}

test('poison in a sink leaves its line out, and the state as it is', TIMEOUT, async () => {
  await runPoisoned({ sink: [5, 1000], count: [1001] }, { sinkPath: newPath() });
});

test('lines: poison in the operator fused with the source', TIMEOUT, async () => {
  const count = 3000;
  const path = fileOf(Array.from({ length: count }, (_, n) => `${n}\n`).join(''));
  const lost = { parse: [0, 1500, count - 1], pass: [1501] };
  for (const source of ['lines', 'csv'] as const) {
    if (source === 'csv') await runPoisoned({ pass: lost.parse }, { count, source, path });
    else await runPoisoned(lost, { count, source, path });
  }
});

for (const parallelism of [1, 3]) {
  test(`two sources in one stream, ${parallelism} replicas: poison in both, some of it deadly`, TIMEOUT, async () => {
    const count = 1500;
    const keys = 20;
    const lost = [0, 1, 1000, 1001, 2001, 2 * count - 1];
    const traps = lost.map((at) => ({
      place: 'counted' as const,
      at,
      misdeed: at === 1001 ? ('exit' as const) : ('throw' as const),
    }));
    const job = await start(merged, { params: armed({ count, keys, parallelism, traps }), workers: 2 });
    const tuples = await tuplesOf(job.output('out'));
    await job.done;
    const counts = new Map<string, number>();
    const latest = new Map<string, number>();
    for (const { n, key, count } of tuples) {
      counts.set(key, (counts.get(key) ?? 0) + 1);
      assert.equal(count, counts.get(key));
      const lineage = `${key} ${n % 2}`;
      assert.ok(n > (latest.get(lineage) ?? -1), `${n} of ${key} after ${latest.get(lineage)}`);
      latest.set(lineage, n);
    }
    const numbers = tuples.map(({ n }) => n).sort((a, b) => a - b);
    assert.deepEqual(
      numbers,
      Array.from({ length: 2 * count }, (_, n) => n).filter((n) => !lost.includes(n)),
    );
    const letters = await tuplesOf(job.deadLetters);
    assert.deepEqual(
      letters.map(({ tuple }) => (tuple as { n: number }).n).sort((a, b) => a - b),
      lost,
    );
    for (const { key, tuple } of letters) assert.equal(key, (tuple as { key: string }).key);
  });
}

test('poison while workers die: each letter once, each other tuple once', TIMEOUT, async () => {
  const count = 3000;
  const traps = [
    throwing('count', 7, undefined, 30),
    throwing('pass', 8, undefined, 60),
    throwing('numbers', 9, undefined, 300),
  ];
  const every = (at: number, step: number): number[] =>
    Array.from({ length: Math.ceil((count - at) / step) }, (_, i) => at + i * step);
  let kills = 0;
  const each = (read: number, job: Job): Promise<void> | undefined => {
    const workers = job.workers().filter(({ state, actors }) => state === 'active' && actors.length > 0);
    if (read % 400 !== 0 || workers.length === 0) return undefined;
    return job.killWorker(workers[kills++ % workers.length].worker);
  };
  const run = await runCrashing({ count, traps }, { ringBytes: 8192 }, undefined, each);
  judge(run, { count: every(7, 30), pass: every(8, 60), numbers: every(9, 300) });
  assert.ok(kills >= 4);
});

for (const source of ['iterable', 'async-iterable'] as const) {
  test(`an ${source} that throws by itself fails the job: what comes behind cannot be told`, TIMEOUT, async () => {
    const params = armed({ count: 3000, keys: 20, source, traps: [throwing('numbers', 1500)] });
    const job = (await start(crashing, { params, workers: 2 })) as unknown as Job;
    const reading = rejection(tuplesOf(job.output('out')), 'OPERATOR_FAILED');
    const error = await rejection(job.done, 'OPERATOR_FAILED');
    assert.equal(await reading, error);
    assert.equal(error.details.operator, 'numbers');
    assert.equal(job.deadLetters.count, 0);
  });
}

for (const fuse of [false, true]) {
  test(
    `several tuples of one line that end their worker, ${fuse ? 'fused' : 'in actors of their own'}`,
    TIMEOUT,
    async () => {
      // Each of them ends a worker three times.
      const deadly = shortOrLong(['b', 'd'], ['b', 'd', 'x']);
      const words = shortOrLong('a b c d e x', 'a b c d e x a b c d e x').split(' ');
      const job = await start(deadlyWords, {
        params: { fuse, deadly, times: words.length / 6 },
        workers: 1,
        spares: 1,
      });
      const events = new EventLog(job);
      const tuples = await tuplesOf(job.output('out'));
      await job.done;
      assert.deepEqual(
        tuples.map(({ word }) => word),
        words.filter((word) => !deadly.includes(word)).map((word) => word.toUpperCase()),
      );
      const letters = events.of('deadLetter').map(({ letter }) => letter);
      assert.deepEqual(
        letters.map(({ operator, tuple, error }) => [operator, tuple, (error as MillraceError).code]),
        words.filter((word) => deadly.includes(word)).map((word) => ['upper', { word }, 'TUPLE_KILLED_WORKER']),
      );
    },
  );
}
