// Runs a query of Nexmark in DuckDB over the files of a trace, into the table's file.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type DuckDb, openDuckDb } from '../../baselines/duckdb.ts';
import { fileOf } from '../files.ts';
import type { LoopOrder, LoopReport } from '../loops/run.ts';
import { columnsOf, emptyOf } from '../records.ts';
import { type StreamName, tableOf } from '../tables.ts';
import { QUERIES } from './queries.ts';

/** The files are read as the layout `types` has them: each is one partition. */
export interface QueryOrder extends Pick<LoopOrder, 'table' | 'input' | 'output' | 'boundMs'> {
  readonly threads: number;
}

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** The lines of a file, of the columns that a query asks for. */
function linesOf(input: string, stream: StreamName): string {
  const columns = columnsOf(stream).map((name) => `${name}: '${emptyOf(name) === 0 ? 'BIGINT' : 'VARCHAR'}'`);
  return `read_csv(${quoted(fileOf(input, stream))}, header = true, columns = {${columns.join()}})`;
}

/** What is on time: a line that is the newest so far is not late, whether it counts itself or not. */
const onTime = (input: string, stream: StreamName, boundMs: number): string => `
  CREATE VIEW ${stream} AS SELECT * EXCLUDE newest FROM (
    SELECT *, max(dateTime) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS newest FROM ${linesOf(input, stream)}
  ) WHERE dateTime >= newest - ${boundMs}`;

async function countOf(database: DuckDb, input: string, stream: StreamName): Promise<number> {
  const read = await database.runAndReadAll(`SELECT count(*) FROM ${linesOf(input, stream)}`);
  return Number(read.getRows()[0][0]);
}

/** Writes one table. What is told of the time is from the files to the last row written. */
export async function runQuery({ table, input, output, boundMs, threads }: QueryOrder): Promise<LoopReport> {
  const { name, from, form } = tableOf(table);
  mkdirSync(output, { recursive: true });
  const database = await openDuckDb(threads);
  try {
    const startedMs = performance.now();
    for (const stream of from) await database.run(onTime(input, stream, boundMs));
    if (name === 'q13') await database.run(`CREATE VIEW side AS FROM read_csv(${quoted(join(input, 'side.csv'))})`);
    const order = form.kind === 'ordered' ? ` ORDER BY ${[...form.by, ...form.then].join()}` : '';
    const path = quoted(join(output, `${name}.csv`));
    const read = await database.runAndReadAll(`COPY (SELECT * FROM (${QUERIES[name]})${order}) TO ${path} (HEADER)`);
    const rows = Number(read.getRows()[0][0]);
    const elapsedMs = performance.now() - startedMs;
    const counts = await Promise.all(from.map((stream) => countOf(database, input, stream)));
    return { lines: counts.reduce((sum, count) => sum + count, 0), rows, elapsedMs };
  } finally {
    database.closeSync();
  }
}
