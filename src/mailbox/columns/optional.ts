// optional: a value of another type, or null. The column of the other type, with a zero value where there is none, and behind it
// one byte a row that tells whether there is one; in a row of state one cell more, which is 0 for null.
// Promises: null is a value and a key of its own, different from every value of the inner type; rows of state begin as null.
// Relies on: the inner type's code takes any id: here the field's own with an `o` behind.

import { errors } from '../../errors.ts';
import type { AnyField, CellCodec, Codec, Column, ColumnReading, CsvCodec, FieldKind, Id, KeyCodec } from './codec.ts';
import { isEmptyCode, ZERO } from './csv-cell.ts';
import { keptOptional } from './kept-key.ts';

const innerId = (id: Id): string => `${id}o`;

const NULL = 'null';
/** The hash of null as a key. */
const NULL_HASH = 0x2f6e2b1d;

function columnOf(inner: Column, id: Id): Column {
  return {
    ...inner,
    declare: `${inner.declare} const m${id} = new Uint8Array(ROWS);`,
    append: `${inner.append} m${id}[n] = v${id} === null ? 0 : 1;`,
    measure: `${inner.measure} words += (n + 7) >>> 3;`,
    write: `${inner.write} copy(target.u8, w << 3, m${id}, n); w += (n + 7) >>> 3;`,
    fixedBytes: inner.fixedBytes + 1,
    aloneBytes: inner.aloneBytes + 8,
  };
}

const readingOf = (inner: ColumnReading): ColumnReading => ({
  variables: (id) => `${inner.variables(innerId(id))}, m${id} = 0`,
  open: (id) => `${inner.open(innerId(id))} m${id} = w << 3; w += (count + 7) >>> 3;`,
  functions: (id) => inner.functions(innerId(id)),
  value: (id) => `(u8[m${id} + i] === 0 ? null : ${inner.value(innerId(id))})`,
});

function cellOf({ cell: inner, zero }: Codec): CellCodec {
  return {
    cells: inner.cells + 1,
    isExternal: inner.isExternal,
    read: (at, id) => `(arena.i32[${at} + ${inner.cells}] === 0 ? null : ${inner.read(at, innerId(id))})`,
    write: (at, v, id) => `{ const given = ${v} === null ? ${zero(innerId(id))} : ${v};
${inner.write(at, 'given', innerId(id))}
arena.i32[${at} + ${inner.cells}] = ${v} === null ? 0 : 1; }`,
  };
}

function keyOf(inner: KeyCodec, innerCells: number, zero: (id: Id) => string): KeyCodec {
  return {
    // A closure would get the row's cached string where there is none.
    isCached: false,
    parameters: (id) => `${inner.parameters(innerId(id))}, given${id}`,
    canonical: (id) => inner.canonical(innerId(id)),
    equal: (cell, id) => `i32[p + ${cell + innerCells}] === given${id} && ${inner.equal(cell, innerId(id))}`,
    store: (cell, id) => `${inner.store(cell, innerId(id))} i32[p + ${cell + innerCells}] = given${id};`,
    constants: (id) => inner.constants(innerId(id)),
    prepare: (v, id) => {
      const given = `v${innerId(id)}`;
      return `const ${given} = ${v} === null ? ${zero(innerId(id))} : ${v}; ${inner.prepare(given, innerId(id))}`;
    },
    ofValue: (v, id) => `${inner.ofValue(`v${innerId(id)}`, innerId(id))}, ${v} === null ? 0 : 1`,
    hashOfValue: (v, id) => `(${v} === null ? ${NULL_HASH} : ${inner.hashOfValue(v, innerId(id))})`,
    hashOfRow: (id) => `(m${id}[r] === 0 ? ${NULL_HASH} : ${inner.hashOfRow(innerId(id))})`,
    reader: (id) => `{ value: ${inner.reader(innerId(id))}, given: (i) => u8[m${id} + i] }`,
    seek: (reader) => inner.seek(`${reader}.value`),
    ofReader: (reader) => `${inner.ofReader(`${reader}.value`)}, ${reader}.given(i)`,
    hashOfReader: (reader) => {
      const hash = inner.hashOfReader(`${reader}.value`);
      return hash && `(${reader}.given(i) === 0 ? ${NULL_HASH} : ${hash})`;
    },
    hashOfCells: (cells, at) => (cells.i32[at + innerCells] === 0 ? NULL_HASH : inner.hashOfCells(cells, at)),
    areSame: (cells, at, other) =>
      cells.i32[at + innerCells] === cells.i32[other + innerCells] && inner.areSame(cells, at, other),
    own: keptOptional(inner.own, innerId),
  };
}

const csvOf = (inner: CsvCodec): CsvCodec => ({
  rule: `nothing, or ${inner.rule}`,
  isDecimal: inner.isDecimal,
  needsText: inner.needsText,
  start: 'null',
  convert: (text) => ((inner.needsText ? text : text.trim()) === '' ? null : inner.convert(text)),
  ...(inner.misfit !== undefined && {
    misfit: (text: string) => (text.trim() === '' ? undefined : inner.misfit?.(text)),
  }),
  fast: (value, dialect, id) => `if (${isEmptyCode(dialect.delimiter)}) {
      ${value} = null;
      next = byte - ${ZERO};
    } else {
      ${inner.needsText ? `if (byte === ${dialect.quote} && bytes[at + 1] === ${dialect.quote}) break fast;` : ''}
      ${inner.fast(value, dialect, innerId(id))}
    }`,
});

function optionalCodec(inner: Codec): Codec {
  const { nested, misfit, plain } = inner;
  return {
    label: `optional(${inner.label})`,
    rule: `null or ${inner.rule}`,
    usesDictionary: inner.usesDictionary,
    constants: (id, place) => inner.constants(innerId(id), place),
    invalid: (v, id) => `${v} !== null && (${inner.invalid(v, innerId(id))})`,
    zero: () => NULL,
    prepare: (id, idOf) =>
      `const v${innerId(id)} = v${id} === null ? ${inner.zero(innerId(id))} : v${id};\n${inner.prepare(innerId(id), idOf)}`,
    column: (id) => columnOf(inner.column(innerId(id)), id),
    reading: readingOf(inner.reading),
    copied: (id) => `(v${id} === null ? null : ${inner.copied(innerId(id))})`,
    cell: cellOf(inner),
    key: inner.key && keyOf(inner.key, inner.cell.cells, inner.zero),
    csv: csvOf(inner.csv),
    ...(misfit !== undefined && { misfit: (value: unknown) => (value === null ? undefined : misfit(value)) }),
    ...(plain !== undefined && { plain: (value: unknown) => (value === null ? null : plain(value)) }),
    ...(nested !== undefined && {
      nested: { ...nested, kept: (value: unknown, path: string) => (value === null ? null : nested.kept(value, path)) },
    }),
  };
}

export const optional: FieldKind = {
  isKey: true,
  codecOf(parameters, codecOf) {
    const [field] = parameters as readonly (AnyField | undefined)[];
    const where = 't.optional(field)';
    if (typeof field !== 'object' || field === null) {
      throw errors.badSchema(where, `takes a field such as t.u32(), got ${String(field)}`);
    }
    const inner = codecOf(field);
    // Two kinds of null could not be told apart.
    if (inner.zero('') === NULL) {
      throw errors.badSchema(
        where,
        `takes no field of type ${inner.label}, which takes null by itself: use it as it is`,
      );
    }
    return optionalCodec(inner);
  },
};
