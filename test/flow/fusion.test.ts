// Goal: whether two operators are fused cannot be seen: for every kind of value and every pair of operators, with tuples that
// fail and batches that are rolled back in between, the later closure sees the same, the same comes out, and the dead letters
// name the same operator, tuple and error.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import type { FlowBuilder } from '../../src/flow/dataflow.ts';
import { dataflow, type Field, type SinkDefinition, type Stream, t } from '../../src/index.ts';
import { fromIterable, generate } from '../../src/sources.ts';
import { fieldOf, fieldTypes, runs, type SampleType, valueArbitraries } from '../kit/arbitraries.ts';
import { LocalJob } from '../kit/local-run.ts';
import { randomOf } from '../kit/seeds.ts';

type Tuple = Record<string, unknown>;
type Maker = (n: number) => unknown;

/** Where a value goes astray if it is handed on as it is. Each call makes a new one. */
const VALUES: Readonly<Record<string, readonly [SampleType, Maker]>> = {
  integer: ['u32', (n) => n],
  'negative zero in u8': ['u8', () => -0],
  'negative zero in i32': ['i32', () => -0],
  'negative zero in u32': ['u32', () => -0],
  'negative zero in f64': ['f64', () => -0],
  'negative zero in a timestamp': ['timestamp', () => -0],
  NaN: ['f64', () => Number.NaN],
  'NaN in i32': ['i32', () => Number.NaN],
  fraction: ['u32', () => 0.5],
  'text as a number': ['u32', () => '5'],
  bigint: ['f64', () => 5n],
  'Number object': ['f64', () => Object(5)],
  'text as bool': ['bool', () => 'true'],
  undefined: ['string', () => undefined],
  null: ['string', () => null],
  'String object': ['string', () => Object('text')],
  'lone surrogate': ['string', () => '\ud800'],
  'lone surrogate in a dictionary': ['dictionary', () => '\ud800'],
  'text of 3,000 characters': ['string', () => 'x'.repeat(3000)],
  'dictionary text of 3,000 characters': ['dictionary', (n) => `${n}`.repeat(3000)],
  'bytes of 3,000': ['bytes', () => new Uint8Array(3000)],
  bytes: ['bytes', (n) => new Uint8Array([n, 2, 3])],
  Buffer: ['bytes', (n) => Buffer.from([n, 2, 3])],
  'part of a buffer': ['bytes', () => new Uint8Array(16).subarray(4, 8)],
  'shared bytes': ['bytes', () => new Uint8Array(new SharedArrayBuffer(4))],
  'array as bytes': ['bytes', () => [1, 2]],
  object: ['json', (n) => ({ a: [n, { b: 'c' }], d: null })],
  'negative zero in json': ['json', () => ({ zero: -0 })],
  'undefined in json': ['json', () => ({ a: undefined, b: [undefined] })],
  Date: ['json', () => new Date(5)],
  Map: ['json', (n) => new Map([[n, 'x']])],
  Set: ['json', (n) => new Set([n])],
  'class instance': [
    'json',
    () =>
      new (class Point {
        x = 1;
      })(),
  ],
  'function in json': ['json', () => ({ call: () => 1 })],
  function: ['json', () => () => 1],
  'symbol in json': ['json', () => ({ s: Symbol('s') })],
  'lone surrogate in json': ['json', () => ({ text: '\udc00' })],
  'typed array in json': ['json', () => ({ list: new Float64Array([1, -0]) })],
  'Buffer in json': ['json', () => ({ bytes: Buffer.from([1]) })],
  'json of 3,000 characters': ['json', () => ['x'.repeat(3000)]],
  'json cycle': [
    'json',
    () => {
      const cycle: Tuple = {};
      cycle.self = cycle;
      return cycle;
    },
  ],
  'bigint in i64': ['i64', (n) => BigInt(n) - 2n],
  'number in i64': ['i64', (n) => n],
  'bigint of 65 bits': ['u64', () => 2n ** 64n],
  'bigint in u64': ['u64', (n) => 2n ** 64n - 1n - BigInt(n)],
  date: ['date', (n) => new Date(n)],
  'invalid date': ['date', () => new Date(Number.NaN)],
  'number in date': ['date', (n) => n],
  literal: ['enum', () => 'closed'],
  'no literal': ['enum', () => 'ajar'],
  'null of f64': ['optionalF64', (n) => (n % 2 === 0 ? null : n)],
  'negative zero in optional f64': ['optionalF64', () => -0],
  'undefined in optional f64': ['optionalF64', () => undefined],
  'null of u64': ['optionalU64', (n) => (n % 2 === 0 ? null : BigInt(n))],
  'null of a string': ['optionalString', (n) => (n % 2 === 0 ? null : 'x'.repeat(3000))],
  'null of a dictionary': ['optionalDictionary', (n) => (n % 2 === 0 ? null : `${n}`)],
  'null of bytes': ['optionalBytes', (n) => (n % 2 === 0 ? null : new Uint8Array([n]))],
  'Buffer in optional bytes': ['optionalBytes', (n) => Buffer.from([n])],
  list: ['list', (n) => [n, -0, 0.5]],
  'empty list': ['list', () => []],
  'string in a list': ['list', () => [1, '2']],
  'no list': ['list', (n) => n],
  struct: ['struct', (n) => ({ at: new Date(n), tags: ['a', null], n: BigInt(n) })],
  'struct without an optional field': ['struct', (n) => ({ at: new Date(n), tags: [] })],
  'struct with a field too many': ['struct', (n) => ({ at: new Date(n), tags: [], n: null, more: 1 })],
  'null in place of a struct': ['struct', () => null],
  'null of a list': ['optionalList', (n) => (n % 2 === 0 ? null : [n])],
  'no object at all': ['u32', () => NO_TUPLE],
  'a field too many': ['u32', () => SURPLUS],
};
const NO_TUPLE = Symbol('the tuple itself is none');
const SURPLUS = Symbol('the tuple has a field that the schema lacks');

