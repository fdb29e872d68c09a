// Goal: who waits for whom is told in words, from whoever holds all others up; and a job in which somebody works, or is quiet, is not
// said to stand still: neither after a breakpoint, nor after the machine slept, nor while a slow reader moves.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../../src/platform/clock.ts';
import {
  diagnose,
  type PartState,
  type StreamPart,
  type StreamReading,
} from '../../src/supervisor/job/stalls/stall.ts';
import { type Stall, StallDetector } from '../../src/supervisor/job/stalls/stall-detector.ts';

type Kind = StreamPart['kind'];
const part = (kind: Kind, name: string, state: PartState, ...waitsFor: number[]): StreamPart => ({
  kind,
  name,
  replica: undefined,
  state,
  waitsFor,
});
const reading = (parts: StreamPart[], isDoneAwaited = false): StreamReading => ({ parts, isDoneAwaited });

const split = (odds: PartState, evens: PartState): StreamPart[] => [
  part('source', 'numbers', 'full', 2),
  part('operator', 'odd', 'idle'),
  part('operator', 'even', 'full', 4),
  part('output', 'odds', odds),
  part('output', 'evens', evens),
];

test('outputs that are read one after the other: both are named, and what holds up whom', () => {
  const found = diagnose(reading(split('asked', 'unread')));
  assert.equal(
    found?.reason,
    "output 'evens' is not read: job.output('evens') has no iterator, its ring is full, and operator 'even' waits for it, source 'numbers' for operator 'even'. Output 'odds', which is read, gets nothing till then: read all outputs at the same time, each in a loop of its own, as with Promise.all",
  );
  assert.equal(found.isCertain, true);
  assert.deepEqual(found.waits, [
    { waiter: "operator 'even'", waitsFor: "output 'evens'" },
    { waiter: "source 'numbers'", waitsFor: "operator 'even'" },
  ]);
});

test('an output that nobody reads while job.done is awaited', () => {
  const parts = [part('source', 'numbers', 'full', 1), part('output', 'out', 'unread')];
  assert.equal(
    diagnose(reading(parts, true))?.reason,
    "output 'out' is not read: job.output('out') has no iterator, its ring is full, and source 'numbers' waits for it. Iterate over 'out', or leave the collect out of the flow. job.done, which is awaited, settles only after that",
  );
});

test('a loop over an output that awaits push(): a cycle through the app, which may also be a slow reader', () => {
  const parts = [part('input', 'app', 'full', 1), part('operator', 'echo', 'full', 2), part('output', 'out', 'held')];
  const found = diagnose(reading(parts));
  assert.equal(found?.isCertain, false);
  assert.equal(found.isCrosswise, true);
  assert.equal(
    found.reason,
    "output 'out' has an iterator, which nobody asks for the next tuple, and its ring is full, and operator 'echo' waits for it, input 'app' for operator 'echo'. job.input('app').push() waits for room: if the loop that reads awaits it, each waits for the other; push from code of its own",
  );
});

test('a slow reader alone holds up the stream and is no fault', () => {
  const parts = [part('source', 'numbers', 'full', 1), part('output', 'out', 'held')];
  const found = diagnose(reading(parts));
  assert.deepEqual([found?.isCertain, found?.isCrosswise], [false, false]);
});

test('dead letters whose loop stands', () => {
  const parts = [part('operator', 'm', 'full', 1), part('letters', 'deadLetters', 'held')];
  assert.match(
    diagnose(reading(parts))?.reason ?? '',
    /^job\.deadLetters has an iterator, .* and operator 'm' waits for it$/,
  );
});

const MOVING: readonly [string, StreamPart[]][] = [
  ['a quiet source', [part('source', 's', 'idle'), part('output', 'out', 'asked')]],
  ['an output that nobody reads, with room', [part('source', 's', 'idle'), part('output', 'out', 'unread')]],
  ['somebody at work', split('asked', 'unread').with?.(1, part('operator', 'odd', 'working'))],
  ['whoever is asked for more is about to give it', [part('source', 's', 'full', 1), part('output', 'out', 'asked')]],
  ['nothing at all', []],
];
for (const [what, parts] of MOVING) {
  test(`no stall: ${what}`, () => assert.equal(diagnose(reading(parts)), undefined));
}

/** A detector on a clock that the test moves, over a stream that it describes. */
class Bench {
  nowMs = 0;
  moves = 0;
  parts: StreamPart[];
  readonly stalls: { stall: Stall; isForPeople: boolean }[] = [];
  readonly ended: number[] = [];
  readonly detector: StallDetector;
  private action: () => void = () => {};
  private everyMs = 0;

