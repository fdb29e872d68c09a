// Suite `nexmark`: each query that has a flow, beside its plain loop in one thread, over the same files: whole jobs, from the call that
// starts them to their last row; and beside DuckDB, if it is installed, which reads the files whole. What each has written is compared
// afterwards.

import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DUCKDB, hasDuckDb } from '../baselines/duckdb.ts';
import { openSolo } from '../baselines/solo.ts';
import type { By, Effort } from '../effort.ts';
import { type Contender, type Measurement, type Result, runExperiment } from '../harness.ts';
import { compareTable, isSame } from '../nexmark/compare.ts';
import { QUERIES } from '../nexmark/duckdb/queries.ts';
import type { QueryOrder } from '../nexmark/duckdb/run.ts';
import { flows } from '../nexmark/flows.ts';
import { writeLonger } from '../nexmark/longer.ts';
import type { LoopOrder, LoopReport } from '../nexmark/loops/run.ts';
import { ALLOWED_MS, BOUND_MS } from '../nexmark/rules.ts';
import { runFlow } from '../nexmark/run.ts';
import { MERGED } from '../nexmark/sources/merged-lines.ts';
import { tableOf } from '../nexmark/tables.ts';
import { inTemporaryFolder } from '../temporary-folder.ts';

/** In the repository: beside the compiled code, not in it. */
const SMALL = fileURLToPath(new URL('../../../test/data/nexmark/', import.meta.url));

const ROUNDS: By<number> = { quick: 1, usual: 2, full: 5 };
/** Copies of the trace: of 45,000 bids each. */
const COPIES: By<number> = { quick: 1, usual: 10, full: 40 };
/** Persons and auctions are a twelfth of the lines: a query without bids has more copies of them. */
const FEW_LINES = 12;
/** Of the usual run, which shares ten minutes: all bids pass, few of them, and a state of each auction. */
const USUAL: readonly string[] = ['q0', 'q2', 'q19'];

/** Those that late lines have are the same loop as the others, without a query in it. */
const queries = (): string[] => Object.keys(flows).filter((table) => !table.startsWith('late_'));

interface Files {
  readonly input: string;
  readonly ours: string;
  readonly loops: string;
  /** Undefined if DuckDB is not there. */
  readonly sql: string | undefined;
}

async function measureQuery(table: string, files: Files, rounds: number, progress: (line: string) => void) {
  const { sql } = files;
  const order = { table, input: files.input, layout: 'types', boundMs: BOUND_MS, allowedMs: ALLOWED_MS } as const;
  const workers = Math.max(2, availableParallelism());
  const figures = ({ lines, elapsedMs }: { lines: number; elapsedMs: number }) => ({
    [table]: (lines * 1000) / elapsedMs,
  });
  /** What most would write, and what one would who has parsed many files: nothing is made per line. */
  const loop = (name: string, by: LoopOrder['by']) => async (): Promise<Contender> => {
    const thread = openSolo<LoopOrder, LoopReport>('./single-thread-nexmark.js');
    const run = async () => figures(await thread.run({ ...order, output: files.loops, by }));
    return { name, run, close: thread.close };
  };
  const duckDb = (output: string) => async (): Promise<Contender> => {
    const thread = openSolo<QueryOrder, LoopReport>('./duckdb-nexmark.js');
    const run = async () => figures(await thread.run({ ...order, output, threads: workers }));
    return { name: 'duckdb', run, close: thread.close };
  };
  const hasSql = sql !== undefined && Object.hasOwn(QUERIES, table);
  const results = await runExperiment(
    {
      results: [table],
      unit: 'lines/s',
      better: 'higher',
      rounds,
      ours: async (): Promise<Contender> => ({
        name: 'millrace',
        run: async () => figures(await runFlow({ ...order, output: files.ours, workers, parallelism: 1 })),
        close: async () => {},
      }),
      baselines: [loop('readline', 'readline'), loop('bytes-loop', 'bytes'), ...(hasSql ? [duckDb(sql)] : [])],
    },
    progress,
  );
  const file = `${table}.csv`;
  for (const other of hasSql ? [files.loops, sql] : [files.loops]) {
    const comparison = compareTable(table, join(files.ours, file), join(other, file));
    if (!isSame(comparison)) throw new Error(`${table} differs from ${other}: ${comparison.examples.join('; ')}`);
  }
  return results;
}

export function nexmark(effort: Effort): Measurement[] {
  return [
    {
      measure: (progress): Promise<Result[]> =>
        inTemporaryFolder('nexmark', async (folder) => {
          const isThere = await hasDuckDb();
          if (!isThere) progress(`without duckdb: npm install --no-save ${DUCKDB} brings it`);
          const sql = isThere ? join(folder, 'sql') : undefined;
          const output = { ours: join(folder, 'ours'), loops: join(folder, 'loops'), sql };
          const results: Result[] = [];
          for (const table of effort === 'usual' ? USUAL : queries()) {
            const { from } = tableOf(table);
            const hasBids = from.includes('bids');
            const streams = hasBids ? MERGED : from;
            const input = join(folder, streams.join('-'));
            const copies = COPIES[effort] * (hasBids ? 1 : FEW_LINES);
            if (!existsSync(input)) writeLonger(SMALL, input, copies, streams);
            results.push(...(await measureQuery(table, { ...output, input }, ROUNDS[effort], progress)));
          }
          return results;
        }),
    },
  ];
}
