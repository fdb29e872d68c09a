// Goal: every event has its time; listeners hear the types that they ask for, and any number of listeners and iterators hear all, each
// for itself; the past is bounded, and given to whoever asks for it.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import type { Job, JobEvent, JobEventType } from '../../src/index.ts';
import { JobEvents } from '../../src/supervisor/job/events/job-events.ts';
import { waiting } from '../kit/flows/control.ts';
import { chain } from '../kit/flows/operators.ts';
import { noThreadLeft, start, TIMEOUT, tuplesOf } from '../kit/run-flow.ts';

afterEach(noThreadLeft);

const KEPT_MAX = 1000;

/** Events at virtual times: 1 ms apart. */
function eventsAt(): JobEvents {
  let nowMs = 0;
  return new JobEvents(() => ++nowMs);
}

const moved = (events: JobEvents, replica: number): void =>
  events.announce({ type: 'moved', operator: 'count', replica, from: 0, to: 1 });

const numberOf = (event: JobEvent): number => (event.type === 'moved' ? event.replica : -1);

async function gathered(iterator: AsyncIterable<JobEvent>): Promise<JobEvent[]> {
  const found: JobEvent[] = [];
  for await (const event of iterator) found.push(event);
  return found;
}

test('a listener hears events of its type, in their order and with their times; with * of all types', () => {
  const events = eventsAt();
  const heard: string[] = [];
  events.on('moved', ({ type, atMs }) => heard.push(`first: ${type} at ${atMs}`));
  events.on('*', ({ type, atMs }) => heard.push(`second: ${type} at ${atMs}`));
  moved(events, 0);
  events.announce({ type: 'stallEnded', tookMs: 5 });
  assert.deepEqual(heard, ['first: moved at 1', 'second: moved at 1', 'second: stallEnded at 2']);
});

test('a listener that comes late hears of the past if it asks, whoever has listened before', () => {
  const events = eventsAt();
  const early: number[] = [];
  events.on('*', (event) => early.push(numberOf(event)));
  for (let replica = 0; replica < 3; replica++) moved(events, replica);
  events.announce({ type: 'stallEnded', tookMs: 5 });
  const heard: [number[], number[], number[]] = [[], [], []];
  events.on('moved', (event) => heard[0].push(numberOf(event)), { past: true });
  events.on('moved', (event) => heard[1].push(numberOf(event)));
  events.on('*', (event) => heard[2].push(numberOf(event)), { past: true });
  moved(events, 3);
  assert.deepEqual(early, [0, 1, 2, -1, 3]);
  assert.deepEqual(heard, [[0, 1, 2, 3], [3], [0, 1, 2, -1, 3]]);
});

test('the past is bounded, and holds no dead letters', () => {
  const events = eventsAt();
  const letter = { operator: 'a', replica: 0, key: 1, tuple: {}, error: new Error('bad'), position: 'row 1' };
  for (let replica = 0; replica < 2 * KEPT_MAX; replica++) {
    moved(events, replica);
    events.announce({ type: 'deadLetter', letter });
  }
  const heard: JobEvent[] = [];
  events.on('*', (event) => heard.push(event), { past: true });
  assert.equal(heard.length, KEPT_MAX);
  assert.equal(numberOf(heard[0]), KEPT_MAX);
  events.announce({ type: 'deadLetter', letter });
  assert.equal(heard.at(-1)?.type, 'deadLetter', 'a letter that comes is heard of');
});

test('a listener that is taken off, also by another one, hears nothing more', () => {
  const events = eventsAt();
  const heard: number[] = [];
  const off = events.on('*', (event) => heard.push(numberOf(event)));
  events.on('moved', () => off());
  moved(events, 0);
  moved(events, 1);
  assert.deepEqual(heard, [0]);
});