  constructor(parts: StreamPart[], limitMs = 3000, lingerMs = 0) {
    this.parts = parts;
    const clock = {
      now: () => this.nowMs,
      every: (everyMs: number, action: () => void) => {
        Object.assign(this, { action, everyMs });
        return () => {};
      },
    } as unknown as Clock;
    const stream = { progress: () => `${this.moves}`, read: () => reading(this.parts) };
    this.detector = new StallDetector(clock, stream, {
      stalled: (stall, isForPeople) => this.stalls.push({ stall, isForPeople }),
      ended: (tookMs) => this.ended.push(tookMs),
    });
    this.detector.start(limitMs, lingerMs);
  }

  /** So many looks, each in its time. */
  pass(looks: number, each: () => void = () => {}): this {
    for (let i = 0; i < looks; i++) {
      each();
      this.sleep(this.everyMs);
    }
    return this;
  }

  /** One look after a time. */
  sleep(ms: number): this {
    this.nowMs += ms;
    this.action();
    return this;
  }
}

test('a stall is told once, within seconds, and so is its end; then another one', () => {
  const bench = new Bench(split('asked', 'unread')).pass(5);
  assert.equal(bench.stalls.length, 1);
  const [{ stall, isForPeople }] = bench.stalls;
  assert.equal(isForPeople, true);
  assert.ok(stall.forMs >= 3000 && stall.forMs <= 4000, `${stall.forMs}`);
  assert.equal(bench.detector.current?.reason, stall.reason);
  bench.moves++;
  bench.pass(1);
  assert.equal(bench.detector.current, undefined);
  assert.deepEqual(bench.ended.length, 1);
  bench.pass(5);
  assert.equal(bench.stalls.length, 2);
  assert.equal(bench.stalls[1].isForPeople, false, 'the same line is told once');
});

test('a reader that holds the stream up is told later than an output without one, and not to people', () => {
  const bench = new Bench([part('source', 'numbers', 'full', 1), part('output', 'out', 'held')]).pass(8);
  assert.equal(bench.stalls.length, 0);
  bench.pass(3);
  assert.deepEqual(
    bench.stalls.map(({ isForPeople }) => isForPeople),
    [false],
  );
});

test('no stall: whoever moves a little between two looks, for hours', () => {
  const bench = new Bench(split('held', 'unread'));
  bench.pass(10_000, () => {
    bench.moves++;
  });
  assert.deepEqual(bench.stalls, []);
});

test('no stall: a batch that lingers for a minute, with the input that it holds', () => {
  const parts = [part('source', 's', 'full', 1), part('operator', 'count', 'idle')];
  const bench = new Bench(parts, 3000, 60_000).pass(60);
  assert.deepEqual(bench.stalls, []);
  assert.equal(bench.pass(20).stalls.length, 1, 'what goes on for longer is told');
});

test('no stall: a source of a tuple every 10 s, for hours', () => {
  const bench = new Bench([part('source', 's', 'idle'), part('output', 'out', 'asked')]);
  for (let i = 0; i < 1000; i++) {
    bench.moves++;
    bench.pass(10);
  }
  assert.deepEqual(bench.stalls, []);
});

test('no stall: looks that come late, as after breakpoints, or by night on a laptop', () => {
  const bench = new Bench(split('asked', 'unread'));
  for (let i = 0; i < 20; i++) bench.sleep(8 * 3_600_000).pass(2);
  assert.deepEqual(bench.stalls, []);
  bench.pass(2);
  assert.equal(bench.stalls.length, 1, 'what stands still afterwards as well is told');
});

test('a detector that is switched off looks at nothing; one that is stopped ends its stall', () => {
  const off = new Bench(split('asked', 'unread'), 0);
  assert.equal(off.detector.current, undefined);
  const bench = new Bench(split('asked', 'unread')).pass(5);
  bench.detector.stop();
  assert.equal(bench.ended.length, 1);
  assert.equal(bench.detector.current, undefined);
});

test('a flow that waits for actors is told so, and no code of the app is blamed', () => {
  const parts = [
    part('input', 'users', 'full', 1),
    part('operator', 'balances-letters', 'full', 2),
    part('bridge', 'balances-post', 'held'),
    part('bridge', 'balances', 'idle'),
    part('output', 'out', 'asked'),
  ];
  const found = diagnose(reading(parts));
  assert.equal(
    found?.reason,
    "'balances-post' waits for the actors that it tells or asks, and its ring is full, and operator 'balances-letters' waits for it, input 'users' for operator 'balances-letters'",
  );
  assert.deepEqual([found.isCertain, found.isCrosswise], [false, false]);
  // Letters that it has asked for are about to come.
  parts[2] = part('bridge', 'balances-post', 'asked');
  assert.equal(diagnose(reading(parts)), undefined);
});
