// Writes docs/errors.md's tables of error codes from src/errors/codes.ts: `node dist/scripts/error-docs.js` writes; a test
// fails if the page is not as it would be written.
// Relies on a marker for each group of codes (`<!-- errors: flow -->` … `<!-- /errors -->`).

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ERROR_CODES } from '../src/errors/codes.ts';

export const ERROR_PAGE = 'docs/errors.md';

type Group = keyof typeof ERROR_CODES;

const BLOCK = /(<!-- errors: (\w+) -->)[\s\S]*?(<!-- \/errors -->)/g;

const pathOf = (file: string): string => fileURLToPath(new URL(`../../${file}`, import.meta.url));

function table(group: Group): string {
  const rows = Object.entries(ERROR_CODES[group]).map(
    ([code, [when, remedy]]) => `| <a id="${code}"></a>\`${code}\` | ${when} | ${remedy} |`,
  );
  return ['<!-- prettier-ignore -->', '| code | when | remedy |', '| --- | --- | --- |', ...rows].join('\n');
}

/** What the page should hold: one block for each group, in any order. */
export function expectedErrorPage(): string {
  const missing = new Set<string>(Object.keys(ERROR_CODES));
  const text = readFileSync(pathOf(ERROR_PAGE), 'utf8').replace(
    BLOCK,
    (_, open: string, group: string, close: string) => {
      if (!missing.delete(group))
        throw new Error(`${ERROR_PAGE}: '${group}' is no group of codes, or stands there twice`);
      return `${open}\n\n${table(group as Group)}\n\n${close}`;
    },
  );
  if (missing.size > 0) throw new Error(`${ERROR_PAGE} has no block for ${[...missing].join(', ')}`);
  return text;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(pathOf(ERROR_PAGE), expectedErrorPage());
