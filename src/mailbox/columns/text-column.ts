// What columns of variable length have in common: the ends of the values, then their bytes; and text as a key and in state.
// Promises: a string keeps its code units; a column is latin1 if all its characters are, else UTF-16.
// Relies on: dictionary.ts tells which; state/values.ts for the cells of rows.

import { isWide } from '../dictionary.ts';
import { hashLatin1, hashUtf16 } from '../hash.ts';
import type { CellCodec, CellReader, CsvCodec, Id, KeyCodec } from './codec.ts';
import { CSV_TEXT, csvTextCode } from './csv-cell.ts';
import { keptText } from './kept-key.ts';
import { DECODED_HALF } from './number-column.ts';

/** Bytes of a column's text. */
export const textBytes = (v: string): string => `(isWide(${v}) ? 2 * ${v}.length : ${v}.length)`;
export const wholeWords = (bytes: string): string => `((${bytes} + 7) & -8)`;

/** Where the value of a row starts, in units behind the first. */
export const startOf = (id: Id, ends = `b${id}`, row = 'i'): string => `(${row} === 0 ? 0 : u32[${ends} + ${row} - 1])`;

/** Sets the variables of a column of ends and bytes. */
export const openBytesCode = (id: Id): string =>
  `b${id} = w << 1; w += ${DECODED_HALF}; l${id} = i32[w << 1]; wide${id} = i32[(w << 1) + 1]; w += 1;
        s${id} = w << 3; t${id} = null; w += (l${id} + 7) >>> 3;`;

/** The function text<id>(), which decodes a column's text once. */
export const decodeTextCode = (id: Id): string => `function text${id}() {
    if (t${id} === null) t${id} = wide${id} === 1 ? text.ucs2Slice(s${id}, s${id} + l${id}) : text.latin1Slice(s${id}, s${id} + l${id});
    return t${id}; }`;

/** Cells of a value of variable length. */
export const VALUE_CELLS = 4;

export const textCell: CellCodec = {
  cells: VALUE_CELLS,
  isExternal: true,
  read: (at) => `readText(arena, ${at})`,
  write: (at, v) => `writeText(allocator, arena, ${at}, ${v});`,
};

/** The text of a key as bytes: those that a look-up compares. */
class KeyText {
  bytes = Buffer.allocUnsafeSlow(256);

  /** Writes a string to `bytes`, latin1 if its characters allow it; returns whether it is UTF-16. */
  encode(text: string): boolean {
    const wide = isWide(text);
    if (this.bytes.length < text.length * 2) this.bytes = Buffer.allocUnsafeSlow(text.length * 2);
    if (wide) this.bytes.ucs2Write(text, 0, text.length * 2);
    else this.bytes.latin1Write(text, 0, text.length);
    return wide;
  }

  /** Copies UTF-16 text to `bytes` as latin1; returns false if a character does not allow it. */
  narrow(bytes: Uint8Array, start: number, end: number): boolean {
    const length = (end - start) >>> 1;
    if (this.bytes.length < length) this.bytes = Buffer.allocUnsafeSlow(2 ** Math.ceil(Math.log2(length)));
    for (let k = 0; k < length; k++) {
      if (bytes[start + 2 * k + 1] !== 0) return false;
      this.bytes[k] = bytes[start + 2 * k];
    }
    return true;
  }
}

const endOf = (cells: CellReader, at: number): number => cells.textStart(at) + (cells.i32[at] >>> 1);

/** A key whose value is text: it is looked up as bytes, and a closure gets the row's own string. */
export const textKey = (hashOfRow: (id: Id) => string): KeyCodec => ({
  isCached: true,
  parameters: (id) => `bytes${id}, start${id}, end${id}, wide${id}`,
  canonical: (id) => `if (wide${id} && scratch${id}.narrow(bytes${id}, start${id}, end${id})) {
      bytes${id} = scratch${id}.bytes; end${id} = (end${id} - start${id}) >>> 1; start${id} = 0; wide${id} = false; }
      const meta${id} = ((end${id} - start${id}) << 1) | (wide${id} ? 1 : 0);`,
  equal: (cell, id) =>
    `i32[p + ${cell}] === meta${id} && sameText(arena, p + ${cell}, bytes${id}, start${id}, end${id})`,
  store: (cell, id) => `storeText(arena, p + ${cell}, bytes${id}, start${id}, end${id}, wide${id});`,
  constants: (id) => ({ [`scratch${id}`]: new KeyText() }),
  prepare: (v, id) => `const wide${id} = scratch${id}.encode(${v});`,
  ofValue: (v, id) => `scratch${id}.bytes, 0, wide${id} ? ${v}.length * 2 : ${v}.length, wide${id}`,
  hashOfValue: (v) => `hashString(${v})`,
  hashOfRow,
  reader: (id) => `column${id}`,
  seek: (reader) => `${reader}.seek(i);`,
  ofReader: (reader) => `${reader}.bytes(), ${reader}.start(), ${reader}.end(), ${reader}.wide()`,
  hashOfReader: () => undefined,
  hashOfCells: (cells, at) =>
    (cells.i32[at] & 1) === 1
      ? hashUtf16(cells.u8, cells.textStart(at), endOf(cells, at))
      : hashLatin1(cells.u8, cells.textStart(at), endOf(cells, at)),
  areSame: (cells, at, other) =>
    cells.i32[at] === cells.i32[other] &&
    Buffer.compare(
      cells.u8.subarray(cells.textStart(at), endOf(cells, at)),
      cells.u8.subarray(cells.textStart(other), endOf(cells, other)),
    ) === 0,
  own: keptText,
});

export const textCsv: CsvCodec = {
  rule: 'a string',
  needsText: true,
  start: `''`,
  convert: (text) => text,
  fast: (value, dialect) => `${csvTextCode(dialect)}
    ${value} = ${CSV_TEXT};`,
};
