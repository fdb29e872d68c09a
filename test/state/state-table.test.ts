// Goal: references to rows of sub-keyed tables stay right or say that they are stale; iteration sees each row once.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Schema, type Shape, t } from '../../src/mailbox/schema.ts';
import { rowLayout, table } from '../../src/state/rows/row-layout.ts';
import { type AnyTable, codeIs, keysOfGroup, Store } from '../kit/store.ts';

const tables = {
  vehicles: table({ vid: t.u32() }, { speed: t.f64(), plate: t.string(), note: t.json() }),
  stops: table({ street: t.string(), number: t.u8() }, { passes: t.u32() }),
};
const open = (): Store => {
  const store = new Store({ key: { id: t.u32() }, state: { total: t.u32() }, tables });
  store.begin();
  return store;
};
const vehiclesOf = (store: Store, id: number): AnyTable => store.at(id).vehicles as AnyTable;

test('a reference survives the growth of its table', () => {
  const store = open();
  const vehicles = vehiclesOf(store, 1);
  const row = vehicles.upsert(5);
  row.plate = 'M-IL 1';
  for (let vid = 100; vid < 1100; vid++) vehicles.upsert(vid).speed = vid;
  assert.equal(row.plate, 'M-IL 1');
  row.plate = 'a plate that is longer than twelve bytes';
  assert.equal(vehicles.get(5)?.plate, 'a plate that is longer than twelve bytes');
  assert.equal(row.vid, 5);
  assert.equal(vehicles.size, 1001);
});

test('the slices of a table have each row once, and rows may be deleted from them', () => {
  const vehicles = vehiclesOf(open(), 1);
  assert.deepEqual([...vehicles.slice(0, 1), ...vehicles.slice(6, 7)], []);
  const vids = Array.from({ length: 1000 }, (_, vid) => vid);
  for (const parts of [1, 2, 7, 60, 5000]) {
    for (const vid of vids) vehicles.upsert(vid);
    const seen: unknown[] = [];
    for (let part = 0; part < parts; part++) {
      for (const { vid } of vehicles.slice(part, parts)) {
        seen.push(vid);
        vehicles.delete(vid as number);
      }
    }
    assert.deepEqual(
      seen.sort((a, b) => Number(a) - Number(b)),
      vids,
    );
    assert.equal(vehicles.size, 0);
  }
});

test('a slice that is none is BAD_VALUE', () => {
  const vehicles = vehiclesOf(open(), 1);
  for (const [part, parts] of [
    [1, 1],
    [-1, 2],
    [0.5, 2],
    [0, 1.5],
    [0, 0],
    [0, Number.NaN],
  ])
    assert.throws(() => vehicles.slice(part, parts), codeIs('BAD_VALUE'));
});

test('a reference to a deleted row is STALE_STATE, and finds its row again once that is inserted again', () => {
  const store = open();
  const vehicles = vehiclesOf(store, 1);
  const row = vehicles.upsert(5);
  const other = vehicles.upsert(6);
  assert.equal(vehicles.delete(5), true);
  assert.equal(vehicles.delete(5), false);
  assert.throws(() => row.speed, codeIs('STALE_STATE'));
  assert.throws(() => {
    row.speed = 1;
  }, codeIs('STALE_STATE'));
  other.speed = 2;
  assert.equal(vehicles.get(6)?.speed, 2);
  vehicles.upsert(5).speed = 3;
  assert.equal(row.speed, 3);
  vehicles.clear();
  assert.throws(() => row.speed, codeIs('STALE_STATE'));
  assert.equal(vehicles.size, 0);
  assert.deepEqual([...vehicles], []);
});

test('state, tables and references are STALE_STATE after the closure', () => {
  const store = open();
  const state = store.at(1);
  const vehicles = state.vehicles as AnyTable;
  const row = vehicles.upsert(5);
  store.state.expire();
  for (const use of [
    () => state.total,
    () => vehicles.size,
    () => vehicles.get(5),
    () => vehicles.upsert(6),
    () => vehicles.clear(),
    () => [...vehicles],
    () => row.speed,
  ]) {
    assert.throws(use, codeIs('STALE_STATE'));
  }
  assert.throws(() => {
    state.total = 1;
  }, codeIs('STALE_STATE'));
});

