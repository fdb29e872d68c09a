// Goal: spares stand by, and new ones are hired for those that are taken or lost. One that cannot be loaded, or dies as it adopts,
// is told and tried again; if code cannot be loaded at all, the job fails by NO_SPARE as soon as somebody needs it, and not before.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import type { Job, MillraceError } from '../../src/index.ts';
import { type CrashOptions, EventLog } from '../kit/crash-oracle.ts';
import { newOrders, OrderCell, UNLOADABLE, unloadable } from '../kit/flows/unloadable.ts';
import { noThreadLeft, rejection, start, TIMEOUT, tuplesOf, until } from '../kit/run-flow.ts';

afterEach(async () => {
  delete process.env[UNLOADABLE];
  await noThreadLeft();
});

interface Started {
  readonly job: Job;
  readonly events: EventLog;
  readonly orders: Int32Array;
  /** Stops the job after some more tuples; fails unless each one so far has come out once, in order. */
  complete(): Promise<void>;
}

async function startUnloadable(options: CrashOptions = {}): Promise<Started> {
  const orders = newOrders();
  const params = { orders: orders.buffer as SharedArrayBuffer, count: 1_000_000, perMs: 2 };
  const job = (await start(unloadable, { params, workers: 2, ...options })) as unknown as Job;
  const events = new EventLog(job);
  const tuples: unknown[] = [];
  const reading = (async () => {
    for await (const tuple of job.output('out')) tuples.push(tuple);
  })();
  reading.catch(() => {});
  return {
    job,
    events,
    orders,
    complete: async () => {
      const before = tuples.length;
      await Promise.race([until(() => tuples.length >= before + 20, 'tuples'), job.done]);
      await job.stop();
      await reading;
      assert.deepEqual(
        tuples,
        Array.from(tuples, (_, n) => ({ n })),
      );
    },
  };
}

const count = (job: Job, state: string): number => job.workers().filter((worker) => worker.state === state).length;
const spares = (job: Job): number => count(job, 'spare');

/** The worker that hosts an operator. */
const hostOf = (job: Job, operator: string): number =>
  job.workers().find(({ actors }) => actors.some((actor) => actor.operator === operator))?.worker ?? -1;

/** Waits until no spare could be loaded three times; one that was hired before it could not is killed. */
const untilGivenUp = ({ job, events }: Started): Promise<void> =>
  until(() => {
    for (const { worker, state } of job.workers()) if (state === 'spare') job.killWorker(worker).catch(() => {});
    return events.of('spareFailed').length === 3;
  }, 'three failures');

const reasonsOf = (events: EventLog): string[] => events.of('spareFailed').map(({ error }) => error.message);

test(
  'as many spares stand by as were asked for, none has actors, and each has a thread of its own',
  TIMEOUT,
  async () => {
    const { job, complete } = await startUnloadable({ spares: 3 });
    await until(() => spares(job) === 3, 'three spares');
    const workers = job.workers();
    assert.deepEqual(workers.map(({ state }) => state).sort(), ['active', 'active', 'spare', 'spare', 'spare']);
    assert.equal(new Set(workers.map(({ threadId }) => threadId)).size, 5);
    assert.equal(new Set(workers.map(({ worker }) => worker)).size, 5);
    for (const { state, actors } of workers) assert.equal(actors.length > 0, state === 'active');
    await complete();
  },
);

test('a new spare is hired for one that was taken, and for one that was killed', TIMEOUT, async () => {
  const { job, events, complete } = await startUnloadable({ spares: 1 });
  for (const victim of ['active', 'spare', 'active'] as const) {
    await until(() => spares(job) === 1, `a spare, before the ${victim} worker is killed`);
    const [{ worker, threadId }] = job.workers().filter(({ state }) => state === victim);
    await job.killWorker(worker);
    assert.ok(!job.workers().some((each) => each.threadId === threadId), 'its thread is gone');
  }
  await until(() => spares(job) === 1, 'a spare after all');
  await complete();
  assert.equal(events.of('crash').length, 2);
  assert.deepEqual(events.of('spareFailed'), []);
});

test('one that is killed while it starts is replaced, and counts for no failure', TIMEOUT, async () => {
  const { job, events, complete } = await startUnloadable({ spares: 1 });
  for (let kill = 0; kill < 4; kill++) {
    await until(() => count(job, 'starting') === 1 || spares(job) === 1, 'a spare that starts');
    const [starting] = job.workers().filter(({ state }) => state === 'starting' || state === 'spare');
    await job.killWorker(starting.worker);
  }
  await job.killWorker(hostOf(job, 'pass'));
  await complete();
  assert.deepEqual(events.of('spareFailed'), []);
  assert.equal(events.of('adoption').length, 1);
});

test('with no spare at all a crash waits for a thread to start', TIMEOUT, async () => {
  const { job, events, complete } = await startUnloadable({ spares: 0 });
  assert.equal(job.workers().length, 2);
  await job.killWorker(hostOf(job, 'pass'));
  await complete();
  assert.equal(events.of('adoption').length, 1);
});

