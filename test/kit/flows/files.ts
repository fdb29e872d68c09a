// Flows that read files, and write them.
// Workers import this module too: it declares, and runs nothing.

import { dataflow, type SinkDefinition, t } from '../../../src/index.ts';
import { writeLines } from '../../../src/sinks.ts';
import { readCsv, readLines, type SourceDefinition } from '../../../src/sources.ts';

export interface ReadParams {
  readonly paths: string | readonly string[];
  readonly parallelism?: number;
  readonly follow?: boolean;
}

export const reading = dataflow(import.meta.url, 'reading', (flow, { paths, parallelism = 1, follow }: ReadParams) =>
  flow.source('lines', readLines(paths, { follow }), { parallelism }).collect('out'),
);

export const recordFields = { id: t.u32(), value: t.f64() };

export interface RecordParams {
  readonly paths: string | readonly string[];
  readonly parallelism?: number;
  readonly failure?: 'deadLetter' | 'stop' | 'escalate';
  /** A value at which an operator fused behind the source throws. */
  readonly poison?: number;
}

export const records = dataflow(
  import.meta.url,
  'records',
  (flow, { paths, parallelism = 1, failure = 'deadLetter', poison }: RecordParams) =>
    flow
      .source('rows', readCsv(paths, recordFields, { badRecords: 'skip' }), { parallelism, failure })
      .map('checked', recordFields, (tuple) => {
        if (tuple.value === poison) throw new RangeError('poison');
        return tuple;
      })
      .collect('out'),
);

export interface CopyParams {
  readonly from: string;
  readonly to: string;
  readonly alsoTo?: string;
}

export const copying = dataflow(import.meta.url, 'copying', (flow, { from, to, alsoTo }: CopyParams) => {
  const lines = flow.source('in', readLines(from));
  lines.to(
    'out',
    writeLines(to, ({ line }) => line),
  );
  if (alsoTo !== undefined)
    lines.to(
      'also',
      writeLines(alsoTo, ({ line }) => line),
    );
});

/** A source and a sink of the app's own, which say what files they use. */
export const ownEnds = dataflow(
  import.meta.url,
  'own-ends',
  (flow, { reads, writes }: { reads: string[]; writes: string[] }) => {
    const source = readLines('/dev/null');
    const own: SourceDefinition<typeof source.fields> = { ...source, files: reads };
    const sink: SinkDefinition<{ line: string }> = {
      files: writes,
      open: () => ({ write() {}, flush: () => 0, rollback() {}, close() {} }),
    };
    flow.source('in', own).to('out', sink);
  },
);
