// Goal: faults of recovery that a review found stay mended: tuples that were tried for ever, crash loops without an end, and waits
// that nothing ended. Those of threads are in regressions-pool.test.ts.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import type { Job, MillraceError } from '../../src/index.ts';
import { GROUP_ROOT, groupHeader } from '../../src/state/memory/arena.ts';
import { EventLog, judge, runCrashing } from '../kit/crash-oracle.ts';
import {
  allBad,
  Cell,
  copies,
  endThrows,
  farAlong,
  loopsInSink,
  loopsWhileParked,
  manyOperators,
  newCells,
  wakesInRead,
} from '../kit/flows/regressions.ts';
import { rosterOf } from '../kit/roster-of.ts';
import { noThreadLeft, rejection, start, TIMEOUT, tuplesOf, until } from '../kit/run-flow.ts';

afterEach(noThreadLeft);

/** Long enough for a machine with other work; a job that livelocks is cancelled then, not waited for. */
const LIVELOCK_MS = 15_000;

/** Waits for a job's end, whichever. */
async function endOf(job: Pick<Job, 'done'>, what: string): Promise<void> {
  let isOver = false;
  const over = (): void => {
    isOver = true;
  };
  job.done.then(over, over);
  await until(() => isOver, what, LIVELOCK_MS);
}

for (const exits of [false, true]) {
  const what = exits ? 'ends its worker' : 'throws';
  test(`a tuple that ${what} is found far along an iterable, which is read again from its start`, TIMEOUT, async () => {
    const cells = newCells();
    // An iterable finds its place in more reads than there are tuples to isolate.
    const params = { cells: cells.buffer, count: 100_010, bad: 100_000, exits };
    const job = await start(farAlong, { params, workers: 1 });
    await endOf(job, 'the end of the job');
    await job.done;
    assert.equal(job.deadLetters.count, 1);
    assert.equal(cells[Cell.ran], exits ? 3 : 2);
  });
}

test(
  'a tuple whose output fits but for the last frame, which the commit writes, is a dead letter',
  TIMEOUT,
  async () => {
    const memory = { ringBytes: 4096, outboxBytes: 4096, spares: 0 };
    // From output that just fits to output that fails while it is emitted.
    const outcomes: [number, number][] = [];
    for (const emitted of [1836, 1880, 1900, 1938, 2500]) {
      const cells = newCells();
      const job = await start(copies, { params: { cells: cells.buffer, emitted }, workers: 2, ...memory });
      const reading = tuplesOf(job.output('out'));
      await endOf(job, `the end of the job with ${emitted} tuples`);
      await job.done;
      const { count } = job.deadLetters;
      assert.equal((await reading).length, count === 0 ? emitted : 0);
      assert.equal(cells[Cell.ran], 1 + count);
      outcomes.push([emitted, count]);
      for await (const { error } of job.deadLetters) assert.equal((error as MillraceError).code, 'OUTBOX_FULL');
    }
    assert.deepEqual(outcomes.at(0)?.[1], 0);
    assert.deepEqual(outcomes.at(-1)?.[1], 1);
  },
);

test('an end-of-stream closure that always throws and escalates ends in RESTART_INTENSITY', TIMEOUT, async () => {
  const job = await start(endThrows, { workers: 1 });
  const events = new EventLog(job);
  const failed = rejection(job.done, 'RESTART_INTENSITY');
  await endOf(job, 'the failure of the job');
  await failed;
  assert.ok(events.of('crash').length <= 8, `${events.of('crash').length} crashes`);
});

test('a source that calls wake() within read() goes on while its tuples are tried one by one', TIMEOUT, async () => {
  const job = await start(wakesInRead, { params: { count: 3000, bad: 1005 }, workers: 1 });
  await endOf(job, 'the end of the job');
  await job.done;
  assert.equal(job.deadLetters.count, 1);
  // The tuple that was given up does not count where it failed.
  const [source, sink] = job.reading().operators;
  assert.deepEqual([source.tuplesOut, sink.tuplesIn], [3000, 2999]);
});

test("an endless loop in a source's callback is found, though its worker had parked", TIMEOUT, async () => {
  const cells = newCells();
  const job = await start(loopsWhileParked, { params: { cells: cells.buffer }, workers: 1, hangTimeoutMs: 300 });
  const events = new EventLog(job);
  await endOf(job, 'the end of the job');
  await job.done;
  const reasons = events.of('crash').map(({ report }) => (report.reason as MillraceError).code);
  assert.deepEqual(reasons, ['WORKER_HUNG']);
  assert.equal(cells[Cell.ran], 2);
});

test('an orderly end closes the others though the rightmost worker does not answer', TIMEOUT, async () => {
  const cells = newCells();
  const options = { workers: 2, hangTimeoutMs: 0, shutdownTimeoutMs: 1000 };
  const job = await start(loopsInSink, { params: { cells: cells.buffer }, ...options });
  await until(() => cells[Cell.blocked] === 1, 'the sink to loop');
  await job.cancel();
  assert.equal(cells[Cell.closed], 1);
});

test('events that nobody hears hold no dead letters', TIMEOUT, async () => {
  const job = await start(allBad, { params: { count: 1500 }, workers: 1 });
  await job.done;
  assert.equal(job.deadLetters.count, 1500);
  const types = new EventLog(job).all.map(({ type }) => type);
  assert.deepEqual(types, ['started', 'operatorEnded', 'operatorEnded', 'ended']);
});

test('events that nobody hears are bounded: the latest are kept', TIMEOUT, async () => {
  const job = await start(manyOperators, { params: { sources: 520 }, workers: 1, stateBytes: 1 << 22 });
  await job.done;
  const { all } = new EventLog(job);
  assert.equal(all.length, 1000);
  assert.equal(all.at(-1)?.type, 'ended');
});

/** Breaks the roots of all tables of `count` while nobody owns them. */
function damage(job: Job): void {
  const roster = rosterOf(job);
  const memory = roster.of(roster.stageNamed('count'))[0].descriptor.transaction;
  assert.ok(memory);
  for (const arena of memory.arenas) {
    const i32 = new Int32Array(arena, 0, 1 << 13);
    for (let group = 0; group < 256; group++) {
      const root = groupHeader(group) + GROUP_ROOT;
      if (i32[root] !== 0) i32[root] = 2 ** 30;
    }
  }
}

test('an image that is damaged by a real crash, not by a drill, is restored at the first try', TIMEOUT, async () => {
  // The open batch of the crash takes its own keys back: there must be more than one batch has.
  const traps = [{ place: 'count' as const, at: 3000, misdeed: 'exit' as const, times: 1 }];
  const run = await runCrashing(
    { count: 4000, ratePerSecond: 10_000, keys: 1000, traps },
    { backup: { everyMs: 20 } },
    async (job) => {
      let isDamaged = false;
      // Listeners are called between the death and the adoption.
      job.on('crash', () => {
        if (!isDamaged) damage(job);
        isDamaged = true;
      });
    },
  );
  judge(run);
  const reasons = run.events.of('crash').map(({ report }) => (report.reason as MillraceError).code);
  assert.deepEqual(reasons, ['WORKER_DIED', 'STATE_DAMAGED']);
});
