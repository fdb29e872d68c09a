// Goal: readings only grow, and counts are exact at the end, for replicas and fused operators too; what happened between two readings
// depends on these two alone, whoever else reads; shares stay within 0 and 1, and tell who is busy and who is held up.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { between, type JobRates, type JobReading, type OperatorRates, type OperatorReading } from '../../src/index.ts';
import { runs } from '../kit/arbitraries.ts';
import { Cell, counted, endless, waiting } from '../kit/flows/control.ts';
import { noThreadLeft, start, TIMEOUT, tuplesOf, until } from '../kit/run-flow.ts';

afterEach(noThreadLeft);

const byName = <Each extends { readonly name: string }>({ operators }: { operators: readonly Each[] }) =>
  new Map(operators.map((each) => [each.name, each]));

function assertShares({ operators }: JobRates): void {
  for (const operator of operators) {
    for (const { busy, blocked, idle, rateIn, rateOut, processingRate } of [operator, ...operator.replicas]) {
      for (const share of [busy, blocked, idle]) assert.ok(share >= 0 && share <= 1, `${operator.name}: ${share}`);
      for (const value of [rateIn, rateOut, processingRate]) assert.ok(value >= 0 && Number.isFinite(value));
    }
    for (const { busy, blocked, idle } of operator.replicas) assert.ok(Math.abs(busy + blocked + idle - 1) < 1e-9);
  }
}

test('counts at the end are those of the flow: sources, fused operators, replicas and outputs', TIMEOUT, async () => {
  const count = 30_000;
  const job = await start(counted, { params: { count }, workers: 2 });
  const tuples = await tuplesOf(job.output('out'));
  await job.done;
  const reading = job.reading();
  assertShares(between('start', reading));
  const counts = reading.operators.map(({ name, tuplesIn, tuplesOut }) => [name, tuplesIn, tuplesOut]);
  assert.deepEqual(counts, [
    ['numbers', 0, count],
    ['doubled', count, count],
    ['fourths', count, count / 2],
    ['count', count / 2, count],
    ['thirds', count, tuples.length],
    ['out', tuples.length, 0],
  ]);
  const operators = byName(reading);
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
  const before = job.reading();
  await sleep(400);
  const reading = job.reading();
  const rates = between(before, reading);
  assertShares(rates);
  const operators = byName(rates);
  const { busy = 0, rateIn = 0 } = operators.get('sink') ?? {};
  assert.ok(busy > 0.7, `sink busy ${busy}`);
  assert.ok(rateIn > 50 && rateIn < 1100, `sink rate ${rateIn}`);
  assert.ok((operators.get('numbers')?.blocked ?? 0) > 0.5, `source blocked ${operators.get('numbers')?.blocked}`);
  const [{ queueFill, queueBytes }] = byName(reading).get('sink')?.replicas ?? [];
  assert.ok(queueFill > 0.2 && queueFill <= 1, `sink queue ${queueFill}`);
  assert.equal(queueBytes, queueFill * 4096);
  const edge = job.topology().edges.find(({ to }) => to === 'sink');
  assert.ok((edge?.fill ?? 0) > 0.2, `the edge into the sink is ${edge?.fill} full`);
  await job.cancel();
  const atEnd = job.reading();
  await sleep(20);
  assert.equal(job.reading().elapsedMs, atEnd.elapsedMs, 'the time of a job that has ended stands still');
  assert.deepEqual(timesOf(job.reading()), timesOf(atEnd), 'and so does the time of what it was at');
});

const timesOf = ({ operators }: JobReading): number[][] =>
  operators.flatMap(({ replicas }) => replicas.map(({ busyMs, blockedMs }) => [busyMs, blockedMs]));

test('an idle job is idle, and uses under 2 % of a core', TIMEOUT, async () => {
  const job = await start(waiting, { params: { actors: 4 }, workers: 2 });
  const iterator = job.output('out')[Symbol.asyncIterator]();
  await job.input('app').push({ n: 1 });
  assert.deepEqual((await iterator.next()).value, { n: 1 });
  const next = iterator.next();
  await sleep(100);
  const before = job.reading();
  // The least of some windows: other work of this process, such as collecting garbage, does not come in all of them.
  let least = Number.POSITIVE_INFINITY;
  for (let window = 0; window < 3; window++) {
    const usage = process.cpuUsage();
    await sleep(500);
    const { user, system } = process.cpuUsage(usage);
    least = Math.min(least, user + system);
  }
  const rates = between(before, job.reading());
  assertShares(rates);
  for (const { name, idle } of rates.operators) assert.ok(idle > 0.98, `${name} idle ${idle}`);
  assert.ok(least < 10_000, `${least / 1000} ms of processor time in half a second`);
  await job.stop();
  assert.equal((await next).done, true);
});

