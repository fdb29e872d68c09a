// Goal: the sources of Nexmark give the lines of their partition in order, judge the same ones late as the rules say, and go on at any
// position as if nothing had been.
// A failure prints its seed; MILLRACE_TEST_SEED=<seed> runs all randomised tests with it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { columnsOf, emptyOf, some } from '../../bench/nexmark/records.ts';
import { dealtLines } from '../../bench/nexmark/sources/dealt-lines.ts';
import { MERGED, mergedLines } from '../../bench/nexmark/sources/merged-lines.ts';
import { STREAMS, type StreamName } from '../../bench/nexmark/tables.ts';
import type { Shape, SourceDefinition } from '../../src/index.ts';
import { readCsv } from '../../src/sources.ts';
import { copyOfPosition } from '../../src/state/transaction/position.ts';
import { runs } from '../kit/arbitraries.ts';
import { drain } from '../kit/drive.ts';
import { fileOf } from '../kit/temporary-files.ts';

const small = fileURLToPath(new URL('../../../test/data/nexmark/', import.meta.url));
const LINES_MAX = 1200;

type Tuple = Record<string, number | string>;
type Source = SourceDefinition<Shape, Record<string, unknown>, unknown>;

/** The first lines of each file. */
const texts = Object.fromEntries(
  STREAMS.map((stream) => {
    const text = gunzipSync(readFileSync(join(small, `${stream}.csv.gz`))).toString('utf8');
    return [
      stream,
      `${text
        .trimEnd()
        .split('\n', LINES_MAX + 1)
        .join('\n')}\n`,
    ];
  }),
) as Record<StreamName, string>;
const paths = Object.fromEntries(STREAMS.map((stream) => [stream, fileOf(texts[stream], '.csv')]));

/** The records of a file by another parser. */
function recordsOf(stream: StreamName): Tuple[] {
  const records: Record<string, string>[] = parse(texts[stream], { columns: true });
  return records.map((record) =>
    Object.fromEntries(
      Object.entries(record).map(([name, cell]) => [name, emptyOf(name) === '' ? cell : Number(cell)]),
    ),
  );
}

/** With every field of every stream. */
const ALL = Object.fromEntries(MERGED.map((stream) => [stream, columnsOf(stream)]));

const arrived = MERGED.flatMap((stream, kind) => {
  const empty = Object.fromEntries(MERGED.flatMap(columnsOf).map((name) => [name, emptyOf(name)]));
  return recordsOf(stream).map((record): Tuple => ({ ...empty, ...record, kind }));
}).sort((one, other) => Number(one.seq) - Number(other.seq));

interface Case {
  readonly name: string;
  readonly source: Source;
  readonly partition: number;
  readonly records: readonly Tuple[];
}

const cases: Case[] = [
  ...STREAMS.map((stream) => ({
    name: `${stream}, a file a partition`,
    source: readCsv(paths[stream], some(stream, columnsOf(stream)), { header: true }) as unknown as Source,
    partition: 0,
    records: recordsOf(stream),
  })),
  ...(['auctions', 'lines'] as const).flatMap((stream) =>
    [2, 4].flatMap((parts) =>
      [0, parts - 1].map((partition) => ({
        name: `${stream}, partition ${partition} of ${parts}`,
        source: dealtLines(paths[stream], stream, columnsOf(stream), parts) as unknown as Source,
        partition,
        records: recordsOf(stream).filter((_, i) => i % parts === partition),
      })),
    ),
  ),
  {
    name: 'merged by seq',
    source: mergedLines((stream) => paths[stream], ALL) as unknown as Source,
    partition: 0,
    records: arrived,
  },
];

const plain = (tuples: readonly object[]): object[] => tuples.map((tuple) => ({ ...tuple }));

for (const { name, source, partition, records } of cases) {
  test(`${name}: its lines in order`, async () => {
    const tuples = await drain(source, { partition, limit: 100 });
    assert.deepEqual(plain(tuples), records);
  });

  test(`${name}: goes on at any position`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 400 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (limit, share) => {
          const stops: { position: unknown; count: number }[] = [];
          await drain(source, {
            partition,
            limit,
            after: (position, count) => stops.push({ position: copyOfPosition('source', position), count }),
          });
          const { position, count } = stops[Math.floor(share * (stops.length - 1))];
          const rest = await drain(source, {
            partition,
            limit: 1 + (limit % 50),
            position: position as never,
          });
          assert.deepEqual(plain(rest), records.slice(count));
        },
      ),
      runs(9),
    );
  });
}