test('a spare that cannot import the module: told three times, and the job goes on without', TIMEOUT, async () => {
  const started = await startUnloadable();
  const { job, events, complete } = started;
  process.env[UNLOADABLE] = 'yes';
  await untilGivenUp(started);
  await complete();
  assert.deepEqual(
    events.of('spareFailed').map(({ attempt }) => attempt),
    [1, 2, 3],
  );
  for (const { error } of events.of('spareFailed')) {
    assert.equal((error as MillraceError).code, 'MODULE_IMPORT');
    assert.match(error.message, /not to be imported now/);
  }
  assert.equal(spares(job), 0);
});

test('NO_SPARE: a crash when code cannot be loaded any more', TIMEOUT, async () => {
  for (const when of ['before', 'after'] as const) {
    const started = await startUnloadable({ spares: when === 'before' ? 0 : 1 });
    const { job, events, complete } = started;
    process.env[UNLOADABLE] = 'yes';
    if (when === 'after') await untilGivenUp(started);
    const ended = rejection(complete(), 'NO_SPARE');
    await job.killWorker(hostOf(job, 'pass'));
    const error = await rejection(job.done, 'NO_SPARE');
    await ended;
    assert.match(error.message, /3 in a row failed .* not to be imported now/);
    assert.equal((error.cause as MillraceError).code, 'MODULE_IMPORT');
    assert.deepEqual(events.of('adoption'), []);
    assert.equal(events.of('spareFailed').length, when === 'before' ? 3 : 4);
    delete process.env[UNLOADABLE];
    await noThreadLeft();
  }
});

test('code that can be loaded again in time: the crash is recovered', TIMEOUT, async () => {
  for (const cell of [OrderCell.throwInBuild, OrderCell.exitInBuild]) {
    const { job, events, orders, complete } = await startUnloadable({ spares: 0 });
    Atomics.store(orders, cell, 2);
    await job.killWorker(hostOf(job, 'pass'));
    await complete();
    assert.equal(events.of('spareFailed').length, 2);
    assert.match(reasonsOf(events)[0], cell === OrderCell.throwInBuild ? /not to be built now/ : /code: 9/);
    assert.equal(events.of('adoption').length, 1);
  }
});

test('after spares were given up, a crash tries once more', TIMEOUT, async () => {
  const started = await startUnloadable();
  const { job, events, orders, complete } = started;
  Atomics.store(orders, OrderCell.throwInBuild, 3);
  await untilGivenUp(started);
  await job.killWorker(hostOf(job, 'pass'));
  await complete();
  assert.equal(events.of('adoption').length, 1);
  assert.equal(spares(job), 0, 'the job has ended');
});

for (const [where, operator, cell] of [
  ['opens a source', 'numbers', OrderCell.exitInOpen],
  ['opens a sink', 'sink', OrderCell.exitInSink],
  ['builds the flow', 'pass', OrderCell.exitInBuild],
] as const) {
  test(`a spare that dies as it ${where} to adopt: the next one takes over`, TIMEOUT, async () => {
    const { job, events, orders, complete } = await startUnloadable({ spares: 2, supervision: { intensity: 5 } });
    await until(() => spares(job) === 2, 'two spares');
    Atomics.store(orders, cell, 1);
    await job.killWorker(hostOf(job, operator));
    await complete();
    assert.equal(Atomics.load(orders, cell), 0);
    assert.equal(events.of('crash').length, 2);
    assert.match(events.of('crash')[1].report.reason.message, /code: 9/);
    const [{ worker: first }, { worker: second }] = events.of('crash');
    assert.notEqual(first, second);
  });
}

test(
  'actors that die as soon as they are adopted, each time: the job fails after a bounded number of tries',
  TIMEOUT,
  async () => {
    const { job, events, orders, complete } = await startUnloadable({ spares: 2 });
    Atomics.store(orders, OrderCell.exitInOpen, 1_000_000);
    const ended = rejection(complete(), 'RESTART_INTENSITY');
    await job.killWorker(hostOf(job, 'numbers'));
    const error = await rejection(job.done, 'RESTART_INTENSITY');
    await ended;
    assert.match(error.message, /code: 9/);
    assert.ok(events.of('crash').length <= 8, `${events.of('crash').length} crashes`);
  },
);

test('a source that cannot be opened again fails the job with its error, as at the start', TIMEOUT, async () => {
  const { job, orders, complete } = await startUnloadable();
  Atomics.store(orders, OrderCell.throwInOpen, 1);
  const ended = assert.rejects(complete(), /not to be opened now/);
  await job.killWorker(hostOf(job, 'numbers'));
  await ended;
  await assert.rejects(job.done, /not to be opened now/);
});

for (const cell of [OrderCell.exitInBuild, OrderCell.exitInOpen, OrderCell.exitInSink]) {
  test(`WORKER_DIED: a worker that ends before the job has started (order ${cell})`, TIMEOUT, async () => {
    const orders = newOrders();
    Atomics.store(orders, cell, 1);
    const params = { orders: orders.buffer as SharedArrayBuffer, count: 100, perMs: 10 };
    const run = unloadable.run({ params, workers: 2 });
    if (cell !== OrderCell.exitInSink) {
      await rejection(run, 'WORKER_DIED');
      return;
    }
    // Sinks are opened as the last thing, when the job is certain to start: that is a crash like any other.
    const job = await run;
    assert.equal((await tuplesOf(job.output('out'))).length, 100);
    await job.done;
  });
}
