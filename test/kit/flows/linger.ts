// Flows whose sources wait between bursts, so that their batches linger, and whose bursts are more than their rings hold.
// Workers import this module too: it declares, and runs nothing.

import { setTimeout as sleep } from 'node:timers/promises';
import type { SourceReader } from '../../../src/flow/source.ts';
import { dataflow, type Stream, type TupleOf, t } from '../../../src/index.ts';
import { fromIterable, push, type SourceDefinition } from '../../../src/sources.ts';

const TEXT = { n: t.u32(), text: t.string() };

export const textOf = (n: number, bytes: number): string => `${n}:`.padEnd(bytes, 'x');
const tupleOf = (n: number, bytes: number) => ({ n, text: textOf(n, bytes) });

export interface Burst {
  readonly count: number;
  /** Tuples that are given at once. */
  readonly burst: number;
  /** Of the text of a tuple. */
  readonly bytes: number;
}

/** A reader that gives a burst, says wait, and goes on a millisecond later. */
function burstSource({ count, burst, bytes }: Burst): SourceDefinition<typeof TEXT> {
  return {
    kind: 'reader',
    fields: TEXT,
    open({ position, wake }) {
      const reader: SourceReader<TupleOf<typeof TEXT>> = {
        position,
        read(emit, limit) {
          for (let left = Math.min(limit, burst); left > 0; left--) {
            if (reader.position === count) return 'end';
            emit(tupleOf(reader.position, bytes));
            reader.position++;
          }
          setTimeout(wake, 1);
          return 'wait';
        },
        close: () => {},
      };
      return reader;
    },
  };
}

/** The iterable of `partition`, which pauses after each burst, so that a read takes one whole. */
async function* burstsOf({ count, burst, bytes }: Burst, partition: number, partitions: number) {
  for (let n = partition, given = 0; n < count; n += partitions) {
    yield tupleOf(n, bytes);
    if (++given % burst === 0) await sleep(2);
  }
}

/** A reader, by itself. */
export const bursts = dataflow(import.meta.url, 'bursts', (flow, params: Burst) =>
  flow.source('texts', burstSource(params)).collect('out'),
);

/** Async iterables, by themselves. */
export const asyncBursts = dataflow(
  import.meta.url,
  'async-bursts',
  (flow, { partitions, ...burst }: Burst & { partitions: number }) =>
    flow
      .source(
        'texts',
        fromIterable(TEXT, (partition) => burstsOf(burst, partition, partitions), { partitions }),
        { parallelism: Math.min(partitions, 2) },
      )
      .collect('out'),
);

/** What the app pushes. */
export const pushed = dataflow(import.meta.url, 'pushed', (flow) =>
  flow
    .source('app', push(TEXT))
    .map('same', TEXT, (tuple) => tuple, { fuse: false })
    .collect('out'),
);

/** A source with a chain behind it that gives each tuple twice, then a keyed stage that leaves a text for each key at its end. */
export const twice = dataflow(import.meta.url, 'twice', (flow, params: Burst & { poison: number }) =>
  flow
    .source('texts', burstSource(params))
    .flatMap('twice', TEXT, ({ n, text }, emit) => {
      emit({ n: 2 * n, text });
      emit({ n: 2 * n + 1, text });
      // Late: what has been emitted is taken back, and tried tuple by tuple.
      if (n === params.poison) throw new Error(`${n} is poison`);
    })
    .keyBy('n')
    .process(
      'latest',
      { state: { seen: t.u32() }, output: TEXT },
      (_tuple, state) => {
        state.seen += 1;
      },
      {
        parallelism: 2,
        end: ({ n }, { seen }, emit) => {
          if (seen > 0) emit({ n, text: textOf(n, params.bytes) });
        },
      },
    )
    .collect('out'),
);

/** Chains of operators, each an actor of its own; some give their tuples several times, and the next one drops the copies. */
export const manyLingering = dataflow(
  import.meta.url,
  'many-lingering',
  (flow, { operators, copies, ...burst }: Burst & { operators: number; copies: number }) => {
    let stream: Stream<typeof TEXT> = flow.source('texts', burstSource(burst));
    for (let i = 0; i < operators; i += 2) {
      stream = stream
        .flatMap(
          `copies-${i}`,
          TEXT,
          ({ n, text }, emit) => {
            for (let copy = 0; copy < copies; copy++) emit({ n: n * copies + copy, text });
          },
          { fuse: false },
        )
        .flatMap(
          `first-${i}`,
          TEXT,
          ({ n, text }, emit) => {
            if (n % copies === 0) emit({ n: n / copies, text });
          },
          { fuse: false },
        );
    }
    return stream.collect('out');
  },
);

/** Of two partitions, one has more than a ring holds, and its end with it; the other one has nothing. */
export const lastInOnePartition = dataflow(
  import.meta.url,
  'last-in-one-partition',
  (flow, { bytes }: Pick<Burst, 'bytes'>) =>
    flow
      .source('texts', { kind: 'reader', fields: TEXT, partitions: 2, open: openFirst(bytes) }, { parallelism: 2 })
      .collect('out'),
);

/** Opens the readers of {@link lastInOnePartition}. */
const openFirst =
  (bytes: number): SourceDefinition<typeof TEXT>['open'] =>
  (context) =>
    burstSource({ count: context.partition === 0 ? 4 : 0, burst: 5, bytes }).open(context);
