// Goal: a job on workers that stands still says so, whatever part of the app holds it up, and goes on as if nothing had been when the
// app does; one that is quiet, or slow, or done, does not.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Job, Notice } from '../../src/index.ts';
import { simulate } from '../../src/testing.ts';
import { EventLog } from '../kit/crash-oracle.ts';
import { counted } from '../kit/flows/control.ts';
import { echo, failures, oddsAndEvens, ticks } from '../kit/flows/silence.ts';
import { noThreadLeft, start, TIMEOUT, tuplesOf, until } from '../kit/run-flow.ts';

afterEach(noThreadLeft);

const ringBytes = 1 << 13;

/** Options of a job whose notices are kept. */
function kept(): { notices: (notice: Notice) => void; told: Notice[]; of: (kind: string) => string[] } {
  const told: Notice[] = [];
  return {
    told,
    notices: (notice) => void told.push(notice),
    of: (kind) => told.filter((notice) => notice.kind === kind).map(({ text }) => text),
  };
}

test('outputs that are read one after the other; then the second one is read as well', TIMEOUT, async () => {
  const { notices, of } = kept();
  const count = 20_000;
  const options = { params: { count }, workers: 2, ringBytes, stallTimeoutMs: 150, notices };
  const job = (await start(oddsAndEvens, options)) as unknown as Job;
  const events = new EventLog(job);
  const odds = tuplesOf(job.output('odds'));
  await until(() => job.reading().stalled !== undefined, 'the stall');
  const stall = job.reading().stalled;
  assert.match(
    stall?.reason ?? '',
    /^output 'evens' is not read: .* and operator 'even' waits for it, source 'numbers' for operator 'even'\. Output 'odds', which is read/,
  );
  assert.deepEqual(stall?.waits[0], { waiter: "operator 'even'", waitsFor: "output 'evens'" });
  assert.match(of('stalled')[0], /^job 'odds-and-evens' has stood still for [\d.]+ s: output 'evens' is not read/);
  const evens = await tuplesOf(job.output('evens'));
  assert.equal(evens.length + (await odds).length, count);
  await job.done;
  assert.equal(job.reading().stalled, undefined);
  assert.equal(events.of('stalled').length, events.of('stallEnded').length);
  assert.equal(of('stalled').length, 1);
});

test('a done that is awaited before the output is read', TIMEOUT, async () => {
  const { notices, of } = kept();
  const options = { params: { ratePerSecond: 1e6 }, workers: 1, ringBytes, stallTimeoutMs: 150, notices };
  const job = await start(ticks, options);
  const done = job.done.then(() => {});
  await until(() => of('stalled').length > 0, 'the stall');
  assert.match(of('stalled')[0], /Iterate over 'out', .*\. job\.done, which is awaited, settles only after that$/);
  await Promise.all([tuplesOf(job.output('out')), job.stop(), done]);
});

test('a loop that awaits push() for each tuple that it reads: the cycle through the app is told', TIMEOUT, async () => {
  const { notices, of } = kept();
  const job = await start(echo, { workers: 1, ringBytes: 4096, stallTimeoutMs: 60, notices });
  const input = job.input('app');
  let read = 0;
  const loop = (async () => {
    for await (const { n } of job.output('out')) {
      read++;
      for (let i = 0; i < 100; i++) await input.push({ n });
    }
  })();
  await input.push({ n: 1 });
  await until(() => of('stalled').length > 0, 'the stall');
  assert.match(
    of('stalled')[0],
    /output 'out' has an iterator, .* input 'app' for operator 'echo'\. job\.input\('app'\)\.push\(\) waits/,
  );
  assert.ok(read > 0);
  const rejected = assert.rejects(loop, { code: 'JOB_CANCELLED' }).catch(() => {});
  await job.cancel();
  await loop.catch(() => {});
  await rejected;
});

test(
  'no stall: a source that gives nothing, an output that nobody reads yet, a reader that moves, a job that is done',
  TIMEOUT,
  async () => {
    const options = { workers: 1, stallTimeoutMs: 500, notices: () => {} };
    const quiet = await start(echo, options);
    const rare = await start(ticks, { ...options, params: { ratePerSecond: 0.1 } });
    const done = await start(oddsAndEvens, { ...options, params: { count: 10 } });
    await done.done;
    const slow = await start(ticks, { ...options, params: { ratePerSecond: 1e6 }, ringBytes: 4096 });
    const logs = [quiet, rare, slow, done].map((job) => new EventLog(job as unknown as Job));
    let read = 0;
    for await (const _ of slow.output('out')) {
      if (++read === 80) break;
      await sleep(25);
    }
    await Promise.all([quiet.cancel(), rare.cancel()]);
    await slow.done;
    for (const log of logs) assert.deepEqual(log.of('stalled'), []);
  },
);

test('dead letters whose loop stands hold the job up, and that is told', TIMEOUT, async () => {
  const { notices } = kept();
  const params = { count: 200_000 };
  const job = await start(failures, { params, workers: 1, stallTimeoutMs: 60, notices });
  const letters = job.deadLetters[Symbol.asyncIterator]();
  await letters.next();
  await until(() => job.reading().stalled !== undefined, 'the stall', 50_000);
  assert.match(
    job.reading().stalled?.reason ?? '',
    /^job\.deadLetters has an iterator, which nobody asks for the next letter/,
  );
  await job.cancel();
});

test(
  'no stall in simulated runs: crashes, takeovers, changes of replicas and a lazy app are none',
  TIMEOUT,
  async () => {
    for (let seed = 0; seed < 12; seed++) {
      const { events } = await simulate(counted, {
        seed,
        params: { count: 300 },
        stallTimeoutMs: 120,
        anywhere: false,
      });
      const stalls = events.filter(({ type }) => type === 'stalled');
      assert.deepEqual(stalls, [], `seed ${seed}`);
    }
  },
);
