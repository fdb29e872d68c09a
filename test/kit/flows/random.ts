// Random flows: a list of operators drawn from a seed, as a dataflow and as a plain loop over arrays.
// Promises: both interpret the same list; tuples carry their key and a value, and every stateful operator's result for a key
// depends on the order of that key's tuples, so that a lost, repeated or reordered tuple shows.

import { dataflow, type Stream, t, table } from '../../../src/index.ts';
import { generate } from '../../../src/sources.ts';

export type RandomOperator =
  | { readonly kind: 'map'; readonly add: number; readonly fuse: boolean; readonly parallelism: number }
  | { readonly kind: 'filter'; readonly drop: number; readonly fuse: boolean }
  | { readonly kind: 'flatMap'; readonly copies: number; readonly fuse: boolean }
  | { readonly kind: 'process'; readonly parallelism: number; readonly withTable: boolean; readonly atEnd: boolean };

export interface RandomParams {
  readonly count: number;
  readonly keys: number;
  readonly operators: readonly RandomOperator[];
  /** Closures throw when this many more tuples have come to them: a test's way to interrupt a batch anywhere. */
  readonly throwAfter?: readonly number[];
}

interface Tuple {
  key: string;
  value: number;
}

const fields = { key: t.string(), value: t.u32() };
const keyed = (n: number, keys: number): Tuple => ({ key: `k${Math.imul(n, 40503) % keys}`, value: n });
const mix = (state: number, value: number): number => (Math.imul(state, 31) + value) >>> 0;
const isDropped = (value: number, drop: number): boolean => value % 7 < drop;

/** An interruption goes to whoever steps the actor, also if it comes while a tuple is tried alone. */
const failure = 'escalate';

/** What a test throws on purpose. */
export class Interruption extends Error {}

function interrupter(throwAfter: readonly number[] = []): () => void {
  const left = [...throwAfter];
  let calls = 0;
  return () => {
    calls++;
    if (left.length > 0 && calls >= left[0]) {
      left.shift();
      calls = 0;
      throw new Interruption('on purpose');
    }
  };
}

export const randomFlow = dataflow(import.meta.url, 'random', (flow, params: RandomParams) => {
  const interrupt = interrupter(params.throwAfter);
  let stream: Stream<typeof fields> = flow.source(
    'source',
    generate(fields, (n) => keyed(n, params.keys), { count: params.count }),
  );
  params.operators.forEach((operator, i) => {
    stream = addOperator(stream, operator, `${operator.kind}-${i}`, interrupt);
  });
  return stream.collect('out');
});

function addOperator(
  stream: Stream<typeof fields>,
  operator: RandomOperator,
  name: string,
  interrupt: () => void,
): Stream<typeof fields> {
  switch (operator.kind) {
    case 'map': {
      const { add, fuse, parallelism } = operator;
      const from = parallelism > 1 ? stream.keyBy('key') : stream;
      const map = ({ key, value }: Tuple): Tuple => {
        interrupt();
        return { key, value: (value + add) >>> 0 };
      };
      return from.map(name, fields, map, { fuse, parallelism, failure });
    }
    case 'filter': {
      const { drop, fuse } = operator;
      const keep = ({ value }: Tuple): boolean => {
        interrupt();
        return !isDropped(value, drop);
      };
      return stream.filter(name, keep, { fuse, failure });
    }
    case 'flatMap': {
      const { copies, fuse } = operator;
      return stream.flatMap(
        name,
        fields,
        ({ key, value }, emit) => {
          for (let copy = 0; copy < copies; copy++) {
            emit({ key, value: (value + copy) >>> 0 });
            interrupt();
          }
        },
        { fuse, failure },
      );
    }
    case 'process': {
      const { parallelism, withTable, atEnd } = operator;
      return stream.keyBy('key').process(
        name,
        {
          state: { hash: t.u32(), text: t.string() },
          tables: { last: table({ slot: t.u32() }, { value: t.u32() }) },
          output: fields,
        },
        ({ key, value }, state, emit) => {
          state.hash = mix(state.hash, value);
          state.text = `${state.text}${value % 10}`.slice(-30);
          if (withTable) {
            const row = state.last.upsert(value % 5);
            state.hash = mix(state.hash, row.value);
            row.value = value;
            if (value % 13 === 0) state.last.delete((value + 1) % 5);
          }
          interrupt();
          emit({ key, value: mix(state.hash, state.text.length) });
        },
        {
          parallelism,
          failure,
          end: atEnd
            ? ({ key }, state, emit) => {
                interrupt();
                emit({ key, value: state.hash });
              }
            : undefined,
        },
      );
    }
  }
}

/** The same by loops: the values of each key, in order. */
export function randomByLoop({ count, keys, operators }: RandomParams): Map<string, number[]> {
  let tuples = Array.from({ length: count }, (_, n) => keyed(n, keys));
  for (const operator of operators) {
    switch (operator.kind) {
      case 'map':
        tuples = tuples.map(({ key, value }) => ({ key, value: (value + operator.add) >>> 0 }));
        break;
      case 'filter':
        tuples = tuples.filter(({ value }) => !isDropped(value, operator.drop));
        break;
      case 'flatMap':
        tuples = tuples.flatMap(({ key, value }) =>
          Array.from({ length: operator.copies }, (_, copy) => ({ key, value: (value + copy) >>> 0 })),
        );
        break;
      case 'process':
        tuples = processByLoop(tuples, operator.withTable, operator.atEnd);
        break;
    }
  }
  return valuesByKey(tuples);
}

function processByLoop(tuples: readonly Tuple[], withTable: boolean, atEnd: boolean): Tuple[] {
  const states = new Map<string, { hash: number; text: string; last: Map<number, number> }>();
  const out = tuples.map(({ key, value }): Tuple => {
    const state = states.get(key) ?? { hash: 0, text: '', last: new Map<number, number>() };
    states.set(key, state);
    state.hash = mix(state.hash, value);
    state.text = `${state.text}${value % 10}`.slice(-30);
    if (withTable) {
      state.hash = mix(state.hash, state.last.get(value % 5) ?? 0);
      state.last.set(value % 5, value);
      if (value % 13 === 0) state.last.delete((value + 1) % 5);
    }
    return { key, value: mix(state.hash, state.text.length) };
  });
  if (atEnd) for (const [key, { hash }] of states) out.push({ key, value: hash });
  return out;
}

/** The values of each key, in the order of the tuples. */
export function valuesByKey(tuples: Iterable<{ key?: unknown; value?: unknown }>): Map<string, number[]> {
  const values = new Map<string, number[]>();
  for (const { key, value } of tuples) {
    const of = values.get(key as string);
    if (of === undefined) values.set(key as string, [value as number]);
    else of.push(value as number);
  }
  return values;
}
