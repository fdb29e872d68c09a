// Goal: on worker threads each tuple has the result of one request, in order, whatever the capacity, however long requests take, and
// whoever is killed, enlisted or retired meanwhile; and its key is one and the same at each attempt.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Job } from '../../src/index.ts';
import { fails, partCount, type RequestParams, requests, several } from '../kit/flows/requests.ts';
import { killInFlight } from '../kit/kill-in-flight.ts';
import { noThreadLeft, resultOf, start, TIMEOUT, tuplesOf } from '../kit/run-flow.ts';
import { newPath } from '../kit/temporary-files.ts';

afterEach(noThreadLeft);

const numbersOf = (tuples: readonly Record<string, unknown>[]): unknown[] => tuples.map(({ n }) => n);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
const ascending = (numbers: readonly unknown[]): unknown[] => [...numbers].sort((a, b) => Number(a) - Number(b));

for (const capacity of [1, 4, 256]) {
  test(`capacity ${capacity}: results keep the order of their tuples`, TIMEOUT, async () => {
    const count = capacity === 256 ? 3000 : 300;
    for (const ringBytes of [1 << 12, 1 << 20]) {
      const params = { count, capacity, delayMs: 5 };
      const tuples = await resultOf(requests, 'out', { params, workers: 1, ringBytes });
      assert.deepEqual(numbersOf(tuples), upTo(count));
      assert.equal(new Set(tuples.map(({ id }) => id)).size, count);
    }
  });
}

test('a result that is no promise is a result', TIMEOUT, async () => {
  const tuples = await resultOf(requests, 'out', { params: { count: 20_000 }, workers: 2, lingerMs: 5 });
  assert.deepEqual(numbersOf(tuples), upTo(20_000));
});

test(
  'flatMapAsync gives all tuples of an iterable, in order; two operators that await, in a row',
  TIMEOUT,
  async () => {
    const tuples = await resultOf(several, 'out', { params: { count: 200 }, workers: 1 });
    const expected = upTo(200).flatMap((n) => Array.from({ length: partCount(n) }, (_, i) => ({ n, i })));
    assert.deepEqual(tuples, expected);
  },
);

/** The keys of each tuple's attempts, and how many attempts there were. */
function attemptsIn(log: string): Map<number, { readonly keys: Set<string>; attempts: number }> {
  const found = new Map<number, { readonly keys: Set<string>; attempts: number }>();
  for (const line of readFileSync(log, 'utf8').trim().split('\n')) {
    const [n, key] = line.split(' ');
    const of = found.get(Number(n)) ?? { keys: new Set(), attempts: 0 };
    of.keys.add(key);
    of.attempts++;
    found.set(Number(n), of);
  }
  return found;
}

const shared: readonly Partial<RequestParams>[] = [
  {},
  { fuse: false },
  { parallelism: 3, by: 'key' },
  { parallelism: 3, by: 'place' },
  { ordered: false },
  { ordered: false, parallelism: 3, by: 'key', failing: 9, failsBy: 'behind' },
];

for (const params of shared) {
  test(`killed with requests in flight (${JSON.stringify(params)}): one result each`, TIMEOUT, async () => {
    const count = 1500;
    const log = newPath('attempts.txt');
    const all = { count, capacity: 40, delayMs: 20, log, ratePerSecond: 3000, ...params };
    const job = await start(requests, { params: all, workers: 2, ringBytes: 1 << 14 });
    const [tuples] = await Promise.all([tuplesOf(job.output('out')), killInFlight(job as unknown as Job, log, 6)]);
    await job.done;
    const numbers = numbersOf(tuples);
    const expected = upTo(count).filter((n) => !fails(n, params.failing));
    const isOrdered = params.parallelism === undefined && params.ordered !== false;
    assert.deepEqual(isOrdered ? numbers : ascending(numbers), expected);
    if (params.by === 'key' && params.ordered !== false) {
      for (let key = 0; key < 50; key++) {
        const ofKey = numbers.filter((n) => Number(n) % 50 === key);
        assert.deepEqual(ofKey, ascending(ofKey), `key ${key}`);
      }
    }
    const attempts = attemptsIn(log);
    for (const { n, id } of tuples) {
      const { keys } = attempts.get(Number(n)) ?? { keys: new Set() };
      assert.deepEqual([...keys], [id], `tuple ${n}`);
    }
    assert.ok([...attempts.values()].some((of) => of.attempts > 1));
  });
}

test('ordered: false lets results leave as they come', TIMEOUT, async () => {
  const params = { count: 1000, capacity: 100, delayMs: 20, ordered: false };
  const tuples = await resultOf(requests, 'out', { params, workers: 1 });
  assert.deepEqual(ascending(numbersOf(tuples)), upTo(1000));
  const overtaken = numbersOf(tuples).filter((n, i) => i > 0 && Number(n) < Number(tuples[i - 1].n));
  assert.ok(overtaken.length > 5, `${overtaken.length} were overtaken`);
});

test('replicas are enlisted and retired with requests in flight', TIMEOUT, async () => {
  for (const [by, ordered] of [
    ['key', true],
    ['place', true],
    ['key', false],
  ] as const) {
    const count = 2000;
    const params = {
      count,
      capacity: 16,
      delayMs: 20,
      by,
      ordered,
      parallelism: { min: 1, max: 3 },
      ratePerSecond: 4000,
    };
    const job = (await start(requests, { params, workers: 2, ringBytes: 1 << 14 })) as unknown as Job;
    const change = async (): Promise<void> => {
      for (const replicas of [2, 3, 1, 2]) {
        await sleep(30);
        await job.scale('ask', replicas);
      }
    };
    const [tuples] = await Promise.all([tuplesOf(job.output('out') as AsyncIterable<{ n: number }>), change()]);
    await job.done;
    assert.deepEqual(ascending(numbersOf(tuples)), upTo(count));
  }
});
