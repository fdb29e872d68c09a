// Goal: exit code 2 for every command line that another one would put right, 1 for what the code or the machine is to blame for; and
// what nearly spells an option is not taken for a parameter in silence.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { nearest } from '../../src/options/nearest.ts';
import { flowModule, MAIN, millrace, ROOT } from '../kit/command.ts';
import { TIMEOUT } from '../kit/run-flow.ts';

const VALUES = flowModule('values');
const REFUSING = flowModule('refusing');
const SEVERAL = flowModule('several');

const COMMANDS: readonly [string, number, string[], RegExp][] = [
  ['no command', 2, [], /no command given/],
  ['an unknown command', 2, ['walk', VALUES], /there is no command 'walk'/],
  ['no module', 2, ['run'], /needs the path of a module/],
  ['a second positional argument', 2, ['run', VALUES, 'more'], /'more' is a second/],
  ['a module that is not there', 2, ['run', 'nowhere.js'], /there is no module nowhere\.js/],
  ['a directory that is not there', 2, ['run', 'no/where.js'], /there is no module/],
  ['a short option', 2, ['run', VALUES, '-w', '2'], /there is no option '-w'/],
  ['an option without a value', 2, ['run', VALUES, '--workers'], /--workers needs a value/],
  [
    'an option with a bad number',
    2,
    ['run', VALUES, '--workers', 'two'],
    /'workers' of millrace run must be an integer .* got "two"/,
  ],
  ['a number out of range', 2, ['run', VALUES, '--stall-timeout-ms', '-1'], /'stallTimeoutMs' of millrace run must be/],
  ['an option that is given twice', 2, ['run', VALUES, '--workers', '1', '--workers', '1'], /given twice/],
  ['a switch with a value', 2, ['run', VALUES, '--json=maybe'], /--json takes no value/],
  [
    'a misspelt option',
    2,
    ['run', VALUES, '--worker', '2'],
    /takes no parameter --worker: did you mean the option --workers\?/,
  ],
  [
    'a misspelt parameter of a flow that declares none',
    2,
    ['run', 'examples/word-count.js', '--fiel', 'nowhere.txt'],
    /takes no parameter --fiel: did you mean --file\? \[USAGE\]/,
  ],
  ['a misspelt switch', 2, ['run', VALUES, '--verbos'], /did you mean the option --verbose\?/],
  ['a module without a flow', 2, ['run', flowModule('no-flow')], /does not export a flow/],
  ['several flows and no choice', 2, ['run', SEVERAL], /exports several flows/],
  ['a flow that is not there', 2, ['run', SEVERAL, '--flow', 'six'], /does not export the flow 'six'/],
  ['a flow that only an app can feed', 2, ['run', SEVERAL, '--flow', 'fed'], /takes its tuples from an app/],
  ['params that the flow refuses', 2, ['run', REFUSING], /--count is missing \[TypeError\]/],
  [
    'params that a source refuses',
    2,
    ['run', REFUSING, '--count', '-1'],
    /'count' of generate\(\) must be .* \[BAD_OPTION\]/,
  ],
  ['a module that cannot be imported', 1, ['run', flowModule('broken')], /not today \[MODULE_IMPORT\]/],
  ['a flow whose code is wrong', 1, ['run', flowModule('crooked')], /has no consumer.* \[NO_CONSUMER\]/],
  ['a file that is not there', 1, ['run', 'examples/word-count.js', '--file', 'nowhere.txt'], /\[INPUT_FILE\]/],
  ['a job that fails', 1, ['run', flowModule('failing')], /\[OPERATOR_FAILED\]/],
];

for (const [what, exitCode, args, line] of COMMANDS) {
  test(`exit code ${exitCode}: ${what}`, TIMEOUT, async () => {
    const { code, stderr } = await millrace(...args);
    assert.equal(code, exitCode, stderr);
    assert.match(stderr, line);
    // On a busy machine it is told meanwhile that an import takes long.
    assert.equal(stderr.match(/^millrace: (?!flow '.*' waits for )/gm)?.length, 1, stderr);
  });
}

test('a parameter that the flow reads may be named nearly like an option, and after -- any may', TIMEOUT, async () => {
  for (const args of [
    [REFUSING, '--count', '2', '--worker', '3'],
    [flowModule('params'), '--', '--worker', '3'],
  ]) {
    const { code, stdout, stderr } = await millrace('run', ...args);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^(0\n3\n|\{"worker":3\}\n)$/);
  }
});

test('what is nearly the name of an option', () => {
  const near: [string, string][] = [
    ['worker', 'workers'],
    ['flwo', 'flow'],
    ['wrokers', 'workers'],
    ['maxWorkers', 'max-workers'],
    ['ring-byte', 'ring-bytes'],
    ['hang-timeout', 'hang-timeout-ms'],
  ];
  const far: [string, string][] = [
    ['words', 'workers'],
    ['file', 'flow'],
    ['step', 'spares'],
    ['js', 'json'],
    ['count', 'scaling'],
  ];
  for (const [name, option] of near) assert.equal(nearest(name, [option]), option, `${name} and ${option}`);
  for (const [name, option] of far) assert.equal(nearest(name, [option]), undefined, `${name} and ${option}`);
});

test('a terminal of width 0 gets plain lines, all tuples of them', TIMEOUT, () => {
  const terminal = (columns: number): string =>
    `data:text/javascript,for (const stream of [process.stdout, process.stderr]) { stream.isTTY = true; stream.columns = ${columns}; stream.rows = ${columns}; }`;
  const run = (columns: number) =>
    spawnSync(
      process.execPath,
      ['--import', terminal(columns), MAIN, 'run', REFUSING, '--count', '50', '--workers', '1'],
      { cwd: ROOT, encoding: 'utf8', timeout: 50_000, env: { ...process.env, TERM: 'xterm' } },
    );
  const flat = run(0);
  assert.equal(flat.status, 0, flat.stderr);
  assert.equal(flat.stdout, Array.from({ length: 50 }, (_, n) => `${n}\n`).join(''));
  assert.ok(!flat.stderr.includes('\x1b['), 'nothing is drawn in place');
  assert.match(flat.stderr, /^refusing: done in /m);
  const wide = run(80);
  assert.equal(wide.status, 0, wide.stderr);
  assert.ok(wide.stdout.includes('\x1b['), 'a terminal with a width gets the live view');
});
