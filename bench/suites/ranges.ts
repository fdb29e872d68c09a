// Suite `ranges`: one large file, read in two ranges by two replicas, against one reader. Bytes are those of the file, over the time
// from where the job runs to its end: what threads compile, and what they find out about where ranges begin, is in it.

import { closeSync, openSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { By, Effort } from '../effort.ts';
import { type RangesOrder, rangesFlow } from '../flows/ranges.ts';
import { type Contender, type Measurement, type Result, runExperiment } from '../harness.ts';
import { inTemporaryFolder } from '../temporary-folder.ts';

const ROUNDS: By<number> = { quick: 1, usual: 3, full: 5 };
const FILE_BYTES: By<number> = { quick: 16e6, usual: 48e6, full: 100e6 };
const SUMS = 16 * 1024;
const BLOCK_RECORDS = 10_000;

/** The contents that are read: how, and the record of a number. */
const FILES: Readonly<Record<string, { kind: RangesOrder['kind']; recordOf: (n: number) => string }>> = {
  lines: { kind: 'lines', recordOf: (n) => `${n},${n / 8},${(n * 7) % 1000},name ${n % 1000}` },
  csv: { kind: 'csv', recordOf: (n) => `${n},${n / 8},${(n * 7) % 1000},name ${n % 1000}` },
  'csv-quoted': { kind: 'csv', recordOf: (n) => `${n},${n / 8},${(n * 7) % 1000},"name, ""${n % 1000}""\nand more"` },
};

function writeFile(path: string, bytes: number, recordOf: (n: number) => string): void {
  const descriptor = openSync(path, 'w');
  for (let n = 0, written = 0; written < bytes; n += BLOCK_RECORDS) {
    const records = Array.from({ length: BLOCK_RECORDS }, (_, i) => `${recordOf(n + i)}\n`);
    written += writeSync(descriptor, records.join(''));
  }
  closeSync(descriptor);
}

/** @param sums what runs of all contenders have come to: one number, or they have read differently */
function contender(
  replicas: number,
  order: Pick<RangesOrder, 'path' | 'kind'>,
  name: string,
  sums: Set<number>,
): Contender {
  return {
    name: replicas === 1 ? 'one reader' : 'millrace',
    async run() {
      const shared = new Float64Array(new SharedArrayBuffer(SUMS * Float64Array.BYTES_PER_ELEMENT));
      const params = { ...order, replicas, sums: shared };
      const job = await rangesFlow.run({ params, workers: replicas, spares: 0 });
      const startMs = performance.now();
      await job.done;
      const elapsedMs = performance.now() - startMs;
      sums.add(shared.reduce((sum, each) => sum + each));
      if (sums.size > 1) throw new Error(`${name}: records are missing, or changed`);
      return { [name]: (statSync(order.path).size * 1000) / elapsedMs };
    },
    close: async () => {},
  };
}

export function ranges(effort: Effort): Measurement[] {
  return Object.entries(FILES).map(([name, { kind, recordOf }]) => ({
    measure: (progress): Promise<Result[]> =>
      inTemporaryFolder('ranges', async (folder) => {
        const order = { path: join(folder, 'file'), kind };
        writeFile(order.path, FILE_BYTES[effort], recordOf);
        const sums = new Set<number>();
        return await runExperiment(
          {
            results: [name],
            unit: 'B/s',
            better: 'higher',
            rounds: ROUNDS[effort],
            ours: async () => contender(2, order, name, sums),
            baselines: [async () => contender(1, order, name, sums)],
          },
          progress,
        );
      }),
  }));
}
