// Goal: however a worker comes to its end, its actors go on elsewhere, and each tuple takes effect exactly once: process.exit, a
// throw or an unhandled rejection outside of a tuple, heap exhaustion; once, or each time that a tuple is tried, which is then
// found and becomes a dead letter.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import type { MillraceError } from '../../src/index.ts';
import { judge, runCrashing } from '../kit/crash-oracle.ts';
import type { Place } from '../kit/flows/crashing.ts';
import { type Misdeed, shotsOf } from '../kit/flows/traps.ts';
import { shortOrLong } from '../kit/long-form.ts';
import { noThreadLeft, TIMEOUT } from '../kit/run-flow.ts';
import { fileOf, newPath } from '../kit/temporary-files.ts';

afterEach(noThreadLeft);

const COUNT = 3000;
/** In the middle of batches, and far from both ends. */
const AT = 1777;
/** A key, for end-of-stream closures. */
const KEY = 7;

const trapAt = (place: Place, misdeed: Misdeed, times?: number) => ({
  place,
  at: place === 'end' ? KEY : AT,
  misdeed,
  times,
});

/** The operator that begins the actor which a place is in. */
const actorOf = (place: Place): string => (place === 'behind' || place === 'end' ? 'count' : place);

const sorted = (names: readonly { operator: string; replica: number }[]): string[] =>
  names.map(({ operator, replica }) => `${operator}/${replica}`).sort();

const places: Place[] = ['numbers', 'behind', 'end'];

for (const place of places) {
  test(`process.exit() in a tuple of ${place}, once: nothing is lost, and no dead letter`, TIMEOUT, async () => {
    const run = await runCrashing({ count: COUNT, traps: [trapAt(place, 'exit', 1)] });
    judge(run);
    const { job, events } = run;
    assert.equal(events.of('crash').length, 1);
    const [{ worker, actors, report }] = events.of('crash');
    assert.equal(report.supervisor, `crashing/${actorOf(place)}`);
    assert.equal(report.context, 'childTerminated');
    const { code, details } = report.reason as MillraceError;
    assert.equal(code, 'WORKER_DIED');
    assert.deepEqual([...(details.actors as string[])].sort(), actors.map(({ operator }) => operator).sort());
    const { operator, replica, worker: its, position } = report.offender;
    assert.deepEqual([operator, replica, its], [actorOf(place), 0, worker]);
    assert.match(
      String(position),
      place === 'numbers'
        ? /position \d+ of source 'numbers'/
        : place === 'end'
          ? /end of its input/
          : /row \d+ of the frame/,
    );
    assert.deepEqual(sorted(events.of('restart')), sorted(actors));
    assert.deepEqual(
      events.of('restart').map(({ supervisor }) => supervisor),
      events.of('restart').map(({ operator }) => `crashing/${operator}`),
    );
    const [adoption] = events.of('adoption');
    assert.notEqual(adoption.worker, worker);
    assert.deepEqual(sorted(adoption.actors), sorted(actors));
    assert.equal(job.tree().restarts, actors.length);
  });
}

test('process.exit() each time that a tuple is tried: found, and left out', TIMEOUT, async () => {
  const run = await runCrashing({ count: COUNT, traps: [trapAt('behind', 'exit')] });
  judge(run, { behind: [AT] });
  const [{ letter }] = run.events.of('deadLetter');
  const error = letter.error as MillraceError;
  assert.deepEqual([error.code, error.details.operator], ['TUPLE_KILLED_WORKER', 'behind']);
  assert.match(error.message, /ended its worker 2 times when it was tried alone, the last time with: .*code: 7/);
  assert.deepEqual(shotsOf(run.params), [3], 'once in its batch, twice alone');
  assert.equal(run.events.of('crash').length, 3);
});

