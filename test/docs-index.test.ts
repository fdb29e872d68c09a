// Goal: every page is found from docs/README.md.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

test('docs/README.md leads to every page', () => {
  const index = readFileSync('docs/README.md', 'utf8');
  const pages = readdirSync('docs').filter((name) => name.endsWith('.md') && name !== 'README.md');
  assert.deepEqual(
    pages.filter((page) => !index.includes(`(${page})`)),
    [],
  );
});

test('docs/examples.md leads to every example', () => {
  const page = readFileSync('docs/examples.md', 'utf8');
  const examples = readdirSync('examples', { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory()
      ? entry.name === 'data'
        ? []
        : [`${entry.name}/`]
      : /\.[jt]s$/.test(entry.name)
        ? [entry.name]
        : [],
  );
  assert.ok(examples.length > 10);
  assert.deepEqual(
    examples.filter((example) => !page.includes(`(../examples/${example}`)),
    [],
  );
});
