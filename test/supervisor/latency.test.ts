// Goal: how long tuples are under way is measured from their source to each end, as long as it is and not longer, also where they wait,
// where a worker dies and where nobody takes them; a span has the percentiles of its own samples.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { LATENCY_BYTES, LatencyCounts } from '../../src/actors/vitals/latency-counts.ts';
import { between, type Latency } from '../../src/index.ts';
import { Ring } from '../../src/mailbox/ring.ts';
import { StampReader, StampWriter, TICKS_PER_MS, ticksOf } from '../../src/mailbox/stamps.ts';
import { OutputLatency } from '../../src/supervisor/job/output-latency.ts';
import { addedUp, latencyBetween } from '../../src/supervisor/readings/latency.ts';
import { endless, endlessOutput, waiting } from '../kit/flows/control.ts';
import { noThreadLeft, start, TIMEOUT, until } from '../kit/run-flow.ts';

afterEach(noThreadLeft);

const counts = (): LatencyCounts => new LatencyCounts(new SharedArrayBuffer(LATENCY_BYTES), 0);

test('percentiles are right to a fifth, for all lengths of time above the least', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 2, max: 2 ** 31 - 1 }), { minLength: 1, maxLength: 300 }), (ticks) => {
      const counted = counts();
      for (const each of ticks) counted.add(each);
      const { samples, p50Ms, p95Ms, p99Ms } = latencyBetween(undefined, counted.read()) as Latency;
      assert.equal(samples, ticks.length);
      const sorted = ticks.toSorted((one, other) => one - other);
      for (const [share, found] of [
        [0.5, p50Ms],
        [0.95, p95Ms],
        [0.99, p99Ms],
      ]) {
        const exact = sorted[Math.ceil(share * ticks.length) - 1] / TICKS_PER_MS;
        assert.ok(found >= exact / 1.2 && found <= exact * 1.2, `${share}: ${found}, and not ${exact}`);
      }
    }),
  );
});

test('a span has its own samples; replicas are added up; none is none', () => {
  const one = counts();
  const other = counts();
  for (let i = 0; i < 100; i++) one.add(TICKS_PER_MS);
  const before = addedUp([one.read(), other.read()]);
  assert.equal(before.sumMs, 100);
  assert.equal(latencyBetween(before, before), undefined);
  for (let i = 0; i < 10; i++) other.add(1000 * TICKS_PER_MS);
  const { samples, p50Ms } = latencyBetween(before, addedUp([one.read(), other.read()])) as Latency;
  assert.equal(samples, 10);
  assert.ok(p50Ms > 800 && p50Ms < 1200, `${p50Ms}`);
  other.add(0);
  other.add(-3);
  assert.equal(other.read().counts[0], 2, 'clocks may differ by some microseconds');
});

test('an output that the app takes late was under way for so long, a sink on a worker was not', TIMEOUT, async () => {
  const job = await start(waiting, { params: { actors: 2 }, workers: 1 });
  const input = job.input('app');
  const output = job.output('out')[Symbol.asyncIterator]();
  const taken = async (n: number, waitMs: number): Promise<Latency> => {
    const before = job.reading();
    await input.push({ n });
    await sleep(waitMs);
    await output.next();
    const { operators } = between(before, job.reading());
    const inFlow = operators.find(({ name }) => name === 'm1')?.latency as Latency;
    assert.ok(inFlow.p99Ms < waitMs, `m1 after ${inFlow.p99Ms} ms`);
    return operators.find(({ name }) => name === 'out')?.latency as Latency;
  };
  const late = await taken(1, 500);
  assert.equal(late.samples, 1);
  assert.ok(late.p50Ms > 400 && late.p50Ms < 5000, `${late.p50Ms} ms`);
  input.end();
  await output.next();
  await job.done;
});

test('tuples that wait in full rings are under way for as long as they wait', TIMEOUT, async () => {
  const seen = new SharedArrayBuffer(16);
  const job = await start(endless, { params: { seen, sinkMs: 1 }, workers: 4, ringBytes: 4096 });
  const sink = (): Latency | undefined => {
    const { operators } = between('start', job.reading());
    return operators.find(({ name }) => name === 'sink')?.latency;
  };
  // A ring of 4 KiB holds some hundred tuples, and each takes 1 ms; the first ones have waited for none.
  await until(() => (sink()?.p99Ms ?? 0) > 100, 'samples of tuples that have waited');
  await job.cancel();
});

test(
  'while nobody takes anything from an output its samples do not come; those that come then are as late',
  TIMEOUT,
  async () => {
    const job = await start(endlessOutput, { params: {}, workers: 1 });
    const end = (): Latency | undefined =>
      between('start', job.reading()).operators.find(({ name }) => name === 'out')?.latency;
    await sleep(300);
    assert.equal(end(), undefined);
    for await (const _ of job.output('out').batches()) if ((end()?.samples ?? 0) > 0) break;
    assert.ok((end()?.p50Ms ?? 0) > 100, `${end()?.p50Ms} ms`);
    await job.cancel();
  },
);

test('measuring goes on behind a crash, and no sample is of the time before', TIMEOUT, async () => {
  const seen = new SharedArrayBuffer(16);
  const job = await start(endless, { params: { seen, ratePerSecond: 1000 }, workers: 2, spares: 1, notices: false });
  const samples = (): number =>
    between('start', job.reading()).operators.find(({ name }) => name === 'sink')?.latency?.samples ?? 0;
  await until(() => samples() > 10, 'samples');
  await job.killWorker(0);
  await job.killWorker(1).catch(() => {});
  const before = samples();
  await until(() => samples() > before + 10, 'samples behind the crash');
  const { counts } = job.reading().operators.find(({ name }) => name === 'sink')?.latency ?? { counts: [] };
  const longest = counts.findLastIndex((count) => count > 0);
  assert.ok(2 ** (longest / 4) / TICKS_PER_MS < 60_000, 'no age is out of all bounds');
  await job.cancel();
});

test('an output that reads what holds no tuple, as after a hand-over, measures the tuples that come then by their own times', () => {
  const ring = new Ring(Ring.allocate(4096));
  const writer = new StampWriter(ring);
  const counted = counts();
  let nowMs = 0;
  const latency = new OutputLatency([{ stamps: () => new StampReader(ring) } as never], counted, () => nowMs);
  // A fence, which is read and is no tuple: nothing is taken.
  writer.tell(3, ticksOf(nowMs), false);
  latency.look(0, 0);
  let position = 3;
  for (let i = 0; i < 10; i++) {
    nowMs += 1000;
    writer.tell(position + 8, ticksOf(nowMs), false);
    latency.look(0, position);
    position += 8;
    latency.taken(0, position);
    // Nothing is there for whoever looks again.
    latency.look(0, position);
  }
  assert.equal(latencyBetween(undefined, counted.read())?.samples, 10);
  assert.equal(counted.read().sumMs, 0);
});

test('an output that finds a tuple which was not there a moment ago measures it, and not the next one in its place', () => {
  const ring = new Ring(Ring.allocate(4096));
  const writer = new StampWriter(ring);
  const counted = counts();
  let nowMs = 0;
  const latency = new OutputLatency([{ stamps: () => new StampReader(ring) } as never], counted, () => nowMs);
  for (let position = 0; position < 80; position += 8) {
    nowMs += 1000;
    latency.look(0, position);
    writer.tell(position + 8, ticksOf(nowMs), false);
    latency.taken(0, position + 8);
    latency.look(0, position + 8);
  }
  assert.equal(latencyBetween(undefined, counted.read())?.samples, 10);
  assert.equal(counted.read().sumMs, 0);
});
