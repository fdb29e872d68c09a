// Goal: every operator gives what a plain single-threaded loop gives, fused or not, in order, with any parallelism.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import {
  branches,
  brokenSink,
  chain,
  copiesOf,
  hoarder,
  intoFile,
  intoSink,
  isWanted,
  keyedSinks,
  keyedTuple,
  longChain,
  merged,
  runningSums,
  slowNeighbour,
  totals,
  tripled,
  twoSums,
} from '../kit/flows/operators.ts';
import { failureOf, noThreadLeft, resultOf, start, TIMEOUT, tuplesOf } from '../kit/run-flow.ts';

afterEach(noThreadLeft);

function chainByLoop(count: number) {
  const out: { n: number; copy: number }[] = [];
  for (let i = 0; i < count; i++) {
    const n = tripled(i);
    if (!isWanted(n)) continue;
    for (let copy = 0; copy < copiesOf(n); copy++) out.push({ n, copy });
  }
  return out;
}

for (const fuse of [true, false]) {
  test(
    `map, filter and flatMap give the loop's tuples in the loop's order, ${fuse ? 'fused' : 'each in its own actor'}`,
    TIMEOUT,
    async () => {
      const count = 50_000;
      assert.deepEqual(await resultOf(chain, 'out', { params: { count, fuse }, workers: 2 }), chainByLoop(count));
    },
  );
}

test('a flow without tuples ends, and its outputs are empty', TIMEOUT, async () => {
  assert.deepEqual(await resultOf(chain, 'out', { params: { count: 0, fuse: false }, workers: 1 }), []);
  assert.deepEqual(await resultOf(totals, 'totals', { params: { count: 0, keys: 3, parallelism: 2 }, workers: 1 }), []);
});

function sumsByLoop(count: number, keys: number) {
  const state = new Map<number, { count: number; sum: number }>();
  return Array.from({ length: count }, (_, i) => {
    const { key, n } = keyedTuple(i, keys);
    const row = state.get(key) ?? { count: 0, sum: 0 };
    state.set(key, row);
    row.count += 1;
    row.sum += n;
    return { key, n, count: row.count, sum: row.sum };
  });
}

for (const parallelism of [1, 2, 3, 4]) {
  test(
    `process with ${parallelism} replicas: same tuples, order kept for each key, each key at one replica`,
    TIMEOUT,
    async () => {
      const count = 40_000;
      const keys = 1000;
      // The source is placed first, so that the replicas are on threads of their own.
      const tuples = await resultOf(runningSums, 'sums', { params: { count, keys, parallelism }, workers: 4 });
      const threadOfKey = new Map<number, number>();
      const byKey = new Map<number, unknown[]>();
      for (const { thread, ...tuple } of tuples as {
        key: number;
        n: number;
        count: number;
        sum: number;
        thread: number;
      }[]) {
        assert.equal(threadOfKey.get(tuple.key) ?? thread, thread, `key ${tuple.key} has one owner`);
        threadOfKey.set(tuple.key, thread);
        byKey.set(tuple.key, [...(byKey.get(tuple.key) ?? []), tuple]);
      }
      const expected = groupByKey(sumsByLoop(count, keys));
      assert.equal(tuples.length, count);
      assert.equal(new Set(threadOfKey.values()).size, parallelism, 'every replica owns keys');
      for (const [key, inOrder] of expected) assert.deepEqual(byKey.get(key), inOrder);
    },
  );
}

function groupByKey<Tuple extends { key: number }>(tuples: Tuple[]): Map<number, Tuple[]> {
  const groups = new Map<number, Tuple[]>();
  for (const tuple of tuples) groups.set(tuple.key, [...(groups.get(tuple.key) ?? []), tuple]);
  return groups;
}

test('one replica keeps the order of the whole stream', TIMEOUT, async () => {
  const tuples = await resultOf(runningSums, 'sums', {
    params: { count: 10_000, keys: 100, parallelism: 1 },
    workers: 2,
  });
  assert.deepEqual(
    tuples.map(({ n }) => n),
    Array.from({ length: 10_000 }, (_, n) => n),
  );
});

for (const [first, second] of [
  [2, 3],
  [4, 2],
]) {
  test(
    `two keyed operators with ${first} and ${second} replicas keep the order of each key through both`,
    TIMEOUT,
    async () => {
      const count = 20_000;
      const tuples = await resultOf(twoSums, 'steps-out', { params: { count, keys: 300, first, second }, workers: 2 });
      const steps = new Map<number, number>();
      for (const { key, steps: step, rises } of tuples as { key: number; steps: number; rises: boolean }[]) {
        assert.equal(rises, true, `sums of key ${key} arrive in order`);
        assert.equal(step, (steps.get(key) ?? 0) + 1);
        steps.set(key, step);
      }
      assert.equal(tuples.length, count);
    },
  );
}

