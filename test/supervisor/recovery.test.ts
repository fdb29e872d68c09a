// Goal: workers that are ended from outside, at any time and in any number, cost nothing but time: each tuple takes effect exactly
// once, in order, whatever the source, the keys, the rings, the state and the sink are.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import type { Job } from '../../src/index.ts';
import { type CrashOptions, EventLog, judge, runCrashing } from '../kit/crash-oracle.ts';
import { waiting } from '../kit/flows/control.ts';
import { type CrashingParams, crashing } from '../kit/flows/crashing.ts';
import { armed } from '../kit/flows/traps.ts';
import { noThreadLeft, rejection, start, TIMEOUT, until } from '../kit/run-flow.ts';
import { fileOf, newPath } from '../kit/temporary-files.ts';

afterEach(noThreadLeft);

const active = (job: Job): number[] =>
  job.workers().flatMap(({ worker, state, actors }) => (state === 'active' && actors.length > 0 ? [worker] : []));

/** Kills a worker each time that so many tuples have been read, one after the other. */
function killEvery(tuples: number, kills: number): (read: number, job: Job) => Promise<void> | undefined {
  let killed = 0;
  return (read, job) => {
    const workers = active(job);
    if (read % tuples !== 0 || killed >= kills || workers.length === 0) return undefined;
    return job.killWorker(workers[killed++ % workers.length]);
  };
}

/** Pushes all tuples of a run whose source is the app. */
async function pushAll(job: Job, count: number): Promise<void> {
  await job.input('numbers').pushAll(Array.from({ length: count }, (_, n) => ({ n })));
  job.input('numbers').end();
}

const numbersFile = (count: number): string => fileOf(Array.from({ length: count }, (_, n) => `${n}\n`).join(''));

const settings: [string, () => Partial<CrashingParams>, CrashOptions][] = [
  ['a generator, all in one worker', () => ({}), { workers: 1 }],
  [
    'a generator with a rate, three replicas, string keys',
    () => ({ ratePerSecond: 10_000, parallelism: 3, keyType: 'string' }),
    { workers: 4 },
  ],
  [
    'an iterable, dictionary keys, a linger time',
    () => ({ source: 'iterable', keyType: 'dictionary' }),
    { lingerMs: 10 },
  ],
  [
    'an async iterable, keys that are not a number, outboxes that spill',
    () => ({ source: 'async-iterable', keyType: 'f64', padding: 700 }),
    { ringBytes: 4096 },
  ],
  [
    'lines of a file, state in four arenas',
    () => ({ source: 'lines', path: numbersFile(3000), parallelism: 3 }),
    { stateBytes: 5 * 2 ** 30 },
  ],
  [
    'records of a file, rows that are removed',
    () => ({ source: 'csv', path: numbersFile(3000), removeEvery: 7 }),
    { ringBytes: 1 << 14 },
  ],
];

for (const [what, params, options] of settings) {
  test(`workers die, one after the other: ${what}`, TIMEOUT, async () => {
    const run = await runCrashing(params(), { ringBytes: 8192, ...options }, undefined, killEvery(500, 4));
    judge(run);
    assert.ok(run.events.of('crash').length >= 2, `${run.events.of('crash').length} crashes`);
    for (const { report } of run.events.of('crash'))
      assert.equal((report.reason as Error & { code: string }).code, 'WORKER_KILLED');
  });
}

test('workers die while the app pushes: what was pushed is processed', TIMEOUT, async () => {
  const during = (job: Job): Promise<void> => pushAll(job, 3000);
  const run = await runCrashing({ source: 'push' }, { ringBytes: 8192 }, during, killEvery(500, 4));
  judge(run);
  assert.ok(run.events.of('crash').length >= 2);
});

test('workers die while a sink writes lines: the file has each line once', TIMEOUT, async () => {
  const during = async (job: Job): Promise<void> => {
    for (let kill = 0; kill < 4; kill++) {
      const { tuplesOut } = job.reading().operators[0];
      const isOver = (): boolean => job.tree().children[0].state === 'ended';
      await until(() => isOver() || job.reading().operators[0].tuplesOut > tuplesOut, 'tuples since the last kill');
      if (isOver()) return;
      const [worker] = job
        .workers()
        .filter(({ actors }) => actors.some(({ operator }) => operator === (kill % 2 === 0 ? 'sink' : 'count')));
      if (worker !== undefined) await job.killWorker(worker.worker);
    }
  };
  const run = await runCrashing({ sinkPath: newPath(), count: 10_000, ratePerSecond: 4000 }, { workers: 3 }, during);
  judge(run);
  assert.ok(run.events.of('crash').length >= 2);
});

