// Goal: an entry of a table is all that an option needs: its check, its error texts, its default, its documentation.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { expectedTexts } from '../../scripts/option-docs.ts';
import { checkOptions } from '../../src/options/check.ts';
import { choice, closure, integer, nested, number, toggle, value } from '../../src/options/kinds.ts';
import { adapted, type Given } from '../../src/options/option.ts';
import { ROOT } from '../kit/command.ts';
import { thrown } from '../kit/run-flow.ts';

const TABLE = {
  workers: integer({ help: 'threads', from: 1, to: 8, default: 2 }),
  shareOf: number({ help: 'a share', unit: 'a share', above: 0, to: 1 }),
  everyMs: number({ help: 'a time', unit: 'milliseconds', from: 50, zero: 'never', default: 100 }),
  count: integer({ help: 'a count', from: 0, orInfinity: true, default: Number.POSITIVE_INFINITY }),
  fast: toggle({ help: 'whether it is fast', default: false }),
  mode: choice(['act', 'plan', 'rest'], { help: 'what it does', default: 'act' }),
  name: value('a name', (given): given is string => typeof given === 'string' && given !== '', {
    help: 'how it is called',
    isRequired: true,
  }),
  listener: closure<(event: string) => void>({ help: 'hears what happens' }),
  within: nested({ least: integer({ help: 'at least', from: 0, default: 1 }) }, { help: 'an object' }),
};

const check = (given: unknown) => checkOptions('play()', TABLE, given);
const refused = (given: unknown): string => thrown(() => check(given), 'BAD_OPTION').message;

test('what is left out, or undefined, has its default', () => {
  const defaults = { workers: 2, shareOf: undefined, everyMs: 100, count: Number.POSITIVE_INFINITY, fast: false };
  const rest = { mode: 'act', name: 'x', listener: undefined, within: { least: 1 } };
  assert.deepEqual(check({ name: 'x' }), { ...defaults, ...rest });
  assert.deepEqual(check({ name: 'x', workers: undefined, within: undefined }), { ...defaults, ...rest });
});

test('what is given is kept', () => {
  const listener = (): void => {};
  const given: Given<typeof TABLE> = {
    workers: 8,
    shareOf: 0.5,
    everyMs: 0,
    count: 0,
    fast: true,
    mode: 'rest',
    name: 'x',
    listener,
    within: { least: 0 },
  };
  assert.deepEqual(check(given), given);
});

const REFUSALS: readonly [object, string][] = [
  [{ workers: 0 }, "option 'workers' of play() must be an integer from 1 to 8, got 0"],
  [{ workers: 9 }, "option 'workers' of play() must be an integer from 1 to 8, got 9"],
  [{ workers: 1.5 }, "option 'workers' of play() must be an integer from 1 to 8, got 1.5"],
  [{ workers: '2' }, `option 'workers' of play() must be an integer from 1 to 8, got "2"`],
  [{ workers: null }, "option 'workers' of play() must be an integer from 1 to 8, got null"],
  [{ workers: Number.NaN }, "option 'workers' of play() must be an integer from 1 to 8, got NaN"],
  [{ shareOf: 0 }, "option 'shareOf' of play() must be a share above 0, at most 1, got 0"],
  [{ everyMs: 49 }, "option 'everyMs' of play() must be 0 for never, or milliseconds from 50 on, got 49"],
  [{ everyMs: Number.POSITIVE_INFINITY }, 'milliseconds from 50 on, got Infinity'],
  [{ count: -1 }, "option 'count' of play() must be an integer from 0 on, or Infinity, got -1"],
  [{ fast: 1 }, "option 'fast' of play() must be true or false, got 1"],
  [{ mode: 'plans' }, `option 'mode' of play() must be 'act', 'plan' or 'rest', got "plans"`],
  [{ name: '' }, `option 'name' of play() must be a name, got ""`],
  [{ name: undefined }, "option 'name' of play() must be a name, got undefined"],
  [{ listener: 'x' }, `option 'listener' of play() must be a function, got "x"`],
  [{ within: 5 }, "option 'within' of play() must be an object such as { least: 5 }, got 5"],
  [{ within: { least: -1 } }, "option 'within.least' of play() must be an integer from 0 on, got -1"],
  [{ within: { most: 1 } }, "'within' of play() has no option 'most': use one of 'least'"],
  [{ worker: 1 }, "play() has no option 'worker': did you mean 'workers'?"],
  [{ wokers: 1 }, "play() has no option 'wokers': did you mean 'workers'?"],
  [{ zeal: 1 }, "play() has no option 'zeal': use one of 'workers', 'shareOf', 'everyMs'"],
  [{ constructor: 1 }, "play() has no option 'constructor'"],
];

for (const [given, text] of REFUSALS) {
  test(`refused: ${text}`, () => {
    assert.ok(refused({ name: 'x', ...given }).includes(text), refused({ name: 'x', ...given }));
  });
}

test('what is no object is refused', () => {
  for (const given of [null, 5, 'fast', [], () => {}])
    assert.match(refused(given), /^option 'options' of play\(\) must be an object such as \{ .*name: .* \}, got /);
});

test('an adapted entry checks as before, with other words and another default', () => {
  const other = { workers: adapted(TABLE.workers, { defaultText: 'drawn', absent: () => 7 }) };
  assert.deepEqual(checkOptions('play()', other, {}), { workers: 7 });
  assert.match(
    thrown(() => checkOptions('play()', other, { workers: 9 }), 'BAD_OPTION').message,
    /an integer from 1 to 8/,
  );
  assert.equal(other.workers.defaultText, 'drawn');
});

test('defaults are told as people write them', () => {
  const bytes = integer({ help: 'bytes', unit: 'bytes, an integer', from: 1, default: 1 << 21 });
  assert.equal(bytes.defaultText, '2 MiB');
  assert.equal(number({ help: 'a time', default: 10_000 }).defaultText, '10,000');
  assert.equal(TABLE.mode.defaultText, '`act`');
  assert.equal(TABLE.within.defaultText, '`{ least: 1 }`');
});

test('docs/, `--help` there and doc comments say what the tables say: node dist/scripts/option-docs.js writes them', () => {
  for (const [file, text] of expectedTexts()) assert.equal(readFileSync(join(ROOT, file), 'utf8'), text, file);
});

test('where a bare value is given for options, the text shows what to write', () => {
  const shown = (given: unknown): string =>
    /^option 'options' of play\(\) must be an object such as (.*), got /.exec(refused(given))?.[1] ?? '';
  assert.equal(shown('Ada'), '{ name: "Ada" }');
  // Several take it: which one was meant is not guessed.
  assert.equal(shown(5), '{ name: … }');
  assert.equal(shown(0.5), '{ shareOf: 0.5, name: … }');
  assert.equal(shown(60_000), '{ name: … }');
  assert.equal(shown(true), '{ fast: true, name: … }');
  assert.equal(shown(-1), '{ name: … }');
  assert.equal(shown(undefined), '{ name: … }');
  assert.equal(shown([1]), '{ name: … }');
});
