// Goal: what a table of fields says is what a record holds, whatever the table: a new field is one line of it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Cells, List, Place, recordCodec, type Table } from '../../src/state/transaction/record-codec.ts';
import { runs } from '../kit/arbitraries.ts';

type Sizes = Record<'few' | 'many', number>;
type Codec = ReturnType<typeof recordCodec<Table, Sizes>>;
type Values = ReturnType<Codec['empty']>;

const { table } = fc.letrec<{ table: Table; field: Table[string] }>((tie) => ({
  table: fc.dictionary(fc.stringMatching(/^[a-z]{1,4}$/), tie('field'), { maxKeys: 5, noNullPrototype: true }),
  field: fc.oneof(
    { depthSize: 'small' },
    fc.integer(),
    fc.boolean(),
    fc.constant(new Place()),
    fc.nat({ max: 3 }).map((length) => new Cells(length)),
    fc.constantFrom('few', 'many').map((size) => new List(size, 7)),
    fc.tuple(fc.constantFrom('few', 'many'), tie('table')).map(([size, item]) => new List(size, item)),
    tie('table'),
  ),
}));
const sizes = fc.record({ few: fc.nat({ max: 2 }), many: fc.nat({ max: 5 }) });
const seeds = fc.array(fc.double({ noNaN: true }), { minLength: 1, maxLength: 8 });

/** Replaces the numbers and flags of a record, in order, by others. */
function fill(value: object, next: () => number): void {
  const holder = value as Record<string, unknown>;
  for (const [name, inner] of Object.entries(value)) {
    if (typeof inner === 'object') fill(inner, next);
    else holder[name] = typeof inner === 'boolean' ? next() > 0 : next();
  }
}

/** The paths of a record's values. */
const pathsOf = (value: object, path = ''): string[] =>
  Object.entries(value).flatMap(([name, inner]) =>
    typeof inner === 'object' ? pathsOf(inner, `${path}${name}.`) : [`${path}${name}`],
  );

/** The value at a path, and what it is in. */
function at(record: object, path: string): readonly [Record<string, unknown>, string] {
  const names = path.split('.');
  const last = names.pop() as string;
  return [names.reduce((inner, name) => inner[name] as never, record as Record<string, unknown>), last];
}

function recordOf(codec: Codec, length: Sizes, values: readonly number[]): Values {
  const record = codec.empty(length);
  let at = 0;
  fill(record, () => values[at++ % values.length] + at);
  return record;
}

test('a record that is written is read again; copies are equal and share nothing; each value counts', () => {
  fc.assert(
    fc.property(table, sizes, seeds, fc.nat(), fc.nat({ max: 3 }), (fields, length, values, choice, offset) => {
      const codec = recordCodec<Table, Sizes>('test', fields);
      const record = recordOf(codec, length, values);
      const names = codec.names(length);
      const cells = new Float64Array(names.length + offset);
      assert.equal(codec.write(cells, offset, record), cells.length);
      const read = codec.empty(length);
      assert.equal(codec.read(cells, offset, read), cells.length);
      assert.deepEqual(read, record);
      assert.ok(codec.equal(read, record));
      const copy = codec.empty(length);
      codec.copy(record, copy);
      assert.deepEqual(copy, record);
      fill(record, () => 3);
      assert.deepEqual(copy, read, 'the copy is not the record');
      const paths = pathsOf(copy);
      if (paths.length === 0) return;
      const [holder, name] = at(copy, paths[choice % paths.length]);
      holder[name] = typeof holder[name] === 'boolean' ? !holder[name] : holder[name] === 7 ? 8 : 7;
      assert.ok(!codec.equal(read, copy));
    }),
    runs(300),
  );
});

test('cells are named by the paths of their values', () => {
  const codec = recordCodec<Table, Sizes>('test', {
    flag: true,
    place: { at: 3, sides: new Cells(2) },
    marks: new List('few', { head: 0 }),
    counts: new List('few', 0),
  });
  const length = { few: 2, many: 0 };
  const names = ['flag', 'place.at', 'place.sides.0', 'place.sides.1', 'marks.0.head', 'marks.1.head'];
  assert.deepEqual(codec.names(length), [...names, 'counts.0', 'counts.1']);
  const cells = new Float64Array(8);
  codec.write(cells, 0, codec.empty(length));
  assert.deepEqual([...cells], [1, 3, 0, 0, 0, 0, 0, 0]);
});
