// Goal: keyed state and a Map that must equal it, changed by the same random steps, committed, rolled back and crashed.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Shape, t } from '../../src/mailbox/schema.ts';
import { type Backup, BackupWriter, memoryBackup } from '../../src/state/images/backup.ts';
import type { Checkpoint } from '../../src/state/images/checkpoint.ts';
import { STATE_BYTES_DEFAULT } from '../../src/state/memory/arena.ts';
import { table } from '../../src/state/rows/row-layout.ts';
import { type CommitRecord, commitCodec } from '../../src/state/transaction/commit-record.ts';
import { anyString, valueArbitraries } from './arbitraries.ts';
import { FIRST_VALUES, fieldOf, typeOf } from './sample-fields.ts';
import {
  ALL_GROUPS,
  type AnyTable,
  FOUR_ARENAS_BYTES,
  keysOfGroup,
  nameOf,
  type Row,
  Store,
  type StoreShape,
} from './store.ts';

const emptyRow = (shape: Shape): Row =>
  Object.fromEntries(Object.entries(shape).map(([name, field]) => [name, FIRST_VALUES[typeOf(field)]]));

const longText = fc.tuple(anyString, fc.integer({ min: 1, max: 30 })).map(([text, n]) => text + 'ж'.repeat(n));
const text = fc.oneof(anyString, longText);
const fixed: Shape = {
  small: t.u8(),
  whole: t.i32(),
  count: t.u32(),
  amount: t.f64(),
  flag: t.bool(),
  at: t.timestamp(),
  big: t.i64(),
  day: t.date(),
  status: fieldOf('enum'),
  maybe: fieldOf('optionalF64'),
};
const all: Shape = {
  ...fixed,
  text: t.string(),
  kind: t.dictionary(),
  blob: t.bytes(),
  extra: t.json(),
  note: fieldOf('optionalString'),
};
const tables = {
  parts: table({ part: t.string(), lot: t.u32() }, { text: t.string(), count: t.u32(), extra: t.json() }),
  sums: table({ at: t.f64() }, { sum: t.f64(), count: t.u32() }),
};
const one = (keys: fc.Arbitrary<unknown>): fc.Arbitrary<unknown[][]> =>
  fc.array(keys, { minLength: 1, maxLength: 40 }).map((list) => list.map((key) => [key]));
const doubles = fc.oneof(fc.double(), fc.constantFrom(Number.NaN, -0, 0, Infinity, 1));
const near = fc.constantFrom(...keysOfGroup(7, 40), ...keysOfGroup(255, 5), ...keysOfGroup(0, 5));

/** Layouts with rows of one size and of several, and keys of every stored type, alone and paired. */
export const SHAPES: Readonly<Record<string, { shape: StoreShape; keys: fc.Arbitrary<unknown[][]> }>> = {
  'u32 → u32': { shape: { key: { id: t.u32() }, state: { count: t.u32() } }, keys: one(near) },
  'f64 → fixed fields': { shape: { key: { id: t.f64() }, state: fixed }, keys: one(doubles) },
  'u32 and f64 → nothing': {
    shape: { key: { id: t.u32(), at: t.f64() }, state: {} },
    keys: fc.array(
      fc.tuple(fc.nat({ max: 3 }), doubles).map((key): unknown[] => key),
      { minLength: 1, maxLength: 40 },
    ),
  },
  'string → u32': { shape: { key: { word: t.string() }, state: { count: t.u32() } }, keys: one(text) },
  'u32 → all fields': { shape: { key: { id: t.u32() }, state: all }, keys: one(near) },
  'two strings → all fields and tables': {
    shape: { key: { first: t.string(), second: t.dictionary() }, state: all, tables },
    keys: fc.array(
      fc.tuple(text, text).map((key): unknown[] => key),
      { minLength: 1, maxLength: 15 },
    ),
  },
  'optional text and u64 → all fields': {
    shape: { key: { name: fieldOf('optionalString'), id: t.u64() }, state: all },
    keys: fc.array(
      fc.tuple(fc.oneof(text, fc.constant(null)), fc.constantFrom(0n, 1n, 2n ** 64n - 1n)).map((key): unknown[] => key),
      { minLength: 1, maxLength: 15 },
    ),
  },
  'u32 → tables, of segments': {
    shape: { key: { id: t.u32() }, state: { count: t.u32() }, tables, logSlots: 4 },
    keys: fc.constant(keysOfGroup(7, 60).map((key) => [key])),
  },
  'u32 → tables': { shape: { key: { id: t.u32() }, state: {}, tables }, keys: one(near) },
};

type Act = 'set' | 'touch' | 'remove' | 'upsert' | 'delete' | 'clear';

export interface Step {
  readonly act: Act;
  readonly pick: number;
  readonly field: string;
  readonly value: unknown;
  readonly sub: readonly [string, number, number];
  readonly text: string;
}