test('a reference that is kept is STALE_STATE in the closure of another key, and never writes to its row', () => {
  const [first, second] = keysOfGroup(10, 2);
  const [elsewhere] = keysOfGroup(250, 1);
  for (const next of [second, elsewhere]) {
    const store = open();
    const row = vehiclesOf(store, first).upsert(5);
    row.speed = 1;
    // Stamps of different groups differ, as they do after some time.
    store.setStampCounter(250, 77);
    vehiclesOf(store, next).upsert(5).speed = 2;
    assert.throws(() => row.speed, codeIs('STALE_STATE'));
    assert.throws(() => {
      row.speed = 3;
    }, codeIs('STALE_STATE'));
    assert.equal(vehiclesOf(store, first).get(5)?.speed, 1);
    assert.equal(vehiclesOf(store, next).get(5)?.speed, 2);
  }
});

test('iteration yields each row once with its key, and rows may be deleted and updated on the way', () => {
  const store = open();
  const vehicles = vehiclesOf(store, 1);
  for (let vid = 0; vid < 200; vid++) vehicles.upsert(vid).speed = vid;
  const seen: number[] = [];
  for (const row of vehicles) {
    const vid = row.vid as number;
    assert.equal(row.speed, vid);
    seen.push(vid);
    row.speed = vid * 2;
    if (vid % 2 === 0) vehicles.delete(vid);
  }
  assert.deepEqual(
    seen.sort((a, b) => a - b),
    Array.from({ length: 200 }, (_, i) => i),
  );
  assert.equal(vehicles.size, 100);
  assert.deepEqual(
    new Set([...vehicles].map(({ vid, speed }) => (speed as number) - 2 * (vid as number))),
    new Set([0]),
  );
});

test('a table that grows while it is iterated is TABLE_CHANGED', () => {
  const store = open();
  const vehicles = vehiclesOf(store, 1);
  vehicles.upsert(1);
  vehicles.upsert(2);
  assert.throws(() => {
    for (const { vid } of vehicles) for (let k = 0; k < 50; k++) vehicles.upsert((vid as number) * 100 + k);
  }, codeIs('TABLE_CHANGED'));
});

test('values of wrong type are refused before anything is written, with field and operator', () => {
  const store = open();
  const vehicles = vehiclesOf(store, 1);
  const row = vehicles.upsert(5);
  row.plate = 'kept';
  const bad: [string, unknown][] = [
    ['speed', '5'],
    ['speed', 5n],
    ['plate', 5],
    ['note', undefined],
    ['note', () => 1],
    ['note', [Symbol('x')]],
  ];
  for (const [field, value] of bad) {
    assert.throws(
      () => {
        row[field] = value;
      },
      { code: 'BAD_VALUE', message: new RegExp(`field '${field}' of operator 'test'`) },
    );
  }
  assert.equal(row.plate, 'kept');
  assert.equal(row.note, null);
  const state = store.at(1);
  for (const value of [-1, 2 ** 32, 0.5, Number.NaN, '1', 1n, undefined]) {
    assert.throws(() => {
      state.total = value;
    }, codeIs('BAD_VALUE'));
  }
  assert.equal(state.total, 0);
});

test('keys of wrong type or number are refused by every operation', () => {
  const store = open();
  const stops = store.at(1).stops as AnyTable;
  for (const key of [[], ['Road'], [5, 5], ['Road', 256], ['Road', '5'], [undefined, 5], ['Road', 5n]]) {
    for (const use of [
      () => stops.get(...key),
      () => stops.upsert(...key),
      () => stops.has(...key),
      () => stops.delete(...key),
    ]) {
      assert.throws(use, codeIs('BAD_VALUE'));
    }
  }
  assert.equal(stops.size, 0);
});

