// Goal: what a flow declares is listed by --help and read by its types, and what it does not declare is refused with what may be meant.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flowModule, millrace } from '../kit/command.ts';
import { TIMEOUT } from '../kit/run-flow.ts';

const DECLARED = flowModule('declared');

test('values have the types that the flow declares, whatever they look like', TIMEOUT, async () => {
  const { code, stdout, stderr } = await millrace(
    'run',
    DECLARED,
    '--text',
    '007e1',
    '--max-words=3',
    '--dry-run',
    '--json',
  );
  assert.equal(code, 0, stderr);
  assert.deepEqual(JSON.parse(stdout.split('\n')[0]).tuple.given, {
    text: '007e1',
    share: 0.5,
    maxWords: 3,
    dryRun: true,
    pack: 'none',
  });
  const digits = await millrace('run', DECLARED, '--text', '5', '--share', '1', '--pack', 'gzip', '--json');
  assert.deepEqual(JSON.parse(digits.stdout.split('\n')[0]).tuple.given, {
    text: '5',
    share: 1,
    dryRun: false,
    pack: 'gzip',
  });
});

test('--help of a module lists what its flow takes', TIMEOUT, async () => {
  for (const args of [
    ['run', DECLARED, '--help'],
    ['run', '--workers', '2', DECLARED, '-h'],
  ]) {
    const { code, stdout } = await millrace(...args);
    assert.equal(code, 0);
    assert.match(stdout, /^millrace run .*declared\.js --text TEXT \[options\]\n/);
    assert.match(stdout, /--text TEXT +any text \(must be given\)\n/);
    assert.match(stdout, /--share NUMBER +a share \(default: 0\.5\)\n/);
    assert.match(stdout, /--max-words N +words at most\n/);
    assert.match(stdout, /--dry-run +writes nothing\n/);
    assert.match(stdout, /--pack gzip\|none +\(default: none\)\n/);
    assert.match(stdout, /--workers N/);
  }
  const undeclared = await millrace('run', flowModule('several'), '--flow', 'two', '--help');
  assert.match(undeclared.stdout, /Runs flow 'two'[\s\S]*The flow does not say which it takes/);
});

const REFUSED: readonly [string, string[], RegExp][] = [
  ['a misspelt parameter', ['--txet', 'a'], /takes no parameter --txet: did you mean --text\? \[USAGE\]/],
  ['a misspelt option', ['--text', 'a', '--workrs', '2'], /no parameter --workrs: did you mean --workers\?/],
  ['an unknown one', ['--text', 'a', '--zzz'], /it takes --text, --share, --max-words, --dry-run, --pack \[USAGE\]/],
  ['one that is missing', [], /flow 'declared' needs parameter 'text', a string.* \[BAD_OPTION\]/],
  ['no number', ['--text', 'a', '--share', 'half'], /'share' of flow 'declared' must be a number, got "half"/],
  ['no integer', ['--text', 'a', '--max-words', '1.5'], /'maxWords' .* must be an integer, got 1\.5/],
  ['no value', ['--text'], /'text' .* must be a string, got true/],
  ['another word', ['--text', 'a', '--pack', 'zip'], /must be one of 'gzip', 'none', got "zip"/],
];

for (const [what, args, line] of REFUSED) {
  test(`exit code 2: ${what}`, TIMEOUT, async () => {
    const { code, stderr, stdout } = await millrace('run', DECLARED, ...args);
    assert.equal(code, 2, stderr);
    assert.match(stderr, line);
    assert.equal(stdout, '');
  });
}
