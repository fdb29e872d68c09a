// A file that is read in ranges, with records of which some are bad, and some have line ends in quotes; and what one reader makes of it.

import { dataflow, type ParallelismRange, type SourceDefinition, t } from '../../../src/index.ts';
import type { Shape } from '../../../src/mailbox/schema.ts';
import { csvSource, lineSource } from '../file-sources.ts';

export interface RangeParams {
  readonly path: string;
  readonly kind: 'csv' | 'lines';
  readonly ranges: number;
  readonly parallelism: number | ParallelismRange;
  readonly chunkBytes: number;
}

const RECORDS = { n: t.u32(), text: t.string() };

/** The text of so many records. Every tenth is bad. */
export const textOfRecords = (count: number): string =>
  Array.from({ length: count }, (_, n) => (n % 10 === 9 ? `bad ${n}\n` : `${n},"${textOf(n)}"\n`)).join('');

export const textOf = (n: number): string => (n % 3 === 0 ? `a\n${n},\r\n` : `é${'x'.repeat(n % 7)}`);

export const inRanges = dataflow(
  import.meta.url,
  'in ranges',
  (flow, { path, kind, ranges, parallelism, chunkBytes }: RangeParams) => {
    const source =
      kind === 'lines'
        ? lineSource(path, {}, chunkBytes, ranges)
        : csvSource(path, RECORDS, { badRecords: 'skip' }, chunkBytes, ranges);
    flow.source('file', source as unknown as SourceDefinition<Shape>, { parallelism }).collect('out');
  },
);
