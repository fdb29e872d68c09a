// Goal: counts are exact at the end, for replicas and fused operators too; shares stay within 0 and 1, and tell who is busy and
// who is held up.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JobMetrics, OperatorMetrics } from '../../src/index.ts';
import { Cell, counted, endless, waiting } from '../kit/flows/control.ts';
import { noThreadLeft, start, TIMEOUT, tuplesOf, until } from '../kit/run-flow.ts';

afterEach(noThreadLeft);

const byName = (metrics: JobMetrics): Map<string, OperatorMetrics> =>
  new Map(metrics.operators.map((each) => [each.name, each]));

function assertShares(metrics: JobMetrics): void {
  for (const operator of metrics.operators) {
    for (const { busy, blocked, idle, queueFill, queueBytes, rateIn, rateOut } of [operator, ...operator.replicas]) {
      for (const share of [busy, blocked, idle, queueFill])
        assert.ok(share >= 0 && share <= 1, `${operator.name}: ${share}`);
      for (const value of [queueBytes, rateIn, rateOut]) assert.ok(value >= 0 && Number.isFinite(value));
    }
    for (const { busy, blocked, idle } of operator.replicas) assert.ok(Math.abs(busy + blocked + idle - 1) < 1e-9);
  }
}

test('counts at the end are those of the flow: sources, fused operators, replicas and outputs', TIMEOUT, async () => {
  const count = 30_000;
  const job = await start(counted, { params: { count }, workers: 2 });
  const tuples = await tuplesOf(job.output('out'));
  await job.done;
  await sleep(60);
  const metrics = job.metrics();
  assertShares(metrics);
  const counts = metrics.operators.map(({ name, tuplesIn, tuplesOut }) => [name, tuplesIn, tuplesOut]);
  assert.deepEqual(counts, [
    ['numbers', 0, count],
    ['doubled', count, count],
    ['fourths', count, count / 2],
    ['count', count / 2, count],
    ['thirds', count, tuples.length],
    ['out', tuples.length, 0],
  ]);
  const operators = byName(metrics);
  assert.deepEqual(
    [...operators.values()].map(({ fusedInto }) => fusedInto),
    [undefined, 'numbers', 'numbers', undefined, 'count', undefined],
  );
  const replicas = operators.get('count')?.replicas ?? [];
  assert.equal(replicas.length, 3);
  assert.equal(
    replicas.reduce((sum, { tuplesIn }) => sum + tuplesIn, 0),
    count / 2,
  );
  for (const { tuplesIn, worker } of replicas) assert.ok(tuplesIn > count / 12 && worker >= 0 && worker < 2);
  assert.equal(operators.get('out')?.replicas[0].worker, -1);
});

test('a slow sink is busy, what is before it is blocked, and its mailbox is full', TIMEOUT, async () => {
  const seen = new SharedArrayBuffer(16);
  const cells = new Int32Array(seen);
  const job = await start(endless, { params: { seen, sinkMs: 1 }, workers: 4, ringBytes: 4096 });
  await until(() => Atomics.load(cells, Cell.processed) > 100, 'some tuples');
  job.metrics();
  await sleep(400);
  const metrics = job.metrics();
  const operators = byName(metrics);
  assertShares(metrics);
  const { busy = 0, queueFill = 0, rateIn = 0 } = operators.get('sink') ?? {};
  assert.ok(busy > 0.7, `sink busy ${busy}`);
  assert.ok(queueFill > 0.2, `sink queue ${queueFill}`);
  assert.ok(rateIn > 50 && rateIn < 1100, `sink rate ${rateIn}`);
  assert.ok((operators.get('numbers')?.blocked ?? 0) > 0.5, `source blocked ${operators.get('numbers')?.blocked}`);
  await job.cancel();
});

test('an idle job is idle, and uses under 2 % of a core', TIMEOUT, async () => {
  const job = await start(waiting, { params: { actors: 4 }, workers: 2 });
  const iterator = job.output('out')[Symbol.asyncIterator]();
  await job.input('app').push({ n: 1 });
  assert.deepEqual((await iterator.next()).value, { n: 1 });
  const next = iterator.next();
  await sleep(100);
  job.metrics();
  // The least of some windows: other work of this process, such as collecting garbage, does not come in all of them.
  let least = Number.POSITIVE_INFINITY;
  for (let window = 0; window < 3; window++) {
    const before = process.cpuUsage();
    await sleep(500);
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, user + system);
  }
  const metrics = job.metrics();
  assertShares(metrics);
  for (const { name, idle } of metrics.operators) assert.ok(idle > 0.98, `${name} idle ${idle}`);
  assert.ok(least < 10_000, `${least / 1000} ms of processor time in half a second`);
  await job.stop();
  assert.equal((await next).done, true);
});