function tupleOf(n: number, value: unknown): never {
  if (value === NO_TUPLE) return n as never;
  if (value === SURPLUS) return { n, v: n, w: n } as never;
  return { n, v: value } as never;
}

/** The numbers at which the one and the other operator throw. */
const POISON = { first: 2, second: 4 };
const PLAIN = { v: 7, text: 'seven' };

interface Setting {
  readonly field: Field<unknown>;
  readonly value: Maker;
  readonly count: number;
  readonly fuse: boolean;
  /** What the later operator gets, last of each number: batches may be run again. */
  readonly seen: Map<string, string>;
}

const see = (value: unknown): string =>
  `${Object.prototype.toString.call(value)} ${inspect(value, { depth: 9, maxStringLength: 9, maxArrayLength: 9 })}`;

type Fields = { n: Field<number>; v: Field<unknown> };
type First = (flow: FlowBuilder, setting: Setting) => Stream<Fields>;
type Second = (stream: Stream<Fields>, setting: Setting) => void;

const fieldsOf = ({ field }: Setting): Fields => ({ n: t.u32(), v: field });

function explode(n: number, at: number): void {
  if (n === at) throw new RangeError(`no ${n} here`);
}

function madeOf(n: number, { value }: Setting): never {
  explode(n, POISON.first);
  return tupleOf(n, value(n));
}

const numbers = (flow: FlowBuilder, { count }: Setting): Stream<{ n: Field<number> }> =>
  flow.source(
    'numbers',
    generate({ n: t.u32() }, (n) => ({ n }), { count }),
  );

const apart = { fuse: false };

