// Baselines of the `csv-aggregate` suite: what a Node developer writes today, count and sum of each key in a Map; and DuckDB, with as
// many threads as we have workers. A thread's entry; see solo.ts.

import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { parentPort } from 'node:worker_threads';
import { parse } from 'csv-parse';
import { openDuckDb } from './duckdb.ts';

export interface AggregateOrder {
  readonly by: 'readline' | 'csv-parse' | 'duckdb';
  readonly path: string;
  readonly threads: number;
}

export interface AggregateReport {
  readonly keys: number;
  readonly count: number;
  readonly sum: number;
  readonly elapsedMs: number;
}

type Report = Omit<AggregateReport, 'elapsedMs'>;

class Totals {
  private readonly rows = new Map<string, { count: number; sum: number }>();

  add(user: string, cents: number): void {
    const row = this.rows.get(user);
    if (row === undefined) this.rows.set(user, { count: 1, sum: cents });
    else {
      row.count += 1;
      row.sum += cents;
    }
  }

  report(): Report {
    const rows = [...this.rows.values()];
    return {
      keys: rows.length,
      count: rows.reduce((all, { count }) => all + count, 0),
      sum: rows.reduce((all, { sum }) => all + sum, 0),
    };
  }
}

async function byReadline(path: string): Promise<Report> {
  const totals = new Totals();
  let isHeader = true;
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
    if (!isHeader) {
      const [user, cents] = line.split(',');
      totals.add(user, Number(cents));
    }
    isHeader = false;
  }
  return totals.report();
}

async function byCsvParse(path: string): Promise<Report> {
  const totals = new Totals();
  for await (const [user, cents] of createReadStream(path).pipe(parse({ from: 2 }))) totals.add(user, Number(cents));
  return totals.report();
}

async function byDuckDb({ path, threads }: AggregateOrder): Promise<Report> {
  const connection = await openDuckDb(threads);
  const totals = `SELECT count(*) AS n, sum(cents) AS cents FROM read_csv('${path}') GROUP BY "user"`;
  const read = await connection.runAndReadAll(`SELECT count(*), sum(n), sum(cents) FROM (${totals})`);
  const [keys, count, sum] = read.getRows()[0].map(Number);
  return { keys, count, sum };
}

parentPort?.on('message', async (order: AggregateOrder) => {
  const startMs = performance.now();
  const by = { readline: byReadline, 'csv-parse': byCsvParse, duckdb: undefined }[order.by];
  const report = await (by === undefined ? byDuckDb(order) : by(order.path));
  parentPort?.postMessage({ ...report, elapsedMs: performance.now() - startMs });
});
