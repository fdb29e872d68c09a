// Goal: what closures print comes out, in order, however their thread ends, by the time that the job has ended.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type ChildOptions, runApp } from '../kit/child-app.ts';
import { ENDS_AT, type Ending, LARGE_BYTES, LOADED, lineOf } from '../kit/flows/printing.ts';
import { TIMEOUT } from '../kit/run-flow.ts';

const APP = fileURLToPath(new URL('../kit/apps/printing-app.js', import.meta.url));

/** What an app has printed: the lines of its closures, and how many it knows of. */
async function outputOf(values: readonly string[], options?: ChildOptions) {
  const { code, stdout, stderr } = await runApp(APP, values, options);
  assert.equal(code, 0, stderr);
  const lines = stdout.split('\n');
  assert.equal(lines.pop(), '');
  const [, printed, error] = /^end (\d+) (\w+)$/.exec(lines.pop() as string) ?? assert.fail('it tells its end');
  return { lines, stderr, printed: Number(printed), error };
}

const all = Array.from({ length: 5000 }, (_, n) => lineOf(n));

test('every line of a job that ends, in order', TIMEOUT, async () => {
  const { lines } = await outputOf(['plain']);
  assert.deepEqual(lines, all);
});

test('the same to a reader that is slow to begin', TIMEOUT, async () => {
  const { lines } = await outputOf(['plain'], { readAfterMs: 1500 });
  assert.deepEqual(lines, all);
});

test('the same on standard error', TIMEOUT, async () => {
  const { lines, stderr } = await outputOf(['plain', 'none', 'stderr']);
  assert.deepEqual(lines, []);
  assert.deepEqual(stderr.split('\n').slice(0, -1), all);
});

test('large chunks come out whole', TIMEOUT, async () => {
  const { lines } = await outputOf(['large']);
  assert.deepEqual(
    lines.map((line) => [line.length, line[0], line[LARGE_BYTES - 1]]),
    ['0', '1', '2', '3'].map((digit) => [LARGE_BYTES, digit, digit]),
  );
});

/** Lines of which none may be missing: a batch that is run again prints its lines again. */
function assertNoneMissing(lines: readonly string[], printed: number, deaths: number, count: number): void {
  assert.ok(lines.length >= printed && lines.length <= printed + deaths, `${lines.length} lines of ${printed}`);
  const found = new Set(lines);
  for (let n = 0; n < count; n++) assert.ok(found.has(lineOf(n)), `line ${n}`);
}

for (const ending of ['exit', 'uncaught', 'hang'] as Ending[]) {
  test(`what a thread had printed that ends by ${ending} is not lost`, TIMEOUT, async () => {
    const { lines, printed, error } = await outputOf(['plain', ending]);
    assert.equal(error, 'none');
    assertNoneMissing(lines, printed, 1, 5000);
  });
}

test('what a job had printed that fails is not lost', TIMEOUT, async () => {
  const { lines, printed, error } = await outputOf(['plain', 'throw']);
  assert.equal(error, 'OPERATOR_FAILED');
  assertNoneMissing(lines, printed, 0, ENDS_AT + 1);
});

for (const scenario of ['cancel', 'kill']) {
  test(`what a worker had printed is not lost: ${scenario}`, TIMEOUT, async () => {
    const { lines, printed, error } = await outputOf([scenario]);
    assert.equal(error, 'JOB_CANCELLED');
    assert.ok(printed >= 3000);
    assertNoneMissing(lines, printed, 2, 3000);
  });
}

test('what a module prints as a worker or a spare loads it', TIMEOUT, async () => {
  const { lines } = await outputOf(['spare']);
  assert.equal(lines.filter((line) => line === LOADED).length, 2);
});