/** Random steps on a store of a shape. */
function stepsOf({ state, tables: subTables = {} }: StoreShape, maxLength: number): fc.Arbitrary<Step[]> {
  const names = Object.keys(state);
  const acts: Act[] = names.length > 0 ? ['set', 'set', 'set', 'set', 'touch', 'remove'] : ['touch', 'touch', 'remove'];
  if (Object.keys(subTables).length > 0) acts.push('upsert', 'upsert', 'upsert', 'upsert', 'delete', 'clear');
  return fc.array(
    fc.constantFrom(...(names.length > 0 ? names : [''])).chain((field) =>
      fc.record({
        act: fc.constantFrom(...acts),
        pick: fc.nat(),
        field: fc.constant(field),
        value: field === '' ? fc.constant(0) : valueArbitraries[typeOf(state[field])],
        sub: fc.tuple(fc.constantFrom('', 'a', 'a part with a long name', 'часть'), fc.nat({ max: 2 }), doubles),
        text,
      }),
    ),
    { maxLength },
  );
}

export type End = 'commit' | 'rollback' | 'crash';

export interface Batch {
  readonly steps: readonly Step[];
  readonly end: End;
}

/** Random transactions on a store of a shape. */
export const batchesOf = (shape: StoreShape, maxBatches: number, maxSteps: number): fc.Arbitrary<Batch[]> =>
  fc.array(
    fc.record({
      steps: stepsOf(shape, maxSteps),
      end: fc.constantFrom<End>('commit', 'commit', 'commit', 'commit', 'rollback', 'crash'),
    }),
    { maxLength: maxBatches },
  );

export const arenaBytes = fc.constantFrom(STATE_BYTES_DEFAULT, FOUR_ARENAS_BYTES);

type Model = Map<string, Row>;

const copyOf = (model: Model): Model =>
  new Map(
    [...model].map(([key, row]) => [
      key,
      Object.fromEntries(
        Object.entries(row).map(([name, value]) => [
          name,
          value instanceof Map && (name === 'parts' || name === 'sums')
            ? new Map([...(value as Model)].map(([sub, subRow]) => [sub, { ...subRow }]))
            : value,
        ]),
      ),
    ]),
  );

export class ModelledStore {
  store: Store;
  readonly shape: StoreShape;
  private readonly keys: readonly unknown[][];
  private model: Model = new Map();

  constructor(shape: StoreShape, keys: readonly unknown[][], stateBytes: number) {
    this.shape = shape;
    this.keys = keys;
    this.store = new Store(shape, undefined, 0, stateBytes);
  }

  /** One transaction. A crash makes the store that of an adopter. */
  run({ steps, end }: Batch): void {
    const before = copyOf(this.model);
    this.store.begin();
    for (const step of steps) this.apply(step);
    if (end === 'commit') {
      this.store.commit();
      return;
    }
    if (end === 'crash') this.store = this.store.adopt();
    this.store.rollback();
    this.model = before;
  }

  /** What the store must hold, in the form of Store.contents. */
  expected(): Model {
    const sorted = (model: Model): Model => new Map([...model].sort(([a], [b]) => (a < b ? -1 : 1)));
    const copy = copyOf(this.model);
    for (const row of copy.values()) {
      for (const name of Object.keys(this.shape.tables ?? {})) row[name] = sorted(row[name] as Model);
    }
    return sorted(copy);
  }

  private apply({ act, pick, field, value, sub, text: textValue }: Step): void {
    const { store, model, keys, shape } = this;
    const key = keys[pick % keys.length];
    const name = nameOf(key);
    if (act === 'remove') {
      assert.equal(store.remove(...key), model.delete(name));
      return;
    }
    const row = store.at(...key);
    const known = model.get(name) ?? {
      ...emptyRow(shape.state),
      ...Object.fromEntries(Object.keys(shape.tables ?? {}).map((each) => [each, new Map()])),
    };
    model.set(name, known);
    if (act === 'touch') return;
    if (act === 'set') {
      row[field] = value;
      known[field] = value;
      return;
    }
    for (const [tableName, subKey] of [
      ['parts', sub.slice(0, 2)],
      ['sums', sub.slice(2)],
    ] as const) {
      const rows = row[tableName] as AnyTable;
      const knownRows = known[tableName] as Model;
      if (act === 'clear') {
        rows.clear();
        knownRows.clear();
      } else if (act === 'delete') {
        assert.equal(rows.delete(...subKey), knownRows.delete(nameOf(subKey)));
      } else {
        const values =
          tableName === 'parts'
            ? { text: textValue, count: pick >>> 0, extra: { pick, list: [sub[0]] } }
            : { sum: sub[2], count: 1 };
        Object.assign(rows.upsert(...subKey), values);
        knownRows.set(nameOf(subKey), values);
      }
    }
  }
}

/** A commit record that is told by a number. */
export function marksOf(number: number, inputs = 2): CommitRecord {
  const record = commitCodec.empty({ inputs, outputs: 1, counts: 2, finished: 0 });
  record.progress.source.position = number;
  record.cursors.outputs[0].head = number * 3;
  record.cursors.inputs.forEach((input, i) => {
    input.position = number * 10 + i;
    input.row = i;
  });
  return record;
}

/** All rows of key groups as they are now, which must be at a commit. */
export const fullBackup = (store: Store, marks = marksOf(store.committed), groups = ALL_GROUPS): Backup =>
  new BackupWriter(store.state, groups).take(marks, store.committed);

/** The same, as a store of backups gives it back. */
export function imageOf(store: Store, marks = marksOf(store.committed), groups = ALL_GROUPS): Checkpoint {
  const backups = memoryBackup();
  backups.write('a', fullBackup(store, marks, groups));
  return backups.read('a') as Checkpoint;
}