const FIRST: Readonly<Record<string, First>> = {
  generate: (flow, setting) =>
    flow.source(
      'first',
      generate(fieldsOf(setting), (n) => madeOf(n, setting), { count: setting.count }),
    ),
  // The rows are there before, and again after a rollback.
  fromIterable: (flow, setting) => {
    const rows = Array.from({ length: setting.count }, (_, n) => tupleOf(n, setting.value(n)));
    return flow.source(
      'first',
      fromIterable(fieldsOf(setting), () => rows),
    );
  },
  map: (flow, setting) => numbers(flow, setting).map('first', fieldsOf(setting), ({ n }) => madeOf(n, setting), apart),
  filter: (flow, setting) =>
    flow
      .source(
        'numbers',
        generate({ n: t.u32(), v: setting.field }, (n) => ({ n, v: n }) as never, { count: setting.count }),
      )
      .filter(
        'first',
        (tuple) => {
          explode(tuple.n, POISON.first);
          (tuple as Tuple).v = setting.value(tuple.n);
          return true;
        },
        apart,
      ) as never,
  // One object twice, between two others: what a closure does to it must not be seen at its second time.
  flatMap: (flow, setting) =>
    numbers(flow, setting).flatMap(
      'first',
      fieldsOf(setting),
      ({ n }, emit) => {
        const tuple = tupleOf(n, setting.value(n));
        emit(tuple);
        explode(n, POISON.first);
        try {
          emit(tuple);
        } finally {
          emit(tupleOf(n, setting.value(n)));
        }
      },
      apart,
    ),
  process: (flow, setting) =>
    numbers(flow, setting)
      .keyBy('n')
      .process('first', { state: { c: t.u32() }, output: fieldsOf(setting) }, ({ n }, state, emit) => {
        const tuple = tupleOf(n, setting.value(n));
        state.c++;
        emit(tuple);
        explode(n, POISON.first);
        emit(tuple);
      }),
  end: (flow, setting) =>
    numbers(flow, setting)
      .keyBy('n')
      .process(
        'first',
        { state: { c: t.u32() }, output: fieldsOf(setting) },
        (_, state) => {
          state.c++;
        },
        {
          end: ({ n }, _, emit) => {
            const tuple = tupleOf(n, setting.value(n));
            emit(tuple);
            explode(n, POISON.first);
            emit(tuple);
          },
        },
      ),
};

/** Notes what a closure gets, changes it as far as it can be changed, and throws at some. */
function note({ seen }: Setting, tuple: Tuple): void {
  const { n, v } = tuple as { n: number; v: unknown };
  seen.set(`${n}`, see(v));
  tuple.v = PLAIN.v;
  (tuple as { n: number }).n = n;
  if (v instanceof Uint8Array) v.fill(99);
  if (v instanceof Map || v instanceof Set) v.clear();
  else if (typeof v === 'object' && v !== null && !ArrayBuffer.isView(v)) (v as Tuple).changed = true;
  explode(n, POISON.second);
}

const TEXT = { n: t.u32(), text: t.string() };

const SECOND: Readonly<Record<string, Second>> = {
  map: (stream, setting) =>
    void stream
      .map(
        'second',
        TEXT,
        (tuple) => {
          const text = see(tuple.v);
          const { n } = tuple;
          note(setting, tuple);
          return { n, text };
        },
        { fuse: setting.fuse },
      )
      .collect('out'),
  filter: (stream, setting) =>
    void stream
      .filter(
        'second',
        (tuple) => {
          explode(tuple.n, POISON.second);
          setting.seen.set(`${tuple.n}`, see(tuple.v));
          return true;
        },
        { fuse: setting.fuse },
      )
      .map('last', TEXT, ({ n, v }) => ({ n, text: see(v) }), { fuse: setting.fuse })
      .collect('out'),
  flatMap: (stream, setting) =>
    void stream
      .flatMap(
        'second',
        TEXT,
        (tuple, emit) => {
          const { n } = tuple;
          const text = see(tuple.v);
          emit({ n, text });
          note(setting, tuple);
          emit({ n, text: `${text} again` });
        },
        { fuse: setting.fuse },
      )
      .collect('out'),
  forEach: (stream, setting) =>
    stream.forEach('second', (tuple) => note(setting, tuple as Tuple), { fuse: setting.fuse }),
  sink: (stream, setting) => stream.to('second', noting(setting), { fuse: setting.fuse }),
};

/** A sink that cannot take a tuple back by itself: only its last position. */
function noting(setting: Setting): SinkDefinition<{ n: number; v: unknown }> {
  const written: string[] = [];
  return {
    open: () => ({
      write(tuple) {
        written.push(`${tuple.n} ${see(tuple.v)}`);
        note(setting, tuple as Tuple);
      },
      flush: () => written.length,
      rollback(position) {
        written.length = position;
      },
      close: () => setting.seen.set('written', written.join('\n')),
    }),
  };
}

interface Outcome {
  readonly tuples: readonly Tuple[];
  readonly letters: readonly unknown[];
  readonly seen: ReadonlyMap<string, string>;
  readonly failure: string | undefined;
}