for (const parallelism of [1, 3]) {
  test(`end emits once for each key, with ${parallelism} replicas, through a fused map`, TIMEOUT, async () => {
    const count = 20_000;
    const keys = 700;
    const expected = new Map<number, number>();
    for (let i = 0; i < count; i++) {
      const { key, n } = keyedTuple(i, keys);
      expected.set(key, (expected.get(key) ?? 0) + 2 * n);
    }
    const tuples = await resultOf(totals, 'totals', { params: { count, keys, parallelism }, workers: 2 });
    const found = tuples.map(({ key, sum }) => [key, sum] as [number, number]);
    assert.equal(found.length, expected.size);
    assert.deepEqual(new Map(found), expected);
  });

  test(`merge gives every tuple of both sources, each in order, with ${parallelism} replicas`, TIMEOUT, async () => {
    const count = 5000;
    const tuples = await resultOf(merged, 'out', { params: { count, parallelism }, workers: 2 });
    assert.equal(tuples.length, 3 * count);
    assert.ok(tuples.every(({ inOrder }) => inOrder === true));
    assert.equal(tuples.filter(({ side }) => side === 'left').length, count);
  });
}

test('each consumer of a split stream sees every tuple; two outputs are read side by side', TIMEOUT, async () => {
  const count = 10_000;
  const seen = new SharedArrayBuffer(8);
  const job = await start(branches, { params: { count, seen }, workers: 2 });
  const [squares, plain, times] = await Promise.all([
    tuplesOf(job.output('squares')),
    tuplesOf(job.output('plain')),
    tuplesOf(job.output('times')),
  ]);
  await job.done;
  const numbers = Array.from({ length: count }, (_, n) => n);
  assert.deepEqual(
    plain,
    numbers.map((n) => ({ n })),
  );
  assert.deepEqual(
    squares,
    numbers.map((n) => ({ square: n * n })),
  );
  assert.deepEqual(
    times.map(({ n }) => n).sort((a, b) => a - b),
    numbers,
  );
  assert.ok(times.every((tuple) => tuple.times === 1));
  assert.deepEqual([...new Int32Array(seen)], [count, (count * (count - 1)) / 2]);
});

test('operators without output and replicas of stateless ones see each tuple once', TIMEOUT, async () => {
  const count = 5000;
  const seen = new SharedArrayBuffer(16);
  const job = await start(keyedSinks, { params: { count, parallelism: 3, seen }, workers: 2 });
  await job.done;
  const expected = sumsByLoop(count, 50).reduce((sum, row) => sum + row.count, 0);
  assert.deepEqual([...new Int32Array(seen).subarray(0, 3)], [expected, count, (count * (count + 1)) / 2]);
});

for (const fuse of [true, false]) {
  test(
    `a sink gets every tuple in order, flushes at commits and is closed once, ${fuse ? 'fused' : 'alone'}`,
    TIMEOUT,
    async () => {
      const count = 20_000;
      const seen = new SharedArrayBuffer(4 * (8 + count));
      const job = await start(intoSink, { params: { count, fuse, seen }, workers: 1 });
      await job.done;
      const cells = new Int32Array(seen);
      assert.deepEqual(
        [...cells.subarray(8)],
        Array.from({ length: count }, (_, n) => n),
      );
      assert.ok(cells[0] >= 1);
      assert.deepEqual([cells[1], cells[2]], [0, 1], 'rollbacks, closes');
    },
  );
}

for (const fuse of [true, false]) {
  test(`writeLines writes a line for each tuple, ${fuse ? 'fused' : 'alone'}`, TIMEOUT, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-lines-'));
    const path = join(folder, 'out.txt');
    const count = 20_000;
    const job = await start(intoFile, { params: { count, fuse, path }, workers: 1 });
    await job.done;
    const text = readFileSync(path, 'utf8');
    rmSync(folder, { recursive: true });
    assert.equal(text, Array.from({ length: count }, (_, n) => `line ${n}\n`).join(''));
  });
}

test('a sink that cannot be opened fails the job with what it threw', TIMEOUT, async () => {
  const job = await start(brokenSink, { workers: 1 });
  await assert.rejects(job.done, /this sink does not open/);
});

test('a slow operator holds up neither its neighbours on the worker nor stop()', TIMEOUT, async () => {
  const job = await start(slowNeighbour, { params: { slowMs: 2 }, workers: 1, ringBytes: 4096 });
  const output = job.output('out')[Symbol.asyncIterator]();
  const tookMs: number[] = [];
  for (let n = 0; n < 15; n++) {
    const started = performance.now();
    await job.input('app').push({ n });
    assert.deepEqual((await output.next()).value, { n });
    tookMs.push(performance.now() - started);
  }
  // Most, since other processes may hold some up.
  const median = tookMs.sort((one, other) => one - other)[7];
  assert.ok(median < 250, `${median} ms for a tuple beside an operator that takes 2 ms for each`);
  await job.stop();
});

test('STATE_FULL names the operator and the option', TIMEOUT, async () => {
  const options = { params: { count: 1_000_000 }, stateBytes: 1 << 22, workers: 1 };
  const { error } = await failureOf(hoarder, 'STATE_FULL', options);
  assert.equal(error.details.operator, 'hoard');
  assert.match(error.message, /'stateBytes'/);
});

test('a worker hosts a dozen actors, and none starves', TIMEOUT, async () => {
  const count = 20_000;
  const hops = 12;
  const tuples = await resultOf(longChain, 'out', { params: { count, hops }, workers: 1 });
  assert.deepEqual(
    tuples,
    Array.from({ length: count }, (_, n) => ({ n: n + hops })),
  );
});

test('more workers than actors and more than cores', TIMEOUT, async () => {
  assert.deepEqual(
    await resultOf(chain, 'out', { params: { count: 1000, fuse: true }, workers: 4 }),
    chainByLoop(1000),
  );
});
