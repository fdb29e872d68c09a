// A small keyed flow whose operators give key groups to each other while their actors die (test/actors/hand-over-crashes.test.ts).
// Promises: what comes out for a key depends on each of its tuples, on their order, and on the state of both operators: a
// tuple that is lost, repeated or out of place shows. Every closure asks `point` before it does anything.

import type { FlowBuilder } from '../../../src/flow/dataflow.ts';
import { type Dataflow, dataflow, type Stream, type TupleOf, t, table } from '../../../src/index.ts';
import {
  generate,
  type SourceContext,
  type SourceDefinition,
  type SourceReader,
  type SourceStatus,
} from '../../../src/sources.ts';
import { late, mix } from './crash-cases.ts';

export interface ElasticCrashParams {
  /** A point at which the thread may die. */
  readonly point: () => void;
  /** Lets time pass, so that batches are small. */
  readonly tick: () => void;
  readonly count: number;
  readonly keys: number;
  /** True for closures at the end of the stream. */
  readonly ends?: boolean;
  /** True for sub-keyed tables, texts and removed keys. */
  readonly rich?: boolean;
  /** What it throws at, at most once a key: dead letters. */
  readonly poison?: (n: number) => boolean;
  /** True for an operator before the two whose replicas keep the order of the source together. */
  readonly turns?: boolean;
  /** For an operator between the two that awaits its results; or one behind them, whose results have no order. */
  readonly asks?: 'between' | 'unordered' | undefined;
  /**
   * Partitions of an elastic source, of which keys must be a multiple: then all tuples of a key are of one partition. A `reader`
   * pauses now and then. What is poison fails in the source's actor.
   */
  readonly partitions?: number;
  readonly reader?: boolean;
}

export type ElasticCrashFlow = Dataflow<ElasticCrashParams, unknown>;

/** Replicas that each of the two operators may have. */
export const REPLICAS = 3;
/** A key that has been counted so often is removed, and begins anew. */
export const LIFE = 7;

const NUMBERED = { key: t.string(), n: t.u32() };
const COUNTED = { key: t.string(), n: t.u32(), count: t.u32(), hash: t.u32() };
const CHECKED = { ...COUNTED, next: t.u32(), seen: t.u32() };
export const keyText = (key: number): string =>
  `key ${key}${key % 3 === 0 ? ' with a text that is longer than others' : ''}`;

export const elasticCrash: ElasticCrashFlow = dataflow(
  import.meta.url,
  'elastic-crash',
  (flow, params: ElasticCrashParams) => {
    const { point, tick, ends = false, rich = false, partitions = 0 } = params;
    const poison = (partitions === 0 && params.poison) || (() => false);
    const numbers = numbersOf(flow, params);
    const counted = (params.turns === true ? inTurns(numbers, params) : numbers).keyBy('key').process(
      'count',
      {
        state: { count: t.u32(), hash: t.u32(), text: t.string() },
        tables: { parts: table({ part: t.string() }, { n: t.u32() }) },
        output: COUNTED,
      },
      ({ key, n }, state, emit, context) => {
        point();
        tick();
        state.count += 1;
        state.hash = mix(state.hash, n);
        const { count: counted, hash } = state;
        emit({ key, n, count: counted, hash });
        if (poison(n)) throw new Error(`poison ${n}`);
        if (rich) {
          state.text = `${state.text}${n},`.slice(-30);
          state.parts.upsert(`part ${n % 3}`).n += n;
          if (n % 4 === 0) state.parts.delete(`part ${(n + 1) % 3}`);
          if (counted === LIFE) context.remove();
        }
        point();
      },
      { parallelism: { max: REPLICAS } },
    );
    const checked = (params.asks === 'between' ? asking('ask', counted, COUNTED, params) : counted)
      .keyBy('key')
      .process(
        'check',
        { state: { next: t.u32(), seen: t.u32() }, output: CHECKED },
        ({ key, n, count: counted, hash }, state, emit) => {
          point();
          state.next += 1;
          state.seen = mix(state.seen, mix(n, hash));
          emit({ key, n, count: counted, hash, next: state.next, seen: state.seen });
        },
        { parallelism: { max: REPLICAS }, ...(ends && { end: endOf(point) }) },
      );
    const out = params.asks === 'unordered' ? asking('ask', checked, CHECKED, params, false) : checked;
    return out.collect('out');
  },
);

