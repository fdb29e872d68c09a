// Flows whose sources know how much there is, or do not; a worker may die on the way.

import { dataflow, type SourceDefinition, type SourceProgress, type SourceReader, t } from '../../../src/index.ts';
import { fromIterable, generate, push, readLines } from '../../../src/sources.ts';

const FIELDS = { line: t.string() };

export interface ProgressParams {
  readonly kind: 'file' | 'array' | 'generate' | 'endless' | 'own';
  readonly path?: string;
  readonly count?: number;
  readonly ranges?: number;
  /** The first cell counts tuples; at that in the second one the worker dies, once. The third holds the flow up while it is not 0. */
  readonly cells: Int32Array;
  /** What a source of its own says of its progress. */
  readonly says?: unknown;
}

const ownSource = (says: unknown): SourceDefinition<typeof FIELDS> => ({
  kind: 'reader',
  fields: FIELDS,
  open({ position }) {
    const reader: SourceReader<{ line: string }> = {
      position,
      read(emit) {
        emit({ line: String(reader.position++) });
        return reader.position === 3 ? 'end' : 'more';
      },
      progress: () => says as SourceProgress,
      close() {},
    };
    return reader;
  },
});

function sourceOf({ kind, path = '', count = 0, ranges, says }: ProgressParams) {
  switch (kind) {
    case 'file':
      return readLines(path, { ranges });
    case 'array':
      return fromIterable(FIELDS, () => Array.from({ length: count }, (_, i) => ({ line: String(i) })));
    case 'generate':
      return generate(FIELDS, (i) => ({ line: String(i) }), { count, partitions: ranges });
    case 'endless':
      return generate(FIELDS, (i) => ({ line: String(i) }), { ratePerSecond: 1000 });
    case 'own':
      return ownSource(says);
  }
}

export const progressing = dataflow(import.meta.url, 'progressing', (flow, params: ProgressParams) => {
  const { cells } = params;
  return flow
    .source('lines', sourceOf(params), { parallelism: params.ranges ?? 1 })
    .map('counted', { line: t.string() }, (tuple) => {
      if (Atomics.add(cells, 0, 1) === cells[1]) process.exit(1);
      while (Atomics.load(cells, 2) !== 0) Atomics.wait(cells, 2, 1, 5);
      return tuple;
    })
    .filter('none', () => false)
    .collect('out');
});

export const fed = dataflow(import.meta.url, 'fed', (flow) => flow.source('app', push(FIELDS)).collect('out'));