async function runOnce(first: First, second: Second, type: SampleType, fuse: boolean): Promise<Outcome> {
  const makers = Object.values(VALUES).flatMap(([of, make]) => (of === type ? [make] : []));
  // Each value comes at least once in a batch with a failure, and once in one without.
  const count = 2 * makers.length + POISON.second + 1;
  const value: Maker = (n) => makers[n % makers.length](n);
  const setting: Setting = { field: fieldOf(type), value, count, fuse, seen: new Map() };
  const flow = dataflow(import.meta.url, 'pair', (builder) => second(first(builder, setting), setting));
  const job = LocalJob.of(flow, { ringBytes: 4096 });
  assert.equal(
    job.actors.some(({ stage }) => stage.operators.some(({ name }, k) => k > 0 && name === 'second')),
    fuse,
  );
  let failure: string | undefined;
  await job.openSources();
  try {
    await job.runAsync({ choose: randomOf(count) });
  } catch (error) {
    failure = String(error);
  }
  for (const actor of job.actors) actor.release();
  // A closure may see tuples of a batch that is rolled back because an operator before it fails: docs/dataflow.md says so.
  setting.seen.delete(`${POISON.first}`);
  const letters = job.letters
    .map(({ operator, key, tuple, error }) => see({ operator, key, tuple, code: error.code, message: error.message }))
    .sort();
  return { tuples: job.tuples.get('out') ?? [], letters, seen: setting.seen, failure };
}

for (const [firstName, first] of Object.entries(FIRST)) {
  for (const [secondName, second] of Object.entries(SECOND)) {
    test(`${firstName} and ${secondName}: fused as unfused, for every kind of value`, async () => {
      for (const type of fieldTypes) {
        const [fused, unfused] = [await runOnce(first, second, type, true), await runOnce(first, second, type, false)];
        assert.deepEqual(fused, unfused, type);
      }
    });
  }
}

/** A chain of up to five operators over tuples with a field of each type. */
interface Chain {
  readonly values: readonly Tuple[];
  readonly operators: readonly { kind: 'map' | 'filter' | 'flatMap'; poison: number; copies: number }[];
}

function chainFlow({ values, operators }: Chain, fuse: boolean) {
  const fields = Object.fromEntries(fieldTypes.map((type) => [type, fieldOf(type)]));
  const all = { i: t.u32(), ...fields };
  return dataflow(import.meta.url, 'chain', (flow) => {
    let stream = flow.source(
      'rows',
      generate(all, (i) => ({ i, ...values[i] }) as never, { count: values.length }),
    );
    operators.forEach(({ kind, poison, copies }, k) => {
      const check = ({ i }: { i: number }): void => explode(i % 7, poison);
      if (kind === 'map') {
        stream = stream.map(
          `o${k}`,
          all,
          (tuple) => {
            check(tuple);
            (tuple as unknown as { bytes: Uint8Array }).bytes.fill(k);
            return tuple;
          },
          { fuse },
        );
      } else if (kind === 'filter') {
        stream = stream.filter(
          `o${k}`,
          (tuple) => {
            check(tuple);
            return tuple.i % 5 !== copies;
          },
          { fuse },
        );
      } else {
        stream = stream.flatMap(
          `o${k}`,
          all,
          (tuple, emit) => {
            for (let c = 0; c < copies; c++) {
              emit(tuple);
              tuple.i++;
              check(tuple);
            }
          },
          { fuse },
        );
      }
    });
    stream.collect('out');
  });
}

test('chains of random operators over all field types: fused as unfused', () => {
  const row = fc.record(Object.fromEntries(fieldTypes.map((type) => [type, valueArbitraries[type]])), {
    noNullPrototype: true,
  });
  const operator = fc.record({
    kind: fc.constantFrom('map' as const, 'filter' as const, 'flatMap' as const),
    poison: fc.integer({ min: 0, max: 20 }),
    copies: fc.integer({ min: 0, max: 3 }),
  });
  const chain = fc.record({
    values: fc.array(row, { maxLength: 30 }),
    operators: fc.array(operator, { minLength: 1, maxLength: 5 }),
  });
  fc.assert(
    fc.property(chain, fc.integer(), (drawn, seed) => {
      const [fused, unfused] = [true, false].map((fuse) => {
        const job = LocalJob.of(chainFlow(drawn, fuse), { ringBytes: 1 << 14 });
        job.run(randomOf(seed));
        const letters = job.letters.map(({ operator, tuple, error }) => see([operator, tuple, error.message])).sort();
        return { tuples: job.tuples.get('out'), letters };
      });
      assert.deepEqual(fused, unfused);
    }),
    runs(60),
  );
});