test('three readers do not disturb each other: each gets the difference of its own readings', TIMEOUT, async () => {
  const seen = new SharedArrayBuffer(16);
  const job = await start(endless, { params: { seen, sinkMs: 1 }, workers: 2, ringBytes: 4096 });
  // The first reads once, the second often, the third all the time.
  const first = [job.reading()];
  const second: JobReading[] = [first[0]];
  for (let round = 0; round < 5; round++) {
    for (let i = 0; i < 10; i++) {
      await sleep(5);
      job.reading();
    }
    second.push(job.reading());
  }
  first.push(second[5]);
  const whole = between(first[0], first[1]);
  const parts = second.slice(1).map((reading, i) => between(second[i], reading));
  assert.ok(whole.operators[0].tuplesOut > 0);
  for (const [i, operator] of whole.operators.entries()) {
    for (const name of ['tuplesIn', 'tuplesOut'] as const)
      assert.equal(
        parts.reduce((sum, { operators }) => sum + operators[i][name], 0),
        operator[name],
      );
    const busyMs = parts.reduce((sum, { operators, spanMs }) => sum + operators[i].replicas[0].busy * spanMs, 0);
    assert.ok(Math.abs(busyMs - operator.replicas[0].busy * whole.spanMs) < 1e-6 * whole.spanMs);
  }
  await job.cancel();
});

test('topology: who reads from whom, what is fused, where it runs', TIMEOUT, async () => {
  const job = await start(counted, { params: { count: 100 }, workers: 2 });
  const { operators, edges } = job.topology();
  assert.deepEqual(
    operators.map(({ name, fusedInto, place, replicas }) => [name, fusedInto, place, replicas]),
    [
      ['numbers', undefined, 'worker', 1],
      ['doubled', 'numbers', 'worker', 1],
      ['fourths', 'numbers', 'worker', 1],
      ['count', undefined, 'worker', 3],
      ['thirds', 'count', 'worker', 3],
      ['out', undefined, 'app', 1],
    ],
  );
  assert.deepEqual(
    edges.map(({ from, to, isFused }) => `${from} → ${to}${isFused ? ', fused' : ''}`),
    [
      'numbers → doubled, fused',
      'doubled → fourths, fused',
      'fourths → count',
      'count → thirds, fused',
      'thirds → out',
    ],
  );
  for (const { fill, bytes } of edges) assert.ok(fill >= 0 && fill <= 1 && bytes >= 0);
  assert.deepEqual(operators[3].workers, [0, 1]);
  assert.deepEqual(operators[5].workers, []);
  await tuplesOf(job.output('out'));
  await job.done;
});

const replicaReading = (
  replica: number,
  tuplesIn: number,
  busyMs: number,
  state: 'running' | 'dormant' = 'running',
) => ({
  ...{ replica, state, worker: state === 'dormant' ? -1 : replica, tuplesIn, tuplesOut: 2 * tuplesIn },
  ...{ busyMs, blockedMs: 0, queueBytes: 0, queueFill: 0 },
});

function readingOf(
  elapsedMs: number,
  replicas: OperatorReading['replicas'],
  groups?: OperatorReading['groups'],
): JobReading {
  const sum = (name: 'tuplesIn' | 'tuplesOut'): number => replicas.reduce((all, each) => all + each[name], 0);
  const counts = { tuplesIn: sum('tuplesIn'), tuplesOut: sum('tuplesOut'), deadLetters: 0, expired: 0 };
  const operator = {
    name: 'count',
    kind: 'process',
    role: 'operator' as const,
    fusedInto: undefined,
    ...counts,
    latency: { counts: [], sumMs: 0 },
    groups,
    replicas,
  };
  return { atMs: 1e12 + elapsedMs, elapsedMs, stalled: undefined, hints: [], operators: [operator] };
}

