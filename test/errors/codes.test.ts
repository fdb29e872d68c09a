// Goal: whoever meets an error code finds when it comes and what to do: every code has a text, in the file of its group, and
// docs/errors.md says what the table says.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ERROR_PAGE, expectedErrorPage } from '../../scripts/error-docs.ts';
import { ERROR_CODES } from '../../src/errors/codes.ts';

const FOLDER = 'src/errors';
const textFiles = readdirSync(FOLDER).filter((file) => file.endsWith('-errors.ts'));

/** The codes that a file's texts are of. */
const codesIn = (file: string): string[] => {
  const text = readFileSync(`${FOLDER}/${file}`, 'utf8');
  return [...new Set([...text.matchAll(/new MillraceError\(\s*'(\w+)'/g)].map(([, code]) => code))].sort();
};

test('every code has a text, and its texts stand in the file of its group', () => {
  const found = Object.fromEntries(textFiles.map((file) => [file.replace('-errors.ts', ''), codesIn(file)]));
  const wanted = Object.fromEntries(
    Object.entries(ERROR_CODES).map(([group, codes]) => [group, Object.keys(codes).sort()]),
  );
  assert.deepEqual(found, wanted);
});

test('docs/errors.md says what the table says: npm run write:docs writes it', () => {
  assert.equal(readFileSync(ERROR_PAGE, 'utf8'), expectedErrorPage());
});
