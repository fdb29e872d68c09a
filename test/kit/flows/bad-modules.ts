// Flows that work in the app's thread and not on a worker.
// Workers import this module too: it declares, and runs nothing.

import { isMainThread, threadId } from 'node:worker_threads';
import { dataflow, t } from '../../../src/index.ts';
import { generate } from '../../../src/sources.ts';

const fields = { n: t.u32() };
const numbers = () => generate(fields, (n) => ({ n }), { count: 10 });

const onMainThread = dataflow(import.meta.url, 'not-exported-on-a-worker', (flow) =>
  flow.source('s', numbers()).collect('out'),
);

/** Only the app's thread sees this export as a flow. */
export const hidden = isMainThread ? onMainThread : undefined;

export type Difference = 'operator' | 'parallelism' | 'fuse' | 'state' | 'schema';

/** Is built differently where it must not be. */
export const differs = dataflow(import.meta.url, 'differs', (flow, { by }: { by: Difference }) => {
  const here = isMainThread;
  const output = by === 'schema' && here ? { n: t.f64() } : fields;
  const stream = flow.source('s', numbers());
  const filtered = by === 'operator' && here ? stream.filter('only-in-the-app', () => true) : stream;
  return filtered
    .keyBy('n')
    .process(
      'p',
      { output, state: by === 'state' && here ? { a: t.u32() } : { a: t.f64() } },
      ({ n }, _, emit) => emit({ n }),
      { parallelism: by === 'parallelism' && here ? 2 : 1, fuse: !(by === 'fuse' && here) },
    )
    .collect('out');
});

/** Build throws on workers only. */
export const throwsOnWorkers = dataflow(import.meta.url, 'throws-on-workers', (flow) => {
  if (!isMainThread) throw new TypeError(`no flow on thread ${threadId > 0 ? 'of a worker' : 0}`);
  return flow.source('s', numbers()).collect('out');
});
