// Goal: with `ordered: 'key'` results of a key come in the order of its tuples, and its requests are made one after the other; keys do
// not wait for each other, and a hot one leaves room for others. Each tuple has one result whoever is killed, enlisted or retired.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildGraph } from '../../src/flow/dataflow.ts';
import { dataflow, type Job, t } from '../../src/index.ts';
import { push } from '../../src/sources.ts';
import { testOperator } from '../../src/testing.ts';
import { fails, HOT_KEYS, type HotParams, hot, hotKeyOf, type RequestParams, requests } from '../kit/flows/requests.ts';
import { killInFlight } from '../kit/kill-in-flight.ts';
import { noThreadLeft, resultOf, start, TIMEOUT, thrown, tuplesOf } from '../kit/run-flow.ts';
import { newPath } from '../kit/temporary-files.ts';

afterEach(noThreadLeft);

const KEYS = 50;
const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
const ascending = (numbers: readonly number[]): number[] => [...numbers].sort((a, b) => a - b);

function assertByKey(numbers: readonly number[], keyOf: (n: number) => number): void {
  for (const key of new Set(numbers.map(keyOf))) {
    const ofKey = numbers.filter((n) => keyOf(n) === key);
    assert.deepEqual(ofKey, ascending(ofKey), `key ${key}`);
  }
}

/** Of each number, whether the one before it of its key had come to an end when it was begun for the first time. */
function assertOneAfterTheOther(log: string): void {
  const begun = new Set<number>();
  const ended = new Set<number>();
  for (const line of readFileSync(log, 'utf8').trim().split('\n')) {
    const [n, what] = [Number(line.split(' ')[0]), line.split(' ')[1]];
    if (what === 'end') ended.add(n);
    else if (!begun.has(n)) {
      begun.add(n);
      if (n >= KEYS) assert.ok(ended.has(n - KEYS), `${n} began before ${n - KEYS} had ended`);
    }
  }
}

const kill = (job: Job, log: string): Promise<void> => killInFlight(job, log, 4);

async function scale(job: Job): Promise<void> {
  for (const replicas of [2, 3, 1, 2]) {
    await sleep(40);
    await job.scale('ask', replicas);
  }
}

const disturbances: Readonly<
  Record<string, [parallelism: RequestParams['parallelism'], (job: Job, log: string) => Promise<void>]>
> = {
  nothing: [1, async () => {}],
  'workers are killed': [1, kill],
  'workers of three replicas are killed': [3, kill],
  'replicas come and go': [{ min: 1, max: 3 }, scale],
};

for (const [name, [parallelism, disturb]] of Object.entries(disturbances)) {
  for (const failing of [0, 9]) {
    test(`${name}, ${failing} fail: one result each, in the order of its key`, TIMEOUT, async () => {
      const count = 1500;
      const log = newPath('requests.txt');
      const params: RequestParams = {
        count,
        capacity: 16,
        ordered: 'key',
        by: 'key',
        delayMs: 12,
        ratePerSecond: 3000,
        parallelism,
        failing,
        failsBy: 'behind',
        log,
        logsEnds: true,
      };
      const job = await start(requests, { params, workers: 2, ringBytes: 1 << 14, notices: false });
      const [tuples] = await Promise.all([tuplesOf(job.output('out')), disturb(job as unknown as Job, log)]);
      await job.done;
      const numbers = tuples.map(({ n }) => n);
      assert.deepEqual(
        ascending(numbers),
        upTo(count).filter((n) => !fails(n, failing)),
      );
      assertByKey(numbers, (n) => n % KEYS);
      // Which replica is given a key while its request is in flight asks again.
      if (name !== 'replicas come and go') assertOneAfterTheOther(log);
    });
  }
}

const hotParams = (count: number, capacity: number, hotMs: number): HotParams => ({
  count,
  capacity,
  hotMs,
  inFlight: new SharedArrayBuffer(4 * HOT_KEYS),
  most: new SharedArrayBuffer(4 * HOT_KEYS),
});

