// An app that reads CSV from standard input and writes JSON lines to standard output.

import { isMainThread } from 'node:worker_threads';
import { dataflow, t } from '../../../src/index.ts';
import { writeJson } from '../../../src/sinks.ts';
import { readCsv } from '../../../src/sources.ts';

export const flow = dataflow(import.meta.url, 'flow', (build) => {
  build.source('in', readCsv('-', { n: t.u32(), word: t.string() }, { header: true })).to('out', writeJson('-'));
});

if (isMainThread) {
  const job = await flow.run({ workers: 1, spares: 0 });
  await job.done;
}