const countOf = ({ operators }: JobRates): OperatorRates => operators[0];

test('between: rates over the span, shares of the busiest replica, and dormant replicas count but do not show', () => {
  const before = readingOf(1000, [replicaReading(0, 100, 500), replicaReading(1, 50, 20, 'dormant')]);
  const after = readingOf(3000, [replicaReading(0, 300, 1500), replicaReading(1, 60, 30, 'dormant')]);
  const rates = between(before, after);
  assert.equal(rates.spanMs, 2000);
  const { replicas, ...count } = countOf(rates);
  assert.deepEqual(
    replicas.map(({ replica, busy, rateIn, processingRate }) => [replica, busy, rateIn, processingRate]),
    [[0, 0.5, 100, 200]],
  );
  assert.deepEqual([count.tuplesIn, count.rateIn, count.rateOut, count.busy, count.idle], [210, 105, 210, 0.5, 0.5]);
  const all = countOf(between('start', after));
  assert.deepEqual([all.tuplesIn, all.rateIn, all.busy], [360, 120, 0.5]);
});

test('between: the hottest key groups of the span, and not of the time before', () => {
  const groups = (hot: number, count: number) => ({
    tuples: Array.from({ length: 256 }, (_, group) => (group === hot ? count : 1)),
    samples: count + 255,
  });
  const before = readingOf(0, [], groups(3, 1e6));
  const after = readingOf(100, [], { ...groups(9, 5000), tuples: groups(9, 5000).tuples.with(3, 1e6), samples: 2e6 });
  const [hottest] = countOf(between(before, after)).hotGroups;
  assert.equal(hottest.group, 9);
  assert.ok(hottest.share > 0.9, `${hottest.share}`);
  assert.equal(countOf(between('start', before)).hotGroups[0].group, 3);
});

test('between: a span without time has no rates; readings in the wrong order, or of two jobs, are refused', () => {
  const reading = readingOf(100, [replicaReading(0, 100, 50)]);
  const { rateIn, busy, idle, processingRate } = countOf(between(reading, reading));
  assert.deepEqual([rateIn, busy, idle, processingRate], [0, 0, 1, 0]);
  const later = readingOf(200, [replicaReading(0, 100, 50)]);
  const other = { ...later, operators: [{ ...later.operators[0], name: 'other' }] };
  for (const bad of [() => between(later, reading), () => between(reading, other)])
    assert.throws(bad, { code: 'BAD_OPTION', message: /'start'/ });
  for (const bad of [undefined, 'begin', {}, 7])
    assert.throws(() => between(bad as 'start', later), { code: 'BAD_OPTION', message: /'earlier'/ });
  assert.throws(() => between('start', undefined as never), { code: 'BAD_OPTION', message: /'later'/ });
});

test('between is pure, and adds up: the rates of two spans are those of the whole, weighted by time', () => {
  const step = fc.record({
    ms: fc.integer({ min: 1, max: 5000 }),
    tuples: fc.nat(1e6),
    busy: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  const property = fc.property(step, step, (one, other) => {
    const start = readingOf(10, [replicaReading(0, 5, 1)]);
    const middle = readingOf(10 + one.ms, [replicaReading(0, 5 + one.tuples, 1 + one.busy * one.ms)]);
    const end = readingOf(10 + one.ms + other.ms, [
      replicaReading(0, 5 + one.tuples + other.tuples, 1 + one.busy * one.ms + other.busy * other.ms),
    ]);
    const copy = structuredClone({ start, middle, end });
    const [first, second, whole] = [between(start, middle), between(middle, end), between(start, end)];
    assert.deepEqual({ start, middle, end }, copy, 'readings are left as they are');
    assert.deepEqual(between(start, end), whole);
    for (const name of ['rateIn', 'rateOut', 'busy', 'idle'] as const) {
      const mean = (countOf(first)[name] * one.ms + countOf(second)[name] * other.ms) / (one.ms + other.ms);
      const tolerance = 1e-9 * Math.max(1, Math.abs(mean));
      assert.ok(Math.abs(countOf(whole)[name] - mean) <= tolerance, `${name}: ${countOf(whole)[name]}, not ${mean}`);
    }
  });
  fc.assert(property, runs(200));
});
