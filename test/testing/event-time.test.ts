// Goal: a test drives event time: tuples are fed at times, and the watermark moves when the test says so, for each input by itself.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testOperator } from '../../src/testing.ts';
import { counted, reminders } from '../kit/flows/fed-times.ts';
import { paired } from '../kit/flows/own-kinds.ts';
import { thrown } from '../kit/run-flow.ts';

interface Counted {
  readonly word: string;
  readonly windowStart: number;
  readonly windowEnd: number;
  readonly count: number;
}

interface Word {
  readonly word: string;
  readonly at: number;
}

const at = ({ at }: Word): number => at;
const words = (...times: readonly number[]): Word[] => times.map((time) => ({ word: 'a', at: time }));

test('windows close when the watermark comes to their end, and at the end of the input', () => {
  const counts = testOperator<Word, Counted>(counted, 'counts');
  counts.feed(words(5, 99, 100, 7), { at });
  counts.advanceWatermark(99);
  assert.deepEqual(counts.emitted(), []);
  counts.restart();
  counts.advanceWatermark(100);
  assert.deepEqual(counts.emitted(), [{ word: 'a', windowStart: 0, windowEnd: 100, count: 3 }]);
  counts.feed({ word: 'a', at: 60 }, { at: 60 });
  counts.advanceWatermark(120);
  assert.deepEqual(counts.emitted(), [{ word: 'a', windowStart: 0, windowEnd: 100, count: 4 }]);
  counts.end();
  assert.deepEqual(counts.emitted(), [{ word: 'a', windowStart: 100, windowEnd: 200, count: 1 }]);
});

test('timers in event time fire in order, and one in the past at once', () => {
  const remind = testOperator<Word, Word & { seen: number }>(reminders, 'remind');
  remind.feed(words(30, 10, 20), { at });
  assert.deepEqual(
    remind.emitted().map((tuple) => tuple.at),
    [30, 10, 20],
  );
  remind.advanceWatermark(120);
  assert.deepEqual(
    remind.emitted().map((tuple) => tuple.at),
    [110, 120],
  );
  remind.advance(1000);
  assert.deepEqual(remind.emitted(), []);
  remind.end();
  assert.deepEqual(
    remind.emitted().map((tuple) => tuple.at),
    [130],
  );
});

test('timers that are due at the end of time all fire, but one that fails', () => {
  for (const rollback of [false, true]) {
    const remind = testOperator<Word, Word>(reminders, 'remind', { rollback, restore: rollback });
    const said = ['a', 'b', 'unspeakable', 'c', 'd', 'e', 'f'];
    remind.feed(
      said.map((word, i) => ({ word, at: i })),
      { at },
    );
    remind.emitted();
    remind.end();
    assert.deepEqual(
      remind
        .emitted()
        .map(({ word }) => word)
        .sort(),
      ['a', 'b', 'c', 'd', 'e', 'f'],
    );
    assert.equal(remind.deadLetters().length, 1);
  }
});

test('what lingers is committed before time moves on', () => {
  const remind = testOperator<Word, Word>(reminders, 'remind', { lingerMs: 50 });
  remind.feed(words(10), { at });
  assert.deepEqual(remind.emitted(), []);
  remind.advanceWatermark(50);
  assert.equal(remind.emitted().length, 1);
});

test('a tuple that its source would not have passed on is refused, and so is time where there is none', () => {
  const counts = testOperator<Word, Counted>(counted, 'counts');
  counts.advanceWatermark(100);
  counts.feed(words(50), { at });
  assert.match(
    thrown(() => counts.feed(words(49), { at }), 'BAD_OPTION').message,
    /'at' .* in milliseconds from 50 on, got 49/,
  );
  thrown(() => counts.feed(words(51)), 'BAD_OPTION');
  thrown(() => counts.feed(words(51), { when: 5 } as never), 'BAD_OPTION');
  thrown(() => counts.advanceWatermark(Number.NaN), 'BAD_OPTION');
  // Time does not go back.
  counts.advanceWatermark(90);
  thrown(() => counts.feed(words(49), { at }), 'BAD_OPTION');
  const pair = testOperator(paired, 'pair', { params: { count: 1, keys: 1, parallelism: 1 } });
  thrown(() => pair.advanceWatermark(5), 'NO_EVENT_TIME');
});

test('an operator with two inputs is fed into either', () => {
  const pair = testOperator(paired, 'pair', { params: { count: 1, keys: 1, parallelism: 1 } });
  const left = pair.input<{ key: number; n: number }>('left');
  const right = pair.input<{ key: number; text: string }>('right');
  left.feed({ key: 1, n: 5 });
  right.feed([
    { key: 1, text: 'a' },
    { key: 2, text: 'b' },
  ]);
  left.feed({ key: 1, n: 6 });
  left.end();
  right.feed({ key: 1, text: 'c' });
  assert.deepEqual(
    pair.emitted('seen').map(({ key, side, value, nth }) => [key, side, value, nth].join(' ')),
    ['1 left 5 1', '1 right a 1', '2 right b 1', '1 left 6 2', '1 right c 2'],
  );
  pair.end();
  assert.equal(pair.emitted('used').length, 2);
  thrown(() => pair.input('left').feed({ key: 1, n: 5 }), 'JOB_CLOSED');
  assert.match(
    thrown(
      () => testOperator(paired, 'pair', { params: { count: 1, keys: 1, parallelism: 1 } }).feed({}),
      'UNKNOWN_NAME',
    ).message,
    /input\(name\)/,
  );
  assert.match(thrown(() => pair.input('middle'), 'UNKNOWN_NAME').message, /'left', 'right'/);
});
