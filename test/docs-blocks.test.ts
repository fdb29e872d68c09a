// Goal: code in docs/ that says which file it is, is that file: what CI runs is what people read.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const FENCED = /^```\w+ file=(\S+)\n([\s\S]*?)^```$/gm;

const blocks = readdirSync('docs')
  .filter((name) => name.endsWith('.md'))
  .flatMap((page) =>
    [...readFileSync(`docs/${page}`, 'utf8').matchAll(FENCED)].map(([, file, text]) => ({ page, file, text })),
  );

test('the tutorial shows each of its files', () => {
  const shown = blocks.filter(({ page }) => page === 'tutorial.md').map(({ file }) => file);
  const files = readdirSync('examples/tutorial').map((file) => `examples/tutorial/${file}`);
  assert.deepEqual(shown.sort(), files.sort());
});

for (const { page, file, text } of blocks) {
  test(`docs/${page} shows ${file} as it is`, () => assert.equal(text, readFileSync(file, 'utf8')));
}