for (const misdeed of ['throw-later', 'reject', 'exit-later'] as const) {
  test(`${misdeed}, outside of any tuple: the worker's actors are lost and regained, all three`, TIMEOUT, async () => {
    const params = { count: COUNT, ratePerSecond: 20_000, traps: [trapAt('count', misdeed, 1)] };
    const run = await runCrashing(params, { workers: 1 });
    judge(run);
    const { events } = run;
    const [{ actors, report }] = events.of('crash');
    assert.ok(actors.length > 0 && actors.length <= 3);
    assert.deepEqual(sorted(events.of('restart')), sorted(actors));
    assert.equal(report.offender.position, undefined);
    const message = {
      'throw-later': 'out of nowhere after 1777',
      reject: 'nobody caught this at 1777',
      'exit-later': 'code: 7',
    };
    assert.ok(report.reason.message.includes(message[misdeed]), report.reason.message);
  });
}

test('trouble outside of tuples in several actors, again and again, with three replicas', TIMEOUT, async () => {
  const misdeeds = ['throw-later', 'reject', 'exit-later', 'throw-later'] as const;
  const traps = (['numbers', 'pass', 'count', 'behind'] as const).map((place, i) => ({
    place,
    at: 500 * i,
    every: 4000,
    misdeed: misdeeds[i],
    times: shortOrLong(1, 2),
  }));
  const run = await runCrashing({ count: 8000, keys: 50, traps, parallelism: 3 }, { workers: 3, ringBytes: 1 << 14 });
  judge(run);
  assert.ok(run.events.of('crash').length >= 2);
});

test('heap exhaustion under resourceLimits: what it interrupted is tried again', TIMEOUT, async () => {
  const resourceLimits = { maxOldGenerationSizeMb: 32 };
  const run = await runCrashing({ count: COUNT, traps: [trapAt('count', 'heap', 1)] }, { resourceLimits });
  judge(run);
  assert.match(run.events.of('crash')[0].report.reason.message, /memory/);
});

test('a tuple that exhausts the heap each time: found, and left out', TIMEOUT, async () => {
  const resourceLimits = { maxOldGenerationSizeMb: 32 };
  const run = await runCrashing({ count: COUNT, traps: [trapAt('pass', 'heap')] }, { resourceLimits });
  judge(run, { pass: [AT] });
  const [{ letter }] = run.events.of('deadLetter');
  assert.equal((letter.error as MillraceError).code, 'TUPLE_KILLED_WORKER');
  assert.match(letter.error.message, /memory/);
});

for (const [workers, parallelism] of [
  [1, 1],
  [2, 3],
]) {
  test(`deadly tuples side by side, in all operators and at both ends, with ${workers} workers`, TIMEOUT, async () => {
    // On one worker each of these deaths interrupts the search for all the others.
    const lost = shortOrLong(
      { numbers: [0], pass: [700, 701], count: [702], behind: [703], end: [KEY] },
      { numbers: [0, 720], pass: [1, 700, 701, COUNT - 1], count: [2, 702], behind: [3, 703], end: [KEY] },
    );
    const traps = Object.entries(lost).flatMap(([place, numbers]) =>
      numbers.map((at) => ({ place: place as Place, at, misdeed: 'exit' as const })),
    );
    const run = await runCrashing({ count: COUNT, parallelism, traps }, { workers, spares: 2 });
    judge(run, lost);
  });
}

test('a deadly line, in the operator that is fused with its source', TIMEOUT, async () => {
  const path = fileOf(Array.from({ length: COUNT }, (_, n) => `${n}\n`).join(''));
  const run = await runCrashing({ count: COUNT, source: 'lines', path, traps: [trapAt('parse', 'exit')] });
  judge(run, { parse: [AT] });
});

test('a deadly tuple of a sink that reads three replicas', TIMEOUT, async () => {
  const traps = [trapAt('sink', 'exit'), trapAt('behind', 'exit', 1)];
  const run = await runCrashing({ count: COUNT, sinkPath: newPath(), parallelism: 3, traps });
  judge(run, { sink: [AT] });
});
