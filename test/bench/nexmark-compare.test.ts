// Goal: the comparison of Nexmark's tables finds each kind of difference, and none where the answer is the same.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { compareTable, isSame } from '../../bench/nexmark/compare.ts';
import { fileOf } from '../kit/temporary-files.ts';

const fileOfRows = (...rows: string[]): string => fileOf(rows.map((row) => `${row}\n`).join(''), '.csv');

function differences(table: string, ours: readonly string[], expected: readonly string[]) {
  const comparison = compareTable(table, fileOfRows(...ours), fileOfRows(...expected));
  const { missing, unexpected, disordered, examples } = comparison;
  assert.equal(isSame(comparison), examples.length === 0);
  return { missing, unexpected, disordered, examples };
}

const NONE = { missing: 0, unexpected: 0, disordered: 0, examples: [] };

test('append: the order is free, each row counts as often as it stands there', () => {
  const rows = ['5,123,7', '6,246,8', '6,246,8'];
  assert.deepEqual(differences('q2', [rows[1], rows[0], rows[2]], rows), NONE);
  assert.deepEqual(differences('q2', rows, rows.slice(0, 2)), {
    ...NONE,
    unexpected: 1,
    examples: ['unexpected: 6,246,8'],
  });
  assert.deepEqual(differences('q2', rows.slice(0, 2), rows), { ...NONE, missing: 1, examples: ['missing: 6,246,8'] });
  assert.deepEqual(differences('q2', ['5,123,7', '6,246,9'], ['5,123,7', '6,246,8']), {
    missing: 1,
    unexpected: 1,
    disordered: 0,
    examples: ['missing: 6,246,8', 'unexpected: 6,246,9'],
  });
});

test('ordered: rows of a key ascend by number, those of different keys stand anyhow', () => {
  const expected = ['7,900,1900,1', '7,1000,2000,1', '8,500,1500,2'];
  assert.deepEqual(differences('q11', [expected[2], expected[0], expected[1]], expected), NONE);
  assert.deepEqual(differences('q11', [expected[1], expected[2], expected[0]], expected), {
    ...NONE,
    disordered: 1,
    examples: ['out of order: 7,900,1900,1 stands behind 7,1000,2000,1'],
  });
});

test('ordered: a second column decides where the first is the same', () => {
  const expected = ['1,10,500,7,7', '1,11,500,9,8'];
  assert.deepEqual(differences('q6', expected, expected), NONE);
  assert.equal(differences('q6', [...expected].reverse(), expected).disordered, 1);
});

test('ordered without a key: all rows ascend', () => {
  const rows = [1, 2].map((day) => [day * 86_400_000, ...Array(12).fill(1)].join());
  assert.deepEqual(differences('q15', rows, rows), NONE);
  assert.equal(differences('q15', [...rows].reverse(), rows).disordered, 1);
});

test('upsert: the last row of a key counts', () => {
  const expected = ['1000,7,3', '2000,7,1'];
  assert.deepEqual(differences('q12_allowed', ['1000,7,2', '2000,7,1', '1000,7,3'], expected), NONE);
  assert.deepEqual(differences('q12_allowed', ['1000,7,3', '2000,7,1', '1000,7,2'], expected), {
    missing: 1,
    unexpected: 1,
    disordered: 0,
    examples: ['wrong: 1000,7,2, expected 1000,7,3', 'missing: 1000,7,3', 'unexpected: 1000,7,2'],
  });
  assert.equal(differences('q12_allowed', ['1000,7,3'], expected).missing, 1);
});

test('headers are optional, quotes count only where they are needed, and files may be compressed', () => {
  const header = 'window_start,id,name,auctions';
  assert.deepEqual(
    differences('q8', ['0,1,"Ann",2', '0,2,"Bo, ""B""",1'], [header, '0,1,Ann,2', '0,2,"Bo, ""B""",1']),
    NONE,
  );
  assert.equal(differences('q8', ['0,2,"Bo; ""B""",1'], ['0,2,"Bo, ""B""",1']).missing, 1);
  const compressed = fileOf(gzipSync(`${header}\r\n0,1,Ann,2\r\n`), '.csv.gz');
  assert.ok(isSame(compareTable('q8', fileOfRows('0,1,Ann,2'), compressed)));
});

test('a few differences of many are shown', () => {
  const rows = Array.from({ length: 100 }, (_, i) => `${i},123,1`);
  const { missing, examples } = differences('q2', [], rows);
  assert.deepEqual([missing, examples.length], [100, 5]);
});

test('a table that there is not is refused', () => {
  assert.throws(() => compareTable('q10', fileOfRows(), fileOfRows()), /there is no table 'q10'/);
});