test('all workers and the spare die at once, again and again', TIMEOUT, async () => {
  const each = async (read: number, job: Job): Promise<void> => {
    if (read % 1000 !== 0 || read > 2000) return;
    await Promise.all(
      job
        .workers()
        .filter(({ state }) => state !== 'starting')
        .map(({ worker }) => job.killWorker(worker)),
    );
  };
  const run = await runCrashing({ parallelism: 3 }, { workers: 3, ringBytes: 8192 }, undefined, each);
  judge(run);
  assert.ok(run.events.of('crash').length >= 4);
});

test('who takes over dies at once, several times in a row', TIMEOUT, async () => {
  let kills = 0;
  const during = async (job: Job): Promise<void> => {
    job.on('adoption', (event) => {
      if (kills++ < 5) void job.killWorker(event.worker);
    });
  };
  const each = (read: number, job: Job): Promise<void> | undefined =>
    read === 100 ? job.killWorker(active(job)[0]) : undefined;
  const run = await runCrashing({}, { ringBytes: 4096, spares: 2 }, during, each);
  judge(run);
  assert.ok(kills >= 5);
  assert.ok(run.events.of('crash').length >= 5);
  assert.deepEqual(run.events.of('escalation'), [], 'drills do not count');
});

test('a crash before the first commit', TIMEOUT, async () => {
  const during = async (job: Job): Promise<void> => {
    await Promise.all(active(job).map((worker) => job.killWorker(worker)));
  };
  const run = await runCrashing({ source: 'lines', path: numbersFile(3000) }, {}, during);
  judge(run);
  assert.equal(run.events.of('crash').length, 2);
});

test('a crash between the end of the source and the end of the job', TIMEOUT, async () => {
  let crashed: string[] = [];
  const each = async (read: number, job: Job): Promise<void> => {
    if (read !== 1) return;
    // The output is too large for its ring, and nobody reads it before this is over.
    // They are on two workers, whose reports come in any order.
    const haveEnded = (): boolean => [0, 1].every((stage) => job.tree().children[stage].state === 'ended');
    await until(haveEnded, 'the source and the operator behind it to end');
    const workers = job.workers();
    const idle = workers.find(({ state, actors }) => state === 'active' && actors.length === 0);
    const busy = workers.find(({ actors }) => actors.some(({ operator }) => operator === 'count'));
    assert.ok(busy !== undefined && idle !== undefined);
    await job.killWorker(idle.worker);
    await job.killWorker(busy.worker);
    crashed = busy.actors.map(({ operator }) => operator);
  };
  const run = await runCrashing({ count: 1500, padding: 500 }, { ringBytes: 1 << 17 }, undefined, each);
  judge(run);
  assert.deepEqual(crashed, ['count']);
  // The worker whose actors had all ended is not missed.
  assert.equal(run.events.of('crash').length, 1);
});

test('an idle job: its workers die, and it goes on when there is something to do', TIMEOUT, async () => {
  const job = await start(waiting, { params: { actors: 3 }, workers: 3 });
  const events = new EventLog(job as unknown as Job);
  const output = job.output('out')[Symbol.asyncIterator]();
  for (let n = 0; n < 3; n++) {
    await job.input('app').push({ n });
    assert.deepEqual((await output.next()).value, { n });
    const before = events.of('restart').length;
    await Promise.all(active(job as unknown as Job).map((worker) => job.killWorker(worker)));
    await until(() => events.of('restart').length === before + 3, 'three restarts');
  }
  await job.stop();
  assert.equal((await output.next()).done, true);
  assert.equal(events.of('escalation').length, 0);
  assert.equal(job.tree().restarts, 9);
});

test('a killed worker is gone when killWorker() resolves; one that there is not: UNKNOWN_NAME', TIMEOUT, async () => {
  const job = await start(waiting, { params: { actors: 1 }, workers: 2 });
  await rejection(job.killWorker(99), 'UNKNOWN_NAME');
  const [{ worker, threadId }] = job.workers();
  const first = job.killWorker(worker);
  // Asked for twice, it is gone when the second call resolves as well.
  await job.killWorker(worker);
  assert.ok(!job.workers().some((each) => each.threadId === threadId));
  await first;
  await job.stop();
});

test('a job that is cancelled while it recovers ends, and so does one that fails', TIMEOUT, async () => {
  for (const how of ['cancel', 'fail'] as const) {
    const traps = [{ place: 'count' as const, at: 900, misdeed: 'throw' as const }];
    const params = armed({ count: 1_000_000, keys: 5, failure: 'stop' as const, traps: how === 'fail' ? traps : [] });
    const job = (await start(crashing, { params, workers: 2, ringBytes: 8192 })) as unknown as Job;
    const outcome = rejection(job.done, how === 'fail' ? 'OPERATOR_FAILED' : 'JOB_CANCELLED');
    const reading = (async () => {
      let read = 0;
      for await (const _ of job.output('out')) {
        if (++read !== 850) continue;
        for (const worker of active(job)) void job.killWorker(worker).catch(() => {});
        if (how === 'cancel') void job.cancel();
      }
    })();
    await Promise.all([outcome, assert.rejects(reading)]);
    await noThreadLeft();
  }
});
