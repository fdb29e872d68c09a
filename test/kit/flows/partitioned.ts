// A source of several partitions, and behind it all that shows whether each partition's tuples come once and in order: a
// stateless operator in the source's actor, and one that is keyed by partition.

import { dataflow, type ParallelismRange, type Stream, type TupleOf, t } from '../../../src/index.ts';
import {
  generate,
  readLines,
  type SourceContext,
  type SourceDefinition,
  type SourceReader,
  type SourceStatus,
} from '../../../src/sources.ts';

export interface PartitionedParams {
  readonly partitions: number;
  readonly parallelism: number | ParallelismRange;
  /** Tuples of each partition; one that is left out has no end. */
  readonly counts?: readonly number[];
  /** `generate` deals out as many as all counts are. */
  readonly kind: 'read' | 'generate';
  /**
   * Partition and number of a tuple at which an operator behind the source, or what generates it, ends its thread, or never
   * returns, or throws.
   */
  /** Of a source that is read: counts the readers that each partition has, unless it has ever had two at once. */
  readonly open?: Int32Array;
  readonly bad?: BadTuple;
}

export interface BadTuple {
  readonly partition: number;
  readonly n: number;
  readonly how: 'exit' | 'hang' | 'throw';
  readonly where: 'make' | 'map';
}

const isThe = (bad: BadTuple, { partition, n }: { partition: number; n: number }): boolean =>
  partition === bad.partition && n === bad.n;

const goBad = ({ how }: BadTuple): never => {
  if (how === 'exit') process.exit(1);
  if (how === 'throw') throw new Error('bad tuple');
  for (;;);
};

const FIELDS = { partition: t.u32(), n: t.u32() };
/** A reader waits now and then. */
const PAUSE_EVERY = 1000;

const OPEN_TWICE = 1000;

function numbers({ partitions, counts = [], open: openReaders }: PartitionedParams): SourceDefinition<typeof FIELDS> {
  const open = (context: SourceContext): SourceReader<TupleOf<typeof FIELDS>> => {
    const { partition } = context;
    if (openReaders !== undefined && Atomics.add(openReaders, partition, 1) > 0)
      Atomics.add(openReaders, partition, OPEN_TWICE);
    const count = counts[partition] ?? Number.POSITIVE_INFINITY;
    let pausedAt = -1;
    const reader = {
      position: context.position,
      read(emit: (tuple: TupleOf<typeof FIELDS>) => void, limit: number): SourceStatus {
        for (let i = 0; i < limit; i++) {
          const n = reader.position;
          if (n >= count) return 'end';
          if (n % PAUSE_EVERY === PAUSE_EVERY - 1 && pausedAt !== n) {
            pausedAt = n;
            setImmediate(() => context.wake());
            return 'wait';
          }
          emit({ partition, n });
          reader.position++;
        }
        return 'more';
      },
      close() {
        if (openReaders !== undefined) Atomics.sub(openReaders, partition, 1);
      },
    };
    return reader;
  };
  return { kind: 'reader', fields: FIELDS, partitions, open };
}

export const partitioned = dataflow(import.meta.url, 'partitioned', (flow, params: PartitionedParams) => {
  const { partitions, parallelism, counts = [], kind, bad } = params;
  const count = counts.length === 0 ? undefined : counts.reduce((sum, each) => sum + each, 0);
  const source =
    kind === 'read'
      ? numbers(params)
      : generate(
          FIELDS,
          (i, partition) => {
            const tuple = { partition, n: (i - partition) / partitions };
            return bad?.where === 'make' && isThe(bad, tuple) ? goBad(bad) : tuple;
          },
          { partitions, ...(count !== undefined && { count }) },
        );
  const passed: Stream<typeof FIELDS> = flow
    .source('numbers', source, { parallelism })
    .map('passed', FIELDS, (tuple) => (bad?.where === 'map' && isThe(bad, tuple) ? goBad(bad) : tuple));
  const all = passed.collect('all');
  const last = passed
    .keyBy('partition')
    .process(
      'follow',
      { state: { next: t.u32(), wrong: t.u32() }, output: { partition: t.u32(), next: t.u32(), wrong: t.u32() } },
      ({ n }, state) => {
        if (n !== state.next) state.wrong++;
        state.next = n + 1;
      },
      { parallelism: 2, end: ({ partition }, { next, wrong }, emit) => emit({ partition, next, wrong }) },
    )
    .collect('last');
  return { all, last };
});

/** Lines of files, each numbered, whose file they name. */
export const files = dataflow(
  import.meta.url,
  'files',
  (flow, { paths, parallelism }: { paths: readonly string[]; parallelism: ParallelismRange }) =>
    flow.source('lines', readLines(paths), { parallelism }).collect('out'),
);