test('an error of a listener is thrown outside, and the others hear the event', async (context) => {
  const events = eventsAt();
  const thrown: unknown[] = [];
  context.mock.method(globalThis, 'queueMicrotask', (task: () => void) => {
    try {
      task();
    } catch (error) {
      thrown.push(error);
    }
  });
  const heard: number[] = [];
  events.on('*', () => {
    throw new RangeError('mine');
  });
  events.on('*', (event) => heard.push(numberOf(event)));
  moved(events, 7);
  assert.deepEqual(heard, [7]);
  assert.ok(thrown[0] instanceof RangeError);
});

test('iterators: each has all events from its beginning, or with the past; all end with the job', async () => {
  const events = eventsAt();
  moved(events, 0);
  const [late, whole] = [gathered(events.iterate()), gathered(events.iterate({ past: true }))];
  moved(events, 1);
  await new Promise(setImmediate);
  moved(events, 2);
  events.announce({ type: 'ended', outcome: 'done' });
  assert.deepEqual((await late).map(numberOf), [1, 2, -1]);
  assert.deepEqual((await whole).map(numberOf), [0, 1, 2, -1]);
  assert.deepEqual(await gathered(events.iterate()), [], 'after the end there is nothing to come');
  assert.equal((await gathered(events.iterate({ past: true }))).length, 4);
});

test('an iterator that falls behind goes on with what is kept; one that is left is forgotten', async () => {
  const events = eventsAt();
  const slow = events.iterate();
  moved(events, 0);
  assert.equal(numberOf((await slow.next()).value), 0);
  for (let replica = 1; replica <= 3 * KEPT_MAX; replica++) moved(events, replica);
  assert.equal(numberOf((await slow.next()).value), 2 * KEPT_MAX + 1);
  await slow.return?.();
  moved(events, 1);
  assert.equal((await slow.next()).done, true);
});

test('what is no event, no listener, or no option is refused, and says what there is', () => {
  const events = eventsAt();
  const listener = (): void => {};
  assert.throws(() => events.on('crahs' as JobEventType, listener), { code: 'UNKNOWN_NAME', message: /'crash'.*'\*'/ });
  assert.throws(() => events.on(listener as never, undefined as never), { code: 'UNKNOWN_NAME' });
  assert.throws(() => events.on('crash', undefined as never), { code: 'BAD_OPTION', message: /a function/ });
  for (const bad of [{ past: 1 }, { history: true }, null])
    assert.throws(() => events.iterate(bad as never), { code: 'BAD_OPTION' });
});

test(
  'a job: started first, ended last, with times that grow, for two listeners and an iterator alike',
  TIMEOUT,
  async () => {
    const beforeMs = Date.now();
    const job = (await start(chain, { params: { count: 1000, fuse: false }, workers: 2 })) as unknown as Job;
    const heard: [JobEvent[], JobEvent[]] = [[], []];
    job.on('*', (event) => heard[0].push(event), { past: true });
    const iterated = gathered(job.events({ past: true }));
    job.on('*', (event) => heard[1].push(event), { past: true });
    const outcomes: string[] = [];
    job.on('ended', ({ outcome }) => outcomes.push(outcome));
    await tuplesOf(job.output('out'));
    await job.done;
    assert.deepEqual(heard[0], heard[1]);
    assert.deepEqual(await iterated, heard[0]);
    assert.equal(heard[0][0].type, 'started');
    assert.equal(heard[0].at(-1)?.type, 'ended');
    assert.deepEqual(outcomes, ['done']);
    const times = heard[0].map(({ atMs }) => atMs);
    assert.deepEqual(
      times,
      times.toSorted((one, other) => one - other),
    );
    assert.ok(times[0] >= beforeMs - 1000 && times[0] <= Date.now() + 1000, 'since the epoch');
  },
);

test('an open iterator keeps no process and no thread: it ends when the job is cancelled', TIMEOUT, async () => {
  const job = (await start(waiting, { params: { actors: 1 }, workers: 1 })) as unknown as Job;
  const iterated = gathered(job.events());
  await job.cancel();
  assert.equal((await iterated).at(-1)?.type, 'ended');
});
