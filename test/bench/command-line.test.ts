// Goal: the benchmarks' command line is read as its usage says, and refuses the rest.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BadCommandLine } from '../../bench/bad-command-line.ts';
import { type CommandLine, readCommandLine, USAGE } from '../../bench/command-line.ts';
import { suiteNames, USUAL_SECONDS } from '../../bench/suites.ts';

test('without arguments all suites run, with the usual effort', () => {
  const expected = { names: suiteNames, effort: 'usual', json: undefined, plots: undefined, slowWakeUs: 0 };
  assert.deepEqual(readCommandLine([]), expected);
  assert.ok(suiteNames.includes('micro'));
});

test('the usual run has ten minutes, which all suites share', () => {
  assert.deepEqual(Object.keys(USUAL_SECONDS), suiteNames);
  assert.ok(Object.values(USUAL_SECONDS).reduce((sum, each) => sum + each) < 600);
});

test('suites and options are taken, each suite once', () => {
  assert.deepEqual(readCommandLine(['micro', 'csv', 'micro', '--quick', '--json', 'out.json']), {
    names: ['micro', 'csv'],
    effort: 'quick',
    json: 'out.json',
    plots: undefined,
    slowWakeUs: 0,
  });
  assert.deepEqual(readCommandLine(['--full', '--plots=plots']), {
    names: suiteNames,
    effort: 'full',
    json: undefined,
    plots: 'plots',
    slowWakeUs: 0,
  });
});

test('wake-ups are made slower in the suites whose flows can have that', () => {
  const { names, slowWakeUs } = readCommandLine(['word-count', '--slow-wake', '50']) as CommandLine;
  assert.deepEqual([names, slowWakeUs], [['word-count'], 50]);
});

test('--help asks for the usage, which names every suite', () => {
  assert.equal(readCommandLine(['micro', '--help']), 'help');
  for (const name of suiteNames) assert.ok(USAGE.includes(name), name);
});

const refused: readonly [readonly string[], RegExp][] = [
  [['micro', 'macro'], /unknown suite 'macro'/],
  [['toString'], /unknown suite 'toString'/],
  [['--quick', '--full'], /--quick and --full do not go together/],
  [['--json', ''], /--json needs the name of a file/],
  [['--plots', ''], /--plots needs the name of a folder/],
  [['--fast'], /--fast/],
  [['word-count', '--slow-wake', 'much'], /--slow-wake takes an integer from 1 to 100000, got 'much'/],
  [['word-count', 'csv', '--slow-wake', '50'], /--slow-wake does nothing in 'csv': name word-count or keyed-count/],
];
for (const [args, message] of refused) {
  test(`refused: ${args.map((each) => each || "''").join(' ')}`, () => {
    assert.throws(
      () => readCommandLine(args),
      (error: unknown) => error instanceof BadCommandLine && message.test(error.message),
    );
  });
}
