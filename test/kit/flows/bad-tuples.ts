// A flow that emits one bad tuple after some good ones, in every place where a tuple is taken.
// Workers import this module too: it declares, and runs nothing.

import { dataflow, type Stream, t } from '../../../src/index.ts';
import { generate, push } from '../../../src/sources.ts';
import { fieldOf, type SampleType } from '../sample-fields.ts';

/** A good value of each type, and bad ones by name: functions and symbols cannot be params. */
export const goodValues: Readonly<Record<SampleType, unknown>> = {
  u8: 255,
  i32: -(2 ** 31),
  u32: 2 ** 32 - 1,
  f64: Number.NaN,
  bool: false,
  timestamp: 0,
  string: '',
  dictionary: 'a',
  bytes: Uint8Array.of(1),
  json: { list: [1, null] },
  i64: -(2n ** 63n),
  u64: 2n ** 64n - 1n,
  date: new Date(8.64e15),
  enum: '',
  optionalF64: null,
  optionalU64: null,
  optionalString: '',
  optionalDictionary: null,
  optionalBytes: Uint8Array.of(),
  list: [1, Number.NaN],
  struct: { at: new Date(1), tags: ['a', null], n: 1n },
  optionalList: [255],
};

export const badValues: Readonly<Record<SampleType, readonly unknown[]>> = {
  u8: [256, -1, 1.5, '1', Number.NaN, null, true, 1n],
  i32: [2 ** 31, -(2 ** 31) - 1, 0.5, undefined, Number.POSITIVE_INFINITY, '0'],
  u32: [-1, 2 ** 32, 1e-9, {}, Number.NaN],
  f64: ['1', null, undefined, 1n, true],
  bool: [0, 1, 'true', null, undefined],
  timestamp: [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, new Date(0), '2020-01-01', null],
  string: [1, null, undefined, ['a'], Symbol('a')],
  dictionary: [1, null, undefined, new String('a')],
  bytes: ['ab', [1, 2], null, new ArrayBuffer(2), new Float64Array(1)],
  i64: [1, 2n ** 63n, -(2n ** 63n) - 1n, '1', null, undefined],
  u64: [1, -1n, 2n ** 64n, null],
  date: [0, new Date(Number.NaN), '2020-01-01', null, undefined],
  enum: ['ajar', 0, null, undefined, 'Open'],
  optionalF64: ['1', undefined, 1n],
  optionalU64: [1, undefined, -1n],
  optionalString: [1, undefined, ['a']],
  optionalDictionary: [undefined, 0],
  optionalBytes: [undefined, 'ab', new Float64Array(1)],
  list: [undefined, null, {}, [1, '2'], [null]],
  struct: [undefined, null, [], {}, { at: new Date(1), tags: [5], n: null }],
  optionalList: [undefined, [256], 'a'],
  json: [undefined, () => 1, Symbol('a'), new Map([[1, new (class Point {})()]])],
};

export type BadPlace = 'last' | 'fused' | 'source' | 'state';
export type BadTuple = 'value' | 'missing' | 'extra' | 'null' | 'number';

export interface BadParams {
  readonly type: SampleType;
  readonly place: BadPlace;
  readonly bad: BadTuple;
  /** Index in badValues of the type. */
  readonly value?: number;
  readonly at?: number;
}

export const DEFAULT_AT = 3;
/** So that the bad tuple is an error of the job. */
const failure = 'stop';

function tupleAt(n: number, { type, bad, value = 0, at = DEFAULT_AT }: BadParams): { n: number; field: unknown } {
  const good = { n, field: goodValues[type] };
  if (n !== at) return good;
  switch (bad) {
    case 'value':
      return { n, field: badValues[type][value] };
    case 'missing':
      return { n } as never;
    case 'extra':
      return { ...good, extra: 1 } as never;
    case 'null':
      return null as never;
    case 'number':
      return 5 as never;
  }
}

/** The operator that emits the bad tuple is 'bad'. */
export const badTuples = dataflow(import.meta.url, 'bad-tuples', (flow, params: BadParams) => {
  const fields = { n: t.u32(), field: fieldOf(params.type) };
  const { place } = params;
  if (place === 'source') {
    return flow
      .source(
        'bad',
        generate(fields, (n) => tupleAt(n, params), { count: 100 }),
        { failure },
      )
      .collect('out');
  }
  const numbers = flow.source(
    'numbers',
    generate({ n: t.u32() }, (n) => ({ n }), { count: 100 }),
  );
  if (place === 'state') {
    return numbers
      .keyBy('n')
      .process(
        'bad',
        { state: { field: fieldOf(params.type) }, output: { n: t.u32() } },
        ({ n }, state, emit) => {
          state.field = tupleAt(n, params).field;
          emit({ n });
        },
        { failure },
      )
      .collect('out');
  }
  const bad: Stream<typeof fields> = numbers.map('bad', fields, ({ n }) => tupleAt(n, params), {
    fuse: false,
    failure,
  });
  if (place === 'last') return bad.collect('out');
  return bad.map('behind', { n: t.u32() }, ({ n }) => ({ n })).collect('out');
});

export const pushed = dataflow(import.meta.url, 'pushed', (flow) =>
  flow
    .source('input', push({ n: t.u32(), text: t.string() }))
    .map('pass', { n: t.u32() }, ({ n }) => ({ n }))
    .collect('out'),
);
