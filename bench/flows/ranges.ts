// The flow of the `ranges` suite: one file, read by one replica or in ranges by several, into a sum in the same actors. A `forEach`
// would be one replica, to which all tuples of several others go: the sum is a flatMap that emits nothing.

import { threadId } from 'node:worker_threads';
import { dataflow, t } from '../../src/index.ts';
import { readCsv, readLines } from '../../src/sources.ts';

export interface RangesOrder {
  readonly path: string;
  readonly kind: 'lines' | 'csv';
  readonly replicas: number;
  /** A sum of each thread, so that no tuple needs an atomic operation: there are more than threads by far. */
  readonly sums: Float64Array;
}

/** Between two sums: they are in cache lines of their own. */
const STRIDE = 16;

const NOTHING = { none: t.bool() };
const RANGES_FIELDS = { id: t.u32(), x: t.f64(), y: t.f64(), name: t.string() };

export const rangesFlow = dataflow(import.meta.url, 'ranges', (flow, { path, kind, replicas, sums }: RangesOrder) => {
  const options = { parallelism: replicas };
  const at = (threadId * STRIDE) % sums.length;
  if (kind === 'lines') {
    const add = ({ line }: { line: string }): void => {
      sums[at] += line.length;
    };
    flow
      .source('file', readLines(path, { ranges: 'auto' }), options)
      .flatMap('sum', NOTHING, add)
      .forEach('end', () => {});
    return;
  }
  const add = ({ id, x, y, name }: { id: number; x: number; y: number; name: string }): void => {
    sums[at] += id + x + y + name.length;
  };
  flow
    .source('file', readCsv(path, RANGES_FIELDS, { ranges: 'auto' }), options)
    .flatMap('sum', NOTHING, add)
    .forEach('end', () => {});
});
