// Goal: what an app that wires nothing up sees on standard error, in a process of its own, and how that process ends.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { TIMEOUT } from '../kit/run-flow.ts';

const APP = fileURLToPath(new URL('../kit/apps/silent-app.js', import.meta.url));

interface Expected {
  readonly code: number;
  readonly stdout?: string;
  /** What each line that begins a notice must match, in order. */
  readonly lines: readonly RegExp[];
  /** What must stand below one of them. */
  readonly below?: RegExp;
}

const LETTERS = /^millrace: job 'failures' has ended with 14 dead letters that nobody has read: /;

const SCENARIOS: readonly [string, Expected][] = [
  ['letters', { code: 0, lines: [LETTERS], below: /^ {4}RangeError: 0 is a third\n {8}at .*silence\.[jt]s/m }],
  ['letters, and an exit at once', { code: 0, lines: [LETTERS] }],
  ['letters, switched off', { code: 0, lines: [] }],
  [
    'failed',
    {
      code: 0,
      lines: [
        /^millrace: job 'failures' has ended with 2 dead letters/,
        /^millrace: job 'failures' has failed, and nobody awaits job\.done: OPERATOR_FAILED: /,
      ],
      below: /^ {4}SyntaxError: 4 is fatal\n {8}at .*silence\.[jt]s/m,
    },
  ],
  ['a function that throws', { code: 0, stdout: 'true\n', lines: [] }],
  [
    'one after the other',
    { code: 0, lines: [/^millrace: job 'odds-and-evens' has stood still for [\d.]+ s: output 'evens' is not read: /] },
  ],
  ['a loop that is left', { code: 0, stdout: 'left\n', lines: [] }],
  ['a wait that nothing can end', { code: 13, lines: [/^told of it$/] }],
  ['an exit of the app', { code: 0, lines: [] }],
  ['listeners', { code: 0, stdout: '1 0\n', lines: [/^millrace: job 'failures' has ended with \d+ dead letters/] }],
];

for (const [scenario, { code, stdout = '', lines, below }] of SCENARIOS) {
  test(`standard error: ${scenario}`, TIMEOUT, () => {
    const run = spawnSync(process.execPath, [APP, scenario], { encoding: 'utf8', timeout: 50_000 });
    assert.equal(run.status, code, run.stderr);
    assert.equal(run.stdout, stdout);
    // Node.js has lines of its own, about a top-level await that is not settled.
    const begun = run.stderr.split('\n').filter((line) => /^millrace: |^told/.test(line));
    // First letters of operators are told where the job takes a while: on a busy machine that may be any.
    const found = begun.filter((line) => !line.startsWith("millrace: operator '"));
    assert.equal(found.length, lines.length, run.stderr);
    for (const [i, line] of lines.entries()) assert.match(found[i], line);
    if (below !== undefined) assert.match(run.stderr, below);
  });
}
