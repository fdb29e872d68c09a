// Flows for the tests of simulate(): some are right, others wrong in a way that a job shows only when a worker dies.

import { dataflow, type SourceDefinition, type SourceReader, t } from '../../../src/index.ts';
import { writeLines } from '../../../src/sinks.ts';
import { generate, push, readLines } from '../../../src/sources.ts';

const NUMBERED = { key: t.u32(), number: t.u32() };
const COUNTED = { ...NUMBERED, count: t.u32() };
const KEYS = 5;

/** The tuple at an index. */
export const numbered = (index: number): { key: number; number: number } => ({
  key: index % KEYS,
  number: Math.floor(index / KEYS),
});

/** How many tuples each key has, of so many in all. */
export const lengthsOf = (tuples: number): [number, number][] =>
  Array.from({ length: KEYS }, (_, key) => [key, Math.floor((tuples + KEYS - 1 - key) / KEYS)]);

export interface CountParams {
  readonly tuples: number;
  readonly ratePerSecond?: number;
}

const numbers = ({ tuples, ratePerSecond }: CountParams) =>
  generate(NUMBERED, numbered, { count: tuples, ratePerSecond });

/** Counts the tuples of each key, in two replicas. */
export const counting = dataflow(import.meta.url, 'counting', (flow, params: CountParams) =>
  flow
    .source('numbers', numbers(params))
    .map('same', NUMBERED, (tuple) => tuple, { fuse: false })
    .keyBy('key')
    .process(
      'count',
      { state: { count: t.u32() }, output: COUNTED },
      ({ key, number }, state, emit) => {
        state.count += 1;
        emit({ key, number, count: state.count });
      },
      { parallelism: 2 },
    )
    .collect('counted'),
);

/** Calls of the closures of {@link finishing} since the set was last cleared, by key and number; -1 for the end of a key. */
export const begun = new Set<string>();

/** Each tuple as it is, and at its end each key the number behind its last one; in two replicas. */
export const finishing = dataflow(import.meta.url, 'finishing', (flow, params: CountParams) =>
  flow
    .source('numbers', numbers(params))
    .keyBy('key')
    .process(
      'finish',
      { state: { count: t.u32() }, output: NUMBERED },
      ({ key, number }, state, emit) => {
        begun.add(`${key} ${number}`);
        state.count = number + 1;
        emit({ key, number });
      },
      {
        parallelism: 2,
        end: ({ key }, state, emit) => {
          begun.add(`${key} -1`);
          emit({ key, number: state.count });
        },
      },
    )
    .collect('finished'),
);

/** Two keyed operators behind one another, with tuples that soon fill a small ring. */
export const crowded = dataflow(import.meta.url, 'crowded', (flow, { tuples }: CountParams) => {
  const fields = { key: t.u32(), text: t.string() };
  const source = generate(fields, (index) => ({ key: index % KEYS, text: 'x'.repeat(index % 200) }), { count: tuples });
  const process = { state: { count: t.u32() }, output: fields };
  return flow
    .source('texts', source)
    .flatMap(
      'three',
      fields,
      (tuple, emit) => {
        for (let part = 0; part < 3; part++) emit(tuple);
      },
      { fuse: false },
    )
    .keyBy('key')
    .process('first', process, (tuple, state, emit) => {
      state.count += 1;
      emit(tuple);
    })
    .keyBy('key')
    .process(
      'second',
      process,
      (tuple, state, emit) => {
        state.count += 1;
        emit(tuple);
      },
      { parallelism: 2 },
    )
    .collect('texts out');
});

/** The same, but the counts are in a variable. */
export const forgetful = dataflow(import.meta.url, 'forgetful', (flow, params: CountParams) => {
  const counts = new Map<number, number>();
  return flow
    .source('numbers', numbers(params))
    .map(
      'count',
      COUNTED,
      ({ key, number }) => {
        const count = (counts.get(key) ?? 0) + 1;
        counts.set(key, count);
        return { key, number, count };
      },
      { fuse: false },
    )
    .collect('counted');
});

/** A source that gives other tuples when it is opened again: it begins where it would be had nothing been rolled back. */
function once(tuples: number): SourceDefinition<typeof NUMBERED> {
  let next = 0;
  return {
    kind: 'reader',
    fields: NUMBERED,
    open: ({ position }) => {
      const reader: SourceReader<{ key: number; number: number }> = {
        position,
        read(emit, limit) {
          for (let taken = 0; taken < limit; taken++) {
            if (next >= tuples) return 'end';
            emit(numbered(next++));
            reader.position++;
          }
          return 'more';
        },
        close: () => {},
      };
      return reader;
    },
  };
}

/** Its source is made once for all threads, as one that takes from a queue. */
const queues = new Map<string, SourceDefinition<typeof NUMBERED>>();

export const taking = dataflow(
  import.meta.url,
  'taking',
  (flow, { tuples, queue }: { tuples: number; queue: string }) => {
    const source = queues.get(queue) ?? once(tuples);
    queues.set(queue, source);
    return flow.source('numbers', source).collect('taken');
  },
);

/** Fails at one number, by a policy. */
export const failing = dataflow(
  import.meta.url,
  'failing',
  (flow, { tuples, policy }: { tuples: number; policy: 'deadLetter' | 'stop' }) =>
    flow
      .source('numbers', numbers({ tuples }))
      .map(
        'check',
        NUMBERED,
        (tuple) => {
          if (tuple.key === 2 && tuple.number === 3) throw new RangeError('three of two');
          return tuple;
        },
        { fuse: false, failure: policy },
      )
      .collect('checked'),
);

/** From a file to a file, with lines that the app pushes as well. */
export const files = dataflow(import.meta.url, 'files', (flow, { from, to }: { from: string; to: string }) => {
  flow
    .source('lines', readLines(from))
    .merge(flow.source('more', push({ line: t.string() })))
    .to(
      'written',
      writeLines(to, ({ line }) => line),
    );
});

/** Counts the tuples of each key, in one to three replicas. */
export const elastic = dataflow(import.meta.url, 'elastic', (flow, params: CountParams) =>
  flow
    .source('numbers', numbers(params))
    .keyBy('key')
    .process(
      'count',
      { state: { count: t.u32() }, output: COUNTED },
      ({ key, number }, state, emit) => {
        state.count += 1;
        emit({ key, number, count: state.count });
      },
      { parallelism: { max: 3 } },
    )
    .collect('counted'),
);
