// Goal: every value of an app has a text that is short, says what was cut, and carries nothing that turns text around or lets in.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { History } from '../../../src/supervisor/dashboard/history.ts';
import { shownText, shownTuple, shownValue } from '../../../src/supervisor/dashboard/shown.ts';

const MOST = 3000;

test('odd values have a readable form', () => {
  const cyclic: { self?: unknown } = {};
  cyclic.self = cyclic;
  assert.equal(shownValue(12n), '12n');
  assert.equal(shownValue(Number.NaN), 'NaN');
  assert.equal(shownValue(-0), '-0');
  assert.match(shownValue(cyclic), /Circular/);
  assert.match(shownValue(new Map([['a', 1]])), /Map\(1\)/);
  assert.equal(shownValue(new Date(0)), '1970-01-01T00:00:00.000Z');
  assert.match(shownValue(new Date(Number.NaN)), /Invalid/);
});

test('one bad value spoils one cell', () => {
  const tuple = {
    good: 1,
    get bad() {
      throw new Error('no');
    },
    after: 'x',
  };
  assert.deepEqual(shownTuple(tuple), [
    ['good', '1'],
    ['bad', '(cannot be read)'],
    ['after', 'x'],
  ]);
});

test('what is long is cut, and its length told', () => {
  const text = shownValue('x'.repeat(5_000_000));
  assert.ok(text.length < MOST);
  assert.match(text, /5,000,000 characters/);
  const wide = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`field${i}`, i]));
  assert.match(shownTuple(wide).at(-1)?.[1] ?? '', /968 more fields/);
});

test('passwords in URLs are masked, and marks of direction are spelt out', () => {
  assert.equal(shownText('at postgres://u:p%40ss@h/db now'), 'at postgres://u:•••@h/db now');
  assert.equal(shownText('a\u202eb\u2066'), 'a\\u202eb\\u2066');
});

test('any value has a bounded text', () => {
  fc.assert(
    fc.property(fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true }), (value) => {
      const text = shownValue(value);
      assert.ok(text.length < MOST);
      for (const [name, field] of shownTuple(value)) assert.ok(name.length < MOST && field.length < MOST);
    }),
  );
});

test('readers of a history get each item once and in order, but for what was dropped', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.array(fc.boolean(), { maxLength: 60 }), (most, steps) => {
      const history = new History<number>(most);
      let added = 0;
      let place = 0;
      for (const isRead of steps) {
        if (isRead) {
          const from = Math.max(place, added - most);
          const expected = Array.from({ length: added - from }, (_, i) => from + i);
          assert.deepEqual(history.since(place), expected);
          place = history.end;
        } else history.add(added++);
      }
    }),
  );
});