/** Its results come in the order of its tuples. */
const inTurns = (stream: Stream<typeof NUMBERED>, { point, tick }: ElasticCrashParams): Stream<typeof NUMBERED> =>
  stream.ordered().map(
    'turn',
    NUMBERED,
    (tuple) => {
      point();
      tick();
      return tuple;
    },
    { parallelism: { max: REPLICAS } },
  );

/** Its results come at once, or after some turns of the event loop's microtasks. */
const asking = <Fields extends typeof COUNTED>(
  name: string,
  stream: Stream<Fields>,
  fields: Fields,
  { point, tick }: ElasticCrashParams,
  ordered = true,
): Stream<Fields> =>
  (stream as unknown as Stream<typeof COUNTED>).keyBy('key').mapAsync(
    name,
    fields,
    (tuple) => {
      point();
      tick();
      return (tuple.n % 4 === 0 ? tuple : late(tuple, (tuple.n * 5) % 7)) as never;
    },
    { parallelism: { max: REPLICAS }, capacity: 3, ordered },
  );

function numbersOf(flow: FlowBuilder, params: ElasticCrashParams): Stream<typeof NUMBERED> {
  const { point, tick, count, keys, partitions = 1, poison = () => false } = params;
  const make = (n: number): { key: string; n: number } => {
    tick();
    return { key: keyText(n % keys), n };
  };
  if (params.partitions === undefined) return flow.source('numbers', generate(NUMBERED, make, { count }));
  const source = params.reader
    ? numberReader(partitions, count, make)
    : generate(NUMBERED, make, { count, partitions });
  const parallelism = { max: Math.min(REPLICAS, partitions) };
  return flow.source('numbers', source, { parallelism }).map('checked', NUMBERED, (tuple) => {
    point();
    if (poison(tuple.n)) throw new Error(`poison ${tuple.n}`);
    return tuple;
  });
}

/** After so many tuples it waits. */
const PAUSE_EVERY = 13;

/** Tuples p, p + n, p + 2n, … of partition p of n, as generate() deals them out. */
function numberReader(
  partitions: number,
  count: number,
  make: (n: number) => { key: string; n: number },
): SourceDefinition<typeof NUMBERED> {
  const open = (context: SourceContext): SourceReader<TupleOf<typeof NUMBERED>> => {
    let pausedAt = -1;
    const reader = {
      position: context.position,
      read(emit: (tuple: TupleOf<typeof NUMBERED>) => void, limit: number): SourceStatus {
        for (let i = 0; i < limit; i++) {
          const n = reader.position * partitions + context.partition;
          if (n >= count) return 'end';
          if (reader.position % PAUSE_EVERY === PAUSE_EVERY - 1 && pausedAt !== reader.position) {
            pausedAt = reader.position;
            setImmediate(() => context.wake());
            return 'wait';
          }
          emit(make(n));
          reader.position++;
        }
        return 'more';
      },
      close() {},
    };
    return reader;
  };
  return { kind: 'reader', fields: NUMBERED, partitions, open };
}

interface Checked {
  key: string;
  n: number;
  count: number;
  hash: number;
  next: number;
  seen: number;
}

const endOf =
  (point: () => void) =>
  ({ key }: { key: string }, { next, seen }: { next: number; seen: number }, emit: (tuple: Checked) => void): void => {
    point();
    emit({ key, n: 0, count: 0, hash: 0, next, seen });
  };

/** What must come out for each key, by a plain loop. */
export function expectedOf({
  count,
  keys,
  ends,
  rich,
  poison = () => false,
}: Omit<ElasticCrashParams, 'point' | 'tick'>): Map<string, object[]> {
  const rows = new Map<string, { counted: number; hash: number; next: number; seen: number; out: object[] }>();
  for (let n = 0; n < count; n++) {
    if (poison(n)) continue;
    const key = keyText(n % keys);
    const row = rows.get(key) ?? { counted: 0, hash: 0, next: 0, seen: 0, out: [] };
    rows.set(key, row);
    row.counted += 1;
    row.hash = mix(row.hash, n);
    row.next += 1;
    row.seen = mix(row.seen, mix(n, row.hash));
    row.out.push({ key, n, count: row.counted, hash: row.hash, next: row.next, seen: row.seen });
    if (rich && row.counted === LIFE) Object.assign(row, { counted: 0, hash: 0 });
  }
  if (ends) for (const [key, { next, seen, out }] of rows) out.push({ key, n: 0, count: 0, hash: 0, next, seen });
  return new Map([...rows].map(([key, { out }]) => [key, out]));
}
