// Goal: the first figures, in the README, are those of the full table in docs/benchmarks.md: nobody measures one and forgets the other.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

/** The rows of the tables of results, without the padding of their cells. */
const rowsOf = (file: string): string[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => /^\| `[\w-]+` +\| /.test(line) && line.includes('×'))
    .map((line) => line.replace(/ +/g, ' '));

test("the README's figures are those of docs/benchmarks.md", () => {
  const first = rowsOf('README.md');
  const all = new Set(rowsOf('docs/benchmarks.md'));
  assert.ok(first.length >= 5);
  assert.deepEqual(
    first.filter((row) => !all.has(row)),
    [],
  );
});