test('a row keeps its key: key fields are read-only', () => {
  const store = open();
  const row = (store.at(1).stops as AnyTable).upsert('Ωmega street', 7);
  assert.deepEqual([row.street, row.number], ['Ωmega street', 7]);
  assert.throws(() => {
    row.street = 'other';
  }, TypeError);
});

test('fields may have any name: those of the row object itself too', () => {
  const names = ['table', 'tables', 'key', 'moves', 'parent', 'constructor_', 'get', 'size', 'transaction', 'p', 'v'];
  const fields: Shape = Object.fromEntries(names.map((name) => [name, t.u32()]));
  const grid = { grid: table({ row: t.u32(), column: t.u32() }, { ...fields, arena: t.string() }) };
  const store = new Store({ key: { key: t.u32() }, state: fields, tables: grid });
  store.begin();
  const state = store.at(1);
  const cell = (state.grid as AnyTable).upsert(3, 4);
  for (const [i, name] of names.entries()) {
    state[name] = i + 1;
    cell[name] = i + 101;
  }
  cell.arena = 'east';
  (state.grid as AnyTable).upsert(9, 9);
  for (const [i, name] of names.entries()) {
    assert.equal(state[name], i + 1);
    assert.equal(cell[name], i + 101);
  }
  assert.deepEqual([cell.row, cell.column, cell.arena], [3, 4, 'east']);
});

test('layouts with names that cannot be are refused', () => {
  const key = Schema.of({ id: t.u32() }, 'test').fields;
  const refuses = (state: Shape, tables: unknown, text: RegExp): void => {
    assert.throws(() => rowLayout('state of x', key, state, tables as Record<string, ReturnType<typeof table>>), {
      code: 'BAD_SCHEMA',
      message: text,
    });
  };
  refuses({ row: t.u32() }, {}, /'row' is taken/);
  refuses({ arena: t.u32() }, {}, /'arena' is taken/);
  refuses({}, { row: table({ a: t.u8() }, {}) }, /'row' is taken/);
  refuses({ a: t.u8() }, { a: table({ b: t.u8() }, {}) }, /'a' is both/);
  refuses({}, { 'a-b': table({ b: t.u8() }, {}) }, /'a-b' cannot be/);
  refuses({}, { 'x(){}': table({ b: t.u8() }, {}) }, /cannot be/);
  refuses({}, { a: table({ b: t.u8() }, { b: t.u8() }) }, /'b' is both/);
  refuses({}, { a: { b: t.u8() } }, /must be made by table/);
  refuses({}, { a: undefined }, /must be made by table/);
  refuses({}, { a: table({ b: t.json() }, {}) }, /cannot be a key/);
  refuses({}, { a: table({ b: t.u8(), c: t.u8(), d: t.u8() }, {}) }, /one or two fields/);
  assert.ok(rowLayout('state of x', key, {}, { toString: table({ a: t.u8() }, {}) }));
});

test('doubles are aligned and no cells overlap, in any layout', () => {
  const types = ['u8', 'f64', 'string', 'i32', 'timestamp', 'bool'] as const;
  for (let n = 0; n < 6 ** 4; n++) {
    const pick = (k: number) => types[Math.floor(n / 6 ** k) % 6];
    const layout = rowLayout(
      'test',
      Schema.of({ k: t[pick(0)]() }, 'test').fields,
      { a: t[pick(1)](), b: t[pick(2)](), c: t[pick(3)]() },
      { d: table({ e: t.u8() }, {}) },
    );
    const taken = new Set([0, 1]);
    const cellsOf = (type: string) =>
      type === 'string' || type === 'table' ? 4 : type === 'f64' || type === 'timestamp' ? 2 : 1;
    for (const { cell, type } of [...layout.keys, ...layout.fields, { cell: layout.tables[0].cell, type: 'table' }]) {
      if (cellsOf(type) > 1) assert.equal(cell % 2, 0);
      for (let i = 0; i < cellsOf(type); i++) {
        assert.ok(!taken.has(cell + i));
        taken.add(cell + i);
      }
    }
    assert.equal(layout.cells % 2, 0);
    assert.ok(Math.max(...taken) < layout.cells && layout.cells <= taken.size + 2);
  }
});
