// Goal: code in docs/ that says which file it is, is that file: what CI runs is what people read.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { codeBlocks } from './kit/docs-code.ts';

const copies = codeBlocks.filter(({ file }) => file !== undefined);

test('the tutorial shows each of its files', () => {
  const shown = copies.filter(({ page }) => page === 'docs/tutorial.md').map(({ file }) => file);
  const files = readdirSync('examples/tutorial').map((file) => `examples/tutorial/${file}`);
  assert.deepEqual(shown.sort(), files.sort());
});

for (const { page, file, text } of copies) {
  test(`${page} shows ${file} as it is`, () => assert.equal(text, readFileSync(file as string, 'utf8')));
}
