// A keyed pipeline whose closures do harm on order, at any of its operators: they throw, end or hang their worker, or make
// trouble outside of any tuple. What comes out tells the state that each tuple has met (test/kit/crash-oracle.ts).
// Workers import this module too: it declares, and runs nothing.

import { dataflow, type Field, type OperatorOptions, type Stream, t, table } from '../../../src/index.ts';
import { writeLines } from '../../../src/sinks.ts';
import { fromIterable, generate, push, readCsv, readLines } from '../../../src/sources.ts';
import { type Traps, trapsAt } from './traps.ts';

/** The operators in which there can be a trap; `end` is the end-of-stream closure of `count`. */
export type Place = 'numbers' | 'parse' | 'pass' | 'count' | 'removed' | 'behind' | 'sink' | 'end';

const PLACES: readonly Place[] = ['numbers', 'parse', 'pass', 'count', 'removed', 'behind', 'sink', 'end'];

export type KeyType = 'u32' | 'f64' | 'string' | 'dictionary';
export type SourceKind = 'generate' | 'iterable' | 'async-iterable' | 'lines' | 'csv' | 'push';

export interface CrashingParams extends Traps<Place> {
  readonly count: number;
  readonly keys: number;
  readonly source?: SourceKind;
  /** Of a generator. */
  readonly ratePerSecond?: number;
  /** Of `lines`, `csv`. */
  readonly path?: string;
  readonly keyType?: KeyType;
  readonly parallelism?: number;
  /** Texts of so many characters go along, so that little fits into a ring. */
  readonly padding?: number;
  /** The row of a key is removed with every so many of its tuples. */
  readonly removeEvery?: number;
  /** Where lines go, instead of into the output. */
  readonly sinkPath?: string;
  /** Of every operator. */
  readonly failure?: OperatorOptions['failure'];
  readonly supervision?: OperatorOptions['supervision'];
}

/** The number in tuples that the end-of-stream closure emits. */
export const END = 2 ** 32 - 1;
export const NO_LAST = 2 ** 32 - 2;

export const fields = {
  key: t.string(),
  n: t.u32(),
  count: t.u32(),
  last: t.u32(),
  times: t.u32(),
  padding: t.string(),
};

export const lineOf = ({ key, n, count, last, times }: Omit<CountedTuple, 'padding'>): string =>
  [key, n, count, last, times].join(' ');

export interface CountedTuple {
  key: string;
  n: number;
  count: number;
  last: number;
  times: number;
  padding: string;
}

const keyOf = (n: number, keys: number, keyType: KeyType): unknown => {
  if (keyType === 'u32') return n % keys;
  // Keys that are zero, negative and not a number.
  if (keyType === 'f64') return n % keys === 0 ? Number.NaN : (n % keys) - keys / 2;
  return `key-${n % keys}`;
};

/** The first number that has a key. */
const firstOf = (key: unknown, keys: number, keyType: KeyType): number =>
  Array.from({ length: keys }, (_, n) => keyOf(n, keys, keyType)).findIndex((each) => Object.is(each, key));

/** How outputs write a key. */
export const keyText = (n: number, keys: number, keyType: KeyType = 'u32'): string => String(keyOf(n, keys, keyType));

async function* later<Item>(items: Iterable<Item>): AsyncGenerator<Item> {
  for (const item of items) yield item;
}

export const crashing = dataflow(import.meta.url, 'crashing', (flow, params: CrashingParams) => {
  const { count, keys, source = 'generate', keyType = 'u32', parallelism = 1, failure, supervision } = params;
  const { ratePerSecond, path = '', removeEvery = 0, sinkPath } = params;
  const padding = '-'.repeat(params.padding ?? 0);
  const numbered = { n: t.u32() };
  const trap = trapsAt(PLACES, params);
  const options = { failure, supervision };
  const made = (n: number): { n: number } => {
    trap.numbers(n);
    return { n };
  };
  function* all(): Generator<{ n: number }> {
    for (let n = 0; n < count; n++) yield made(n);
  }
  const sources: Record<SourceKind, () => Stream<typeof numbered>> = {
    generate: () => flow.source('numbers', generate(numbered, made, { count, ratePerSecond }), options),
    iterable: () => flow.source('numbers', fromIterable(numbered, all), options),
    'async-iterable': () =>
      flow.source(
        'numbers',
        fromIterable(numbered, () => later(all())),
        options,
      ),
    lines: () =>
      flow.source('numbers', readLines(path), options).map(
        'parse',
        numbered,
        ({ line }) => {
          trap.parse(Number(line));
          return { n: Number(line) };
        },
        options,
      ),
    csv: () => flow.source('numbers', readCsv(path, numbered), options),
    push: () => flow.source('numbers', push(numbered)),
  };
  const key = t[keyType]() as Field<unknown>;
  const counted = sources[source]()
    .map(
      'pass',
      { key, n: t.u32() },
      ({ n }) => {
        trap.pass(n);
        return { key: keyOf(n, keys, keyType), n };
      },
      { ...options, fuse: false },
    )
    .keyBy('key')
    .process(
      'count',
      {
        state: { count: t.u32(), last: t.string(), padding: t.string() },
        tables: { thirds: table({ third: t.u32() }, { times: t.u32() }) },
        output: fields,
      },
      ({ key: its, n }, state, emit, context) => {
        const last = state.count === 0 ? NO_LAST : Number(state.last);
        state.count += 1;
        state.last = String(n);
        state.padding = padding;
        const third = state.thirds.upsert(n % 3);
        third.times += 1;
        if (removeEvery > 0 && state.count === removeEvery) {
          context.remove();
          trap.removed(n);
        }
        emit({ key: String(its), n, count: state.count, last, times: third.times, padding: state.padding });
        // With its state changed and its output emitted, there is something to roll back.
        trap.count(n);
      },
      {
        ...options,
        parallelism,
        end: ({ key: its }, state, emit) => {
          trap.end(firstOf(its, keys, keyType));
          emit({
            key: String(its),
            n: END,
            count: state.count,
            last: Number(state.last),
            times: state.thirds.size,
            padding: '',
          });
        },
      },
    )
    .map(
      'behind',
      fields,
      (tuple) => {
        if (tuple.n !== END) trap.behind(tuple.n);
        return tuple;
      },
      options,
    );
  if (sinkPath === undefined) return counted.collect('out');
  counted.to(
    'sink',
    writeLines(sinkPath, (tuple) => {
      if (tuple.n !== END) trap.sink(tuple.n);
      return lineOf(tuple);
    }),
    { ...options, fuse: false },
  );
  return undefined;
});
