// Suite `csv`: how fast the lines of a file become tuples of numbers, on one thread each: readCsv against loops over text.
// Bytes are those of the lines after the warm share. The file is a trace of Linear Road: 15 columns, 11 of which are used.

import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { CsvParserName, CsvSoloOrder } from '../baselines/single-thread-csv.ts';
import { openSolo } from '../baselines/solo.ts';
import type { By, Effort } from '../effort.ts';
import { type CsvOrder, csvFlow, sumOf } from '../flows/csv.ts';
import type { Contender, Measurement, Result } from '../harness.ts';
import { runExperiment } from '../harness.ts';
import { inputLine, Trace } from '../linear-road/trace.ts';
import type { SinkReport } from '../meter.ts';
import { inTemporaryFolder } from '../temporary-folder.ts';
import { onlyTuple } from './only-tuple.ts';

const ROUNDS: By<number> = { quick: 1, usual: 3, full: 5 };
const WARM_SHARE = 0.3;
const TRACE = { seed: 1, arrivalsFrom: 20, arrivalsTo: 60 };
const TRACE_SECONDS: By<number> = { quick: 100, usual: 600, full: 600 };
const PASSES = 3;

interface File extends CsvOrder {
  readonly sum: number;
  /** Of the lines that are timed. */
  readonly timedBytes: number;
}

/** Writes a trace several times over. */
function writeTrace(path: string, effort: Effort): File {
  const lines = new Trace({ ...TRACE, seconds: TRACE_SECONDS[effort] }).lines();
  const text = Buffer.from(lines.map((line) => `${inputLine(line)}\n`).join(''));
  const descriptor = openSync(path, 'w');
  for (let pass = 0; pass < PASSES; pass++) writeSync(descriptor, text);
  closeSync(descriptor);
  const count = lines.length * PASSES;
  const warm = Math.ceil(count * WARM_SHARE);
  const sum = PASSES * lines.reduce((total, line) => total + sumOf(line), 0);
  return { path, count, warm, sum, timedBytes: (text.length * PASSES * (count - warm)) / count };
}

function contender(name: string, file: File, run: () => Promise<SinkReport>, close: () => Promise<void>): Contender {
  return {
    name,
    async run() {
      const { seen, sum, elapsedMs } = await run();
      if (seen !== file.count || sum !== file.sum) throw new Error(`${name}: lines are missing, or changed`);
      return { bytes: (file.timedBytes * 1000) / elapsedMs };
    },
    close,
  };
}

async function runMillrace(params: CsvOrder): Promise<SinkReport> {
  const job = await csvFlow.run({ params, workers: 1, spares: 0 });
  const report = await onlyTuple(job.output('report'));
  await job.done;
  return report;
}

function openLoop(parser: CsvParserName, file: File): Contender {
  const thread = openSolo<CsvSoloOrder, SinkReport>('./single-thread-csv.js');
  return contender(parser, file, () => thread.run({ ...file, parser }), thread.close);
}

/** The file is written once, and removed after the last run. */
export function csv(effort: Effort): Measurement[] {
  return [
    {
      measure: (progress): Promise<Result[]> =>
        inTemporaryFolder('csv', async (folder) => {
          const file = writeTrace(join(folder, 'trace.csv'), effort);
          return await runExperiment(
            {
              results: ['bytes'],
              unit: 'B/s',
              better: 'higher',
              rounds: ROUNDS[effort],
              ours: async () =>
                contender(
                  'millrace',
                  file,
                  () => runMillrace(file),
                  async () => {},
                ),
              baselines: [async () => openLoop('split', file), async () => openLoop('papaparse', file)],
            },
            progress,
          );
        }),
    },
  ];
}
