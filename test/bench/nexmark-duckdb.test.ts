// Goal: the queries in SQL that Millrace is compared with give exactly the expected rows, where DuckDB is there.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { DUCKDB, hasDuckDb } from '../../bench/baselines/duckdb.ts';
import { compareTable, isSame } from '../../bench/nexmark/compare.ts';
import { QUERIES } from '../../bench/nexmark/duckdb/queries.ts';
import { runQuery } from '../../bench/nexmark/duckdb/run.ts';
import { BOUND_MS } from '../../bench/nexmark/rules.ts';
import { TABLE_NAMES } from '../../bench/nexmark/tables.ts';
import { newPath } from '../kit/temporary-files.ts';

const small = fileURLToPath(new URL('../../../test/data/nexmark/', import.meta.url));

test('each query in SQL is a table', () => {
  assert.deepEqual(
    Object.keys(QUERIES).filter((table) => !TABLE_NAMES.includes(table)),
    [],
  );
  assert.ok(Object.keys(QUERIES).length >= 15);
});

const skip = (await hasDuckDb()) ? false : `without ${DUCKDB}`;

for (const table of Object.keys(QUERIES)) {
  test(`${table} in SQL`, { skip }, async () => {
    const output = newPath('');
    const { rows } = await runQuery({ table, input: small, output, boundMs: BOUND_MS, threads: 2 });
    const path = join(small, 'expected', `${table}.csv`);
    const comparison = compareTable(table, join(output, `${table}.csv`), existsSync(path) ? path : `${path}.gz`);
    assert.ok(isSame(comparison), JSON.stringify(comparison, null, 1));
    assert.equal(rows, comparison.rows);
  });
}
