// Suite `csv-aggregate`: from a CSV file to count and sum of each of 100,000 keys, on all cores: whole jobs, from the call that starts
// them to their last result. Every side's totals are checked.

import { closeSync, openSync, writeSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { DUCKDB, hasDuckDb } from '../baselines/duckdb.ts';
import type { AggregateOrder, AggregateReport } from '../baselines/single-thread-aggregate.ts';
import { openSolo } from '../baselines/solo.ts';
import type { By, Effort } from '../effort.ts';
import { csvAggregateFlow } from '../flows/csv-aggregate.ts';
import { type Contender, type Measurement, type Result, runExperiment } from '../harness.ts';
import { inTemporaryFolder } from '../temporary-folder.ts';

const ROUNDS: By<number> = { quick: 1, usual: 3, full: 5 };
const RECORDS: By<number> = { quick: 100_000, usual: 2_000_000, full: 4_000_000 };
const KEYS = 100_000;
const BLOCK_RECORDS = 10_000;

interface File {
  readonly path: string;
  readonly records: number;
  readonly sum: number;
}

const centsOf = (record: number): number => (record * 7919) % 100_003;
/** Each key once, then in no order. */
const keyOf = (record: number): number =>
  record < KEYS ? record : (Math.imul(record ^ (record >>> 7), 0x9e3779b1) >>> 8) % KEYS;

function writeRecords(path: string, records: number): File {
  const descriptor = openSync(path, 'w');
  writeSync(descriptor, 'user,cents\n');
  let sum = 0;
  for (let from = 0; from < records; from += BLOCK_RECORDS) {
    const block: string[] = [];
    for (let record = from; record < from + BLOCK_RECORDS; record++) {
      const cents = centsOf(record);
      sum += cents;
      block.push(`customer-${100_000 + keyOf(record)},${cents}.25\n`);
    }
    writeSync(descriptor, block.join(''));
  }
  closeSync(descriptor);
  return { path, records, sum: sum + records / 4 };
}

function contender(
  name: string,
  file: File,
  run: () => Promise<AggregateReport>,
  close: () => Promise<void>,
): Contender {
  return {
    name,
    async run() {
      const { keys, count, sum, elapsedMs } = await run();
      if (keys !== Math.min(KEYS, file.records) || count !== file.records || sum !== file.sum)
        throw new Error(`${name}: expected ${file.records} records with sum ${file.sum}, got ${count} with ${sum}`);
      return { records: (file.records * 1000) / elapsedMs };
    },
    close,
  };
}

async function runMillrace(path: string, workers: number): Promise<AggregateReport> {
  const startMs = performance.now();
  const job = await csvAggregateFlow.run({ params: { path, readers: workers }, workers });
  let [keys, count, sum] = [0, 0, 0];
  for await (const total of job.output('results')) {
    keys += 1;
    count += total.count;
    sum += total.sum;
  }
  await job.done;
  return { keys, count, sum, elapsedMs: performance.now() - startMs };
}

/** The file is written once, and removed after the last run. */
export function csvAggregate(effort: Effort): Measurement[] {
  const workers = Math.max(2, availableParallelism());
  const open = (by: AggregateOrder['by'], file: File) => async (): Promise<Contender> => {
    const thread = openSolo<AggregateOrder, AggregateReport>('./single-thread-aggregate.js');
    return contender(by, file, () => thread.run({ by, path: file.path, threads: workers }), thread.close);
  };
  return [
    {
      measure: (progress): Promise<Result[]> =>
        inTemporaryFolder('csv-aggregate', async (folder) => {
          const file = writeRecords(join(folder, 'records.csv'), RECORDS[effort]);
          const isThere = await hasDuckDb();
          if (!isThere) progress(`without duckdb: npm install --no-save ${DUCKDB} brings it`);
          return await runExperiment(
            {
              results: ['records'],
              unit: 'records/s',
              better: 'higher',
              rounds: ROUNDS[effort],
              ours: async () =>
                contender(
                  'millrace',
                  file,
                  () => runMillrace(file.path, workers),
                  async () => {},
                ),
              baselines: [open('readline', file), open('csv-parse', file), ...(isThere ? [open('duckdb', file)] : [])],
            },
            progress,
          );
        }),
    },
  ];
}