for (const capacity of [1, 2, 40]) {
  test(`a hot key, capacity ${capacity}: one request of it at a time`, TIMEOUT, async () => {
    const params = hotParams(400, capacity, 1);
    const tuples = await resultOf(hot, 'out', { params, workers: 1 });
    const numbers = tuples.map(({ n }) => Number(n));
    assert.deepEqual(ascending(numbers), upTo(400));
    assertByKey(numbers, hotKeyOf);
    assert.deepEqual(new Set(new Int32Array(params.most)), new Set([1]));
  });
}

test('other keys do not wait for a slow one, and it leaves them their share of capacity', TIMEOUT, async () => {
  // Three requests may be in flight, and one of the slow key is: 12 rows are read ahead, of which 11 have it.
  const params = hotParams(0, 3, 30);
  const ask = testOperator<{ n: number; key: number }, { n: number }>(hot, 'ask', { params });
  ask.feed(upTo(10).map((n) => ({ n, key: n < 8 ? 0 : n })));
  await ask.settled();
  const order = ask.emitted().map(({ n }) => n);
  assert.deepEqual(order.slice(0, 2), [8, 9], 'before the slow ones');
  assert.deepEqual(order.slice(2), upTo(8));
  ask.close();
});

test('what a result fails at holds back those of its key, and no others', async () => {
  const params: RequestParams = { count: 0, failing: 5, failsBy: 'behind', ordered: 'key', by: 'key', capacity: 4 };
  const ask = testOperator<{ n: number; key: number }, { n: number }>(requests, 'ask', { params });
  ask.feed(upTo(40).map((n) => ({ n, key: n % 3 })));
  await ask.settled();
  const numbers = ask.emitted().map(({ n }) => n);
  assert.deepEqual(
    ascending(numbers),
    upTo(40).filter((n) => !fails(n, 5)),
  );
  assertByKey(numbers, (n) => n % 3);
  assert.equal(ask.deadLetters().length, 8);
  ask.close();
});

test('a restart with requests that wait for their key asks again, and nothing comes twice', async () => {
  const params: RequestParams = { count: 0, ordered: 'key', by: 'key', capacity: 4, delayMs: 3 };
  const ask = testOperator<{ n: number; key: number }, { n: number }>(requests, 'ask', { params });
  ask.feed(upTo(30).map((n) => ({ n, key: n % 2 })));
  ask.restart();
  await ask.settled();
  const numbers = ask.emitted().map(({ n }) => n);
  assert.deepEqual(ascending(numbers), upTo(30));
  assertByKey(numbers, (n) => n % 2);
  ask.close();
});

test('keys of two fields, null, and one key for all', async () => {
  const KEYED = { a: t.optional(t.string()), at: t.date(), n: t.u32() };
  interface Keyed {
    readonly a: string | null;
    readonly at: Date;
    readonly n: number;
  }
  const pairs = dataflow(import.meta.url, 'pairs', (flow, { isOne }: { isOne: boolean }) => {
    const source = flow.source('in', push(KEYED));
    const keyed = isOne ? source.keyBy() : source.keyBy('a', 'at');
    return keyed
      .mapAsync('ask', { n: t.u32() }, async ({ n }) => sleep(10 - n, { n }), { ordered: 'key' })
      .collect('out');
  });
  const tuples: Keyed[] = upTo(9).map((n) => ({
    n,
    a: [null, 'null', ''][n % 3],
    at: new Date(n < 3 ? 1000 : 1001),
  }));
  for (const isOne of [true, false]) {
    const ask = testOperator<Keyed, { n: number }>(pairs, 'ask', { params: { isOne } });
    ask.feed(tuples);
    await ask.settled();
    const numbers = ask.emitted().map(({ n }) => n);
    if (isOne) assert.deepEqual(numbers, upTo(9));
    else assertByKey(numbers, (n) => (n % 3) + (n < 3 ? 0 : 3));
    assert.deepEqual(ascending(numbers), upTo(9));
    ask.close();
  }
});

test('a stream without a key is told so', () => {
  const flow = dataflow(import.meta.url, 'unkeyed', (builder) =>
    builder
      .source('in', push({ n: t.u32() }))
      .unordered()
      .mapAsync('ask', { n: t.u32() }, async (tuple) => tuple, { ordered: 'key' })
      .collect('out'),
  );
  const { message } = thrown(() => buildGraph(flow as never, {}), 'BAD_OPTION');
  assert.match(message, /'ordered' of operator 'ask'.*no key: call keyBy\(field\) before it/);
});
