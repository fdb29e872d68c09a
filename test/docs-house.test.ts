// Goal: whoever looks something up in docs/house.md finds it: every path that the page names is there.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

test('every path of docs/house.md is there', () => {
  const text = readFileSync('docs/house.md', 'utf8');
  const paths = [...text.matchAll(/`((?:src|docs|proof|scripts|test)\/[^`]+)`/g)].map(([, path]) => path);
  assert.ok(paths.length >= 20);
  assert.deepEqual(
    paths.filter((path) => !existsSync(path)),
    [],
  );
});
