// Goal: a job ends in order, whatever is under way: stop() processes all that was accepted although workers die; cancel() and a
// failure close sinks and sources, right to left, once each, by a deadline; and the process lives as long as its job, not longer.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { afterEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Job, supervisionTree } from '../../src/index.ts';
import { countsOf, EventLog, judge, runCrashing } from '../kit/crash-oracle.ts';
import { Closed, type EndsParams, type EndsPlace, ends, endsParams } from '../kit/flows/ends.ts';
import { armed, type Trap } from '../kit/flows/traps.ts';
import { inOneOf, noThreadLeft, rejection, start, TIMEOUT, until } from '../kit/run-flow.ts';

const unhandled: unknown[] = [];
process.on('unhandledRejection', (reason) => unhandled.push(reason));

afterEach(async () => {
  await noThreadLeft();
  assert.deepEqual(unhandled, []);
  assert.deepEqual(supervisionTree().children, [], 'the root has forgotten the job');
});

const ENDLESS = 2 ** 31;

const killAll = (job: Job): Promise<unknown> =>
  Promise.all(job.workers().flatMap(({ worker, state }) => (state === 'active' ? [job.killWorker(worker)] : [])));

const timings: Record<string, (job: Job) => Promise<void>> = {
  'workers die, then stop()': async (job) => {
    await killAll(job);
    await job.stop();
  },
  'workers die and stop() at once': async (job) => {
    const killed = killAll(job);
    await job.stop();
    await killed;
  },
  'stop(), then workers die': async (job) => {
    const stopped = job.stop();
    await killAll(job);
    await stopped;
  },
};

for (const [what, stopAndKill] of Object.entries(timings)) {
  for (const source of ['generate', 'async-iterable'] as const) {
    test(`${what}: all that was made is processed, from ${source}`, TIMEOUT, async () => {
      let stopping: Promise<void> | undefined;
      const each = (read: number, job: Job): void => {
        if (read === 500) stopping = stopAndKill(job);
      };
      const run = await runCrashing({ count: ENDLESS, source }, { ringBytes: 1 << 14 }, undefined, each);
      await stopping;
      const [, count] = countsOf(run.job).numbers;
      assert.ok(count >= 500);
      judge({ ...run, params: { ...run.params, count } });
    });
  }
}

test('stop() of an app that pushes: what was pushed is processed, although workers die', TIMEOUT, async () => {
  const count = 3000;
  let stopping: Promise<void> | undefined;
  const during = (job: Job): Promise<void> =>
    job.input('numbers').pushAll(Array.from({ length: count }, (_, n) => ({ n })));
  const each = (read: number, job: Job): void => {
    // Nearly all is pushed, and much of it is still on its way.
    if (read === count - 300) stopping = timings['workers die and stop() at once'](job);
  };
  const run = await runCrashing({ count, source: 'push' }, { ringBytes: 1 << 15 }, during, each);
  await stopping;
  judge(run);
});

interface Started {
  readonly params: EndsParams;
  readonly job: Job;
  readonly events: EventLog;
  closed(): number[];
}

async function startEnds(traps: Trap<EndsPlace>[], options: object = {}, count = ENDLESS): Promise<Started> {
  const params = armed(endsParams({ count, traps, failure: 'stop' }));
  const job = (await start(ends, { params, workers: 2, spares: 0, ...options })) as unknown as Job;
  const log = new Int32Array(params.closed);
  return { params, job, events: new EventLog(job), closed: () => [...log.slice(1, 1 + log[0])] };
}

const untilRunning = ({ job }: Started): Promise<void> =>
  until(() => job.reading().operators[1].tuplesIn > 0, 'tuples in the sink');

for (const workers of [1, 2]) {
  test(`cancel() closes the sink, then the source, once each, with ${workers} workers`, TIMEOUT, async () => {
    const started = await startEnds([], { workers });
    await untilRunning(started);
    await started.job.cancel();
    assert.deepEqual(started.closed(), [Closed.sink, Closed.source]);
  });
}

test('so does a failure, and nobody works on afterwards', TIMEOUT, async () => {
  const started = await startEnds([{ place: 'write', at: 1000, misdeed: 'throw' }]);
  await rejection(started.job.done, 'OPERATOR_FAILED');
  // The sink was closed when its actor failed.
  assert.deepEqual(started.closed(), [Closed.sink, Closed.source]);
  assert.equal(started.job.tree().state, 'failed');
});

test(
  'a worker that does not answer in time is ended without, and the others are closed in order',
  TIMEOUT,
  async () => {
    const traps: Trap<EndsPlace>[] = [{ place: 'close-sink', at: 0, misdeed: 'loop' }];
    for (const workers of [1, 2]) {
      const started = await startEnds(traps, { workers, shutdownTimeoutMs: 300 });
      await untilRunning(started);
      const beganMs = performance.now();
      await started.job.cancel();
      const tookMs = performance.now() - beganMs;
      assert.ok(tookMs >= 290 && tookMs < 8000, `${tookMs} ms`);
      assert.ok(!started.closed().includes(Closed.sink));
      await noThreadLeft();
    }
  },
);

test('what close() throws does not keep a job from ending, nor others from being closed', TIMEOUT, async () => {
  const traps: Trap<EndsPlace>[] = [{ place: 'close-sink', at: 0, misdeed: 'throw' }];
  const started = await startEnds(traps);
  await untilRunning(started);
  await started.job.cancel();
  await rejection(started.job.done, 'JOB_CANCELLED');
  assert.deepEqual(started.closed(), [Closed.source]);
});

test('a sink that cannot be closed at the end fails its job: what it kept may be lost', TIMEOUT, async () => {
  const started = await startEnds([{ place: 'close-sink', at: 0, misdeed: 'throw' }], {}, 100);
  await assert.rejects(started.job.done, /trapped at 0/);
});

test('events end with the job', TIMEOUT, async () => {
  const { job, events } = await startEnds([]);
  const killed = killAll(job);
  await job.cancel();
  await killed;
  const count = events.all.length;
  const { atMs, ...last } = events.all[count - 1];
  assert.ok(atMs > 0);
  assert.deepEqual(last, { type: 'ended', outcome: 'cancelled' });
  await noThreadLeft();
  assert.equal(events.all.length, count);
});

const LONE_APP = fileURLToPath(new URL('../kit/apps/lone-app.js', import.meta.url));

const FAILED_UNHEARD = /^millrace: job 'ends' has failed, and nobody awaits job\.done: SINK_FAILED: /;

for (const [scenario, line, notice = /^$/] of [
  ['waits-for-a-spare', 'done with 200'],
  ['backs-off', 'done after crashes'],
  ['cancels-while-it-backs-off', 'cancelled'],
  ['fails-unheard', 'failed', FAILED_UNHEARD],
] as const) {
  const endsWithItsJob = async (): Promise<void> => {
    const child = spawn(process.execPath, [LONE_APP, scenario], { stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    let saidAtMs = 0;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      saidAtMs = performance.now();
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const code = await new Promise((resolve) => child.on('close', resolve));
    assert.deepEqual({ code, stdout }, { code: 0, stdout: `${line}\n` });
    assert.match(stderr, notice);
    const tookMs = performance.now() - saidAtMs;
    assert.ok(tookMs < 900, `it ended ${tookMs} ms after its job`);
  };
  test(`a process with nothing but a job that ${scenario.replaceAll('-', ' ')} ends with it`, TIMEOUT, () =>
    inOneOf(3, endsWithItsJob),
  );
}
