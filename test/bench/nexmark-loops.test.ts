// Goal: the plain loops of Nexmark give exactly the expected rows, however the files are cut into partitions. They are what
// Millrace is compared with, and the harness is tested by them.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { compareTable, isSame } from '../../bench/nexmark/compare.ts';
import { LAYOUTS } from '../../bench/nexmark/layouts.ts';
import { runLoop } from '../../bench/nexmark/loops/run.ts';
import { ALLOWED_MS, BOUND_MS } from '../../bench/nexmark/rules.ts';
import { STREAMS, TABLE_NAMES } from '../../bench/nexmark/tables.ts';
import { newPath } from '../kit/temporary-files.ts';

const small = fileURLToPath(new URL('../../../test/data/nexmark/', import.meta.url));

/** Inflated once: there are 25 tables and four layouts. */
const input = newPath('');
mkdirSync(input);
writeFileSync(join(input, 'side.csv'), readFileSync(join(small, 'side.csv')));
for (const stream of STREAMS)
  writeFileSync(join(input, `${stream}.csv`), gunzipSync(readFileSync(join(small, `${stream}.csv.gz`))));

const expectedFile = (table: string): string => {
  const path = join(small, 'expected', `${table}.csv`);
  return existsSync(path) ? path : `${path}.gz`;
};

const order = { boundMs: BOUND_MS, allowedMs: ALLOWED_MS };

const ways = [
  ...LAYOUTS.map((layout) => ({ layout, by: 'bytes' as const })),
  { layout: 'types', by: 'readline' } as const,
];
for (const way of ways) {
  test(`all tables, layout ${way.layout}, read by ${way.by}`, async () => {
    const output = newPath('');
    for (const table of TABLE_NAMES) {
      await runLoop({ ...order, table, input, output, ...way });
      const comparison = compareTable(table, join(output, `${table}.csv`), expectedFile(table));
      assert.ok(isSame(comparison), JSON.stringify(comparison, null, 1));
    }
  });
}

test('compressed files are the same input', async () => {
  const output = newPath('');
  for (const [table, by] of [
    ['q3', 'bytes'],
    ['words', 'readline'],
  ] as const) {
    await runLoop({ ...order, table, input: small, output, layout: 'types', by });
    const comparison = compareTable(table, join(output, `${table}.csv`), expectedFile(table));
    assert.ok(isSame(comparison), JSON.stringify(comparison, null, 1));
  }
});
