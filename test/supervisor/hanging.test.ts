// Goal: a worker that makes no progress on pending input is found, ended and replaced, wherever its code loops; who waits for input,
// for room or for the app is left alone; and a thread that cannot be ended fails the job, with nothing adopted.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Job, MillraceError } from '../../src/index.ts';
import { EventLog, judge, runCrashing } from '../kit/crash-oracle.ts';
import { endlessOutput } from '../kit/flows/control.ts';
import { type CrashingParams, crashing, type Place } from '../kit/flows/crashing.ts';
import { slow, stuck } from '../kit/flows/stuck.ts';
import { armed, type Misdeed } from '../kit/flows/traps.ts';
import { latestRates } from '../kit/readings.ts';
import { noThreadLeft, rejection, start, TIMEOUT, tuplesOf, until } from '../kit/run-flow.ts';
import { newPath } from '../kit/temporary-files.ts';

afterEach(noThreadLeft);

/** Long enough for a machine with other work not to look like a loop. */
const hangTimeoutMs = 400;
const AT = 1777;

const hanging: [string, Misdeed, Place, Partial<CrashingParams>][] = [
  ['in a closure', 'loop', 'count', { parallelism: 3 }],
  ["in a source's generator", 'loop', 'numbers', {}],
  ["in a source's read", 'wait', 'numbers', { source: 'iterable' }],
  ['in an end-of-stream closure', 'wait', 'end', {}],
  ['in a timer, outside of any tuple', 'loop-later', 'pass', { ratePerSecond: 10_000 }],
];

for (const [where, misdeed, place, params] of hanging) {
  test(`a worker that hangs ${where}, once, is replaced, and nothing is lost`, TIMEOUT, async () => {
    const traps = [{ place, at: place === 'end' ? 7 : AT, misdeed, times: 1 }];
    const run = await runCrashing({ traps, ...params }, { hangTimeoutMs });
    judge(run);
    const [{ report }] = run.events.of('crash');
    const reason = report.reason as MillraceError;
    assert.equal(reason.code, 'WORKER_HUNG');
    const operator = misdeed === 'loop-later' ? undefined : place === 'end' ? 'count' : place;
    assert.deepEqual(reason.details, { worker: report.offender.worker, operator, limitMs: hangTimeoutMs });
    if (operator !== undefined) assert.equal(report.offender.operator, operator);
    const [{ tookMs }] = run.events.of('adoption');
    assert.ok(tookMs >= 0);
  });
}

test('a tuple at which a worker hangs each time is found, and left out', TIMEOUT, async () => {
  const run = await runCrashing({ traps: [{ place: 'behind', at: AT, misdeed: 'wait' }] }, { hangTimeoutMs: 250 });
  judge(run, { behind: [AT] });
  const [{ letter }] = run.events.of('deadLetter');
  const error = letter.error as MillraceError;
  assert.equal(error.code, 'TUPLE_KILLED_WORKER');
  assert.equal((error.cause as MillraceError).code, 'WORKER_HUNG');
});

test('hangTimeoutMs: 0 lets a closure take as long as it likes; cancel() ends it', TIMEOUT, async () => {
  const params = armed({ count: 100, keys: 2, traps: [{ place: 'count' as const, at: 50, misdeed: 'loop' as const }] });
  const job = (await start(crashing, {
    params,
    workers: 2,
    hangTimeoutMs: 0,
    shutdownTimeoutMs: 50,
  })) as unknown as Job;
  const events = new EventLog(job);
  const reading = rejection(tuplesOf(job.output('out')), 'JOB_CANCELLED');
  await sleep(300);
  assert.equal(events.of('crash').length, 0);
  await job.cancel();
  await reading;
});

test(
  'whoever waits is not hanging: for input, for room, for a slow app, or in tuples that take their time',
  TIMEOUT,
  async () => {
    const options = { workers: 1, hangTimeoutMs: 200 };
    const job = await start(slow, { params: { tupleMs: 40 }, ...options });
    const blocked = await start(endlessOutput, { ...options, ringBytes: 4096 });
    const events = [new EventLog(job as unknown as Job), new EventLog(blocked as unknown as Job)];
    const rates = latestRates(blocked);
    await until(() => rates().operators[0].blocked > 0.5, 'the rings to be full');
    // Idle, and full, for longer than the limit.
    await sleep(500);
    const reading = tuplesOf(job.output('out'));
    await job.input('app').pushAll(Array.from({ length: 20 }, (_, n) => ({ n })));
    // The app's own thread is busy for longer than the limit, and looks at its workers late.
    for (const untilMs = performance.now() + 500; performance.now() < untilMs; );
    job.input('app').end();
    assert.equal((await reading).length, 20);
    await job.done;
    await blocked.cancel();
    for (const log of events) assert.deepEqual(log.of('crash'), []);
  },
);

test(
  'WORKER_STUCK: a thread that cannot be ended fails the job after fenceTimeoutMs, and nothing is adopted',
  TIMEOUT,
  async () => {
    const pipe = newPath('.pipe');
    execFileSync('mkfifo', [pipe]);
    const limits = { hangTimeoutMs: 200, fenceTimeoutMs: 300, shutdownTimeoutMs: 100 };
    const job = await start(stuck, { params: { pipe }, workers: 2, ...limits });
    const events = new EventLog(job as unknown as Job);
    const tuples: number[] = [];
    const reading = rejection(
      (async () => {
        for await (const { n } of job.output('out')) tuples.push(n);
      })(),
      'WORKER_STUCK',
    );
    const error = await rejection(job.done, 'WORKER_STUCK');
    // The thread is still there: whoever opens the pipe's other end lets it go on, and so to its end.
    closeSync(openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK));
    await reading;
    assert.deepEqual(error.details.actors, ['blocked']);
    assert.equal(error.details.limitMs, 300);
    assert.match(error.message, /raise 'fenceTimeoutMs'/);
    assert.deepEqual(events.of('adoption'), []);
    assert.deepEqual(events.of('restart'), []);
    assert.deepEqual(
      tuples,
      tuples.map((_, n) => n),
    );
    assert.ok(tuples.length <= 5);
  },
);
