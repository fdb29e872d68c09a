// The flow of the suite `startup`: one tuple, which goes through one operator. Run as a program it times itself.

import { isMainThread } from 'node:worker_threads';
import { dataflow, t } from '../../src/index.ts';
import { generate } from '../../src/sources.ts';

const fields = { n: t.u32() };

export const oneTuple = dataflow(import.meta.url, 'one-tuple', (flow) =>
  flow
    .source(
      'once',
      generate(fields, (n) => ({ n }), { count: 1 }),
    )
    .map('same', fields, (tuple) => tuple)
    .collect('results'),
);

/** Where this module is. */
export const oneTupleModule = import.meta.url;

if (isMainThread && process.argv[1] !== undefined && import.meta.url.endsWith(process.argv[1].replace(/^.*\//, '/'))) {
  const startedMs = performance.now();
  const job = await oneTuple.run({ workers: 1 });
  let read = 0;
  for await (const _tuple of job.output('results')) read++;
  await job.done;
  if (read !== 1) throw new Error(`one-tuple: ${read} tuples came`);
  console.log(performance.now() - startedMs);
}
