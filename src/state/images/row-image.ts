// Images of rows: the form in which rows leave shared memory and come back. Encoder and decoder are generated per layout.
// Promises: an image holds no address and no stamp, so it may go to any thread or disk; equal keys have equal cells; what
// is decoded equals what was encoded. Decoding what is no image is an error and never runs on, but leaves a half-made table.
// Relies on: what lies behind the end of a value is zero (slots and extents are zeroed), or equal keys would differ.
//
// An image is the rows of a table one after another, in Int32 cells of the machine's byte order. A row is {tag, key cells,
// long key texts, field cells, long values, the rows of each of its tables}; a table's first root cell holds its count of
// rows. If rows can differ in size, each row of a key group (not of its tables) is preceded by {its cells, its key's cells}.

import { errors } from '../../errors.ts';
import { generate } from '../../mailbox/codegen.ts';
import { combine32, hashDouble, hashString, keyGroupCode, mix32 } from '../../mailbox/hash.ts';
import type { Arena } from '../memory/arena.ts';
import { eachExtentCode } from '../memory/directory.ts';
import type { Table } from '../memory/table.ts';
import { INLINE_BYTES } from '../memory/values.ts';
import {
  externalCells,
  ROOT_ADDRESS,
  ROOT_CELLS,
  ROOT_LIVE,
  ROW_HEADER_CELLS,
  ROW_STAMP,
  ROW_TAG,
  type RowField,
  type RowLayout,
} from '../rows/row-layout.ts';
import type { Transaction } from '../transaction/transaction.ts';

/** Grows when what an image is changes in a way that its layout does not tell. */
const VERSION = 1;

/** What rows an image holds. Images of one format can be told apart and put together without the layout. */
export interface RowFormat {
  /** Equal exactly if the images mean the same: version, key, fields and tables with their cells, and the hash of keys. */
  readonly fingerprint: string;
  /** Cells of each row; 0 if rows differ in size, and say their own. */
  readonly rowCells: number;
  /** Cells of each row's tag and key, if rows do not differ in size. */
  readonly keyCells: number;
}

/** Cells before a row that says its own size: cells of the row with these, and of its tag and key. */
export const SIZE_CELLS = 2;

/** Where rows are encoded to. */
export interface ImageTarget {
  /** Replaced by {@link room}. */
  readonly cells: Int32Array;
  /** Set by the encoder: the rows of the table that it has encoded last. */
  rows: number;
  /** Returns {@link cells} with room for `count` cells from `at` on; what is before `at` is kept. */
  room(at: number, count: number): Int32Array;
}

/** Encodes the rows of a table whose stamps are at least `from` (see {@link rowsAfter}); returns the cell after the last. */
type Encode = (arena: Arena, root: number, from: number, target: ImageTarget, at: number) => number;

/** Decodes `rows` rows into a table without an extent; returns the cell after the last. */
type Decode = (
  arena: Arena,
  root: number,
  group: number,
  rows: number,
  stamp: number,
  cells: Int32Array,
  at: number,
) => number;

/** Encoder and decoder of the rows of key groups with one layout. */
export interface RowImages {
  readonly format: RowFormat;
  /** Cells of a row without long values and rows of tables: the least that a row takes. */
  readonly cellsMin: number;
  readonly encode: Encode;
  readonly decode: Decode;
}

/** Selects all rows of a table, those included whose stamps were set to 0. */
export const EVERY_ROW = -(2 ** 31);

/**
 * Selects the rows that were touched after the stamp counter of their group was `stamp`. Counters start at 1, pass through
 * the negative numbers, and all stamps are cleared when they come to 0: until then their order is that of unsigned numbers.
 */
export const rowsAfter = (stamp: number): number => ((stamp + 1) | 0) ^ EVERY_ROW;

interface Codec {
  readonly encode: Encode;
  readonly decode: Decode;
}

/** The cells of a layout that are more than cells. */
interface CellRoles {
  /** The first cell behind the key. */
  readonly keyEnd: number;
  readonly textKeys: readonly number[];
  readonly values: readonly number[];
  /** True if all rows have the same size. */
  readonly isFlat: boolean;
}

function cellRoles({ keys, fields, tables }: RowLayout): CellRoles {
  const textKeys = externalCells(keys);
  const values = externalCells(fields);
  return {
    keyEnd: Math.max(ROW_HEADER_CELLS, ...keys.map(({ cell, codec }) => cell + codec.cell.cells)),
    textKeys,
    values,
    isFlat: textKeys.length + values.length + tables.length === 0,
  };
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);

/** In an image a row has no stamp: its tag comes first. */
const IMAGE_OFFSET = ROW_TAG;

/** Statements that copy the cells of the row at `p` to the image at `n`, and the long values of some to the image at `m`. */
function encodeCellsCode(from: number, to: number, textCells: readonly number[], tables: RowLayout['tables']): string {
  const inTables = new Set(tables.flatMap(({ cell }) => range(cell, cell + ROOT_CELLS)));
  const at = (cell: number): string => `n + ${cell - from}`;
  return `{
const i32 = arena.i32;
out = target.room(n, ${to - from});
${range(from, to)
  .map((cell) => `out[${at(cell)}] = ${inTables.has(cell) ? 0 : `i32[p + ${cell}]`};`)
  .join(' ')}
let m = n + ${to - from};
${textCells
  .map(
    (cell) => `if ((i32[p + ${cell}] >>> 1) > ${INLINE_BYTES}) {
out[${at(cell + 3)}] = 0; m = encodeLong(arena, p + ${cell}, target, m); out = target.cells; }`,
  )
  .join('\n')}
${tables
  .map(
    ({ cell }, i) => `if (i32[p + ${cell + ROOT_ADDRESS}] !== 0) {
m = encode${i}(arena, p + ${cell}, ${EVERY_ROW}, target, m); out = target.cells; out[${at(cell)}] = target.rows; }`,
  )
  .join('\n')}
n = m;
}`;
}

/** The reverse: the cells of the image at `n` to the row at `p`. */
function decodeCellsCode(from: number, to: number, textCells: readonly number[], tables: RowLayout['tables']): string {
  const inTables = new Set(tables.flatMap(({ cell }) => range(cell, cell + ROOT_CELLS)));
  return `{
const i32 = arena.i32;
${range(from, to)
  .filter((cell) => !inTables.has(cell))
  .map((cell) => `i32[p + ${cell}] = cells[n + ${cell - from}];`)
  .join(' ')}
let m = n + ${to - from};
if (m > cells.length) damaged();
${textCells
  .map((cell) => `if ((i32[p + ${cell}] >>> 1) > ${INLINE_BYTES}) m = decodeLong(arena, p + ${cell}, cells, m);`)
  .join('\n')}
${tables.map(({ cell }, i) => `m = decode${i}(arena, p + ${cell}, group, cells[n + ${cell - from}], stamp, cells, m);`).join('\n')}
n = m;
}`;
}

function encodeCode(layout: RowLayout, isTop: boolean): string {
  const { cells, tables } = layout;
  const { keyEnd, textKeys, values, isFlat } = cellRoles(layout);
  const hasSizes = isTop && !isFlat;
  const row = isFlat
    ? `${range(IMAGE_OFFSET, cells)
        .map((cell) => `out[n + ${cell - IMAGE_OFFSET}] = i32[p + ${cell}];`)
        .join(' ')} n += ${cells - IMAGE_OFFSET};`
    : `${hasSizes ? `const start = n; target.room(n, ${SIZE_CELLS}); n += ${SIZE_CELLS};` : ''}
${encodeCellsCode(IMAGE_OFFSET, keyEnd, textKeys, [])}
${hasSizes ? `out[start + 1] = n - start - ${SIZE_CELLS};` : ''}
${encodeCellsCode(keyEnd, cells, values, tables)}
${hasSizes ? 'out[start] = n - start;' : ''}`;
  return `
function encode(arena, root, from, target, at) {
const i32 = arena.i32, live = i32[root + ${ROOT_LIVE}];
let n = at, rows = 0;
if (i32[root + ${ROOT_ADDRESS}] !== 0) {
let out = ${isFlat ? `target.room(n, live * ${cells - IMAGE_OFFSET})` : 'target.cells'};
${eachExtentCode(
  layout,
  `for (let p = first; p < end; p += ${cells}) {
if ((i32[p + ${ROW_STAMP}] ^ ${EVERY_ROW}) < from || (i32[p + ${ROW_TAG}] >>> 1) === 0) continue;
rows++;
${row}
}`,
)}
}
if (rows > live || (from === ${EVERY_ROW} && rows < live)) miscounted(root, rows, live);
target.rows = rows;
return n;
}`;
}

function decodeCode(layout: RowLayout, isTop: boolean): string {
  const { cells, tables } = layout;
  const { keyEnd, textKeys, values, isFlat } = cellRoles(layout);
  const hasSizes = isTop && !isFlat;
  return `
function decode(arena, root, group, rows, stamp, cells, at) {
if (!(rows >= 0 && rows * ${cells - IMAGE_OFFSET} <= cells.length - at)) damaged();
if (rows === 0) return at;
reserve(arena, root, rows);
let n = at;
for (let k = 0; k < rows; k++) {
${hasSizes ? `const start = n; n += ${SIZE_CELLS};` : ''}
const tag = cells[n];
if ((tag >>> 1) === 0 ${isTop ? `|| ${keyGroupCode('tag')} !== group` : ''}) damaged();
const p = place(arena, root, tag);
arena.i32[p + ${ROW_STAMP}] = stamp;
${decodeCellsCode(IMAGE_OFFSET, keyEnd, textKeys, [])}
${hasSizes ? `if (cells[start + 1] !== n - start - ${SIZE_CELLS}) damaged();` : ''}
${decodeCellsCode(keyEnd, cells, values, tables)}
${hasSizes ? 'if (cells[start] !== n - start) damaged();' : ''}
}
return n;
}`;
}

/** Copies of this many cells are faster as a loop than as a call. */
const LOOP_CELLS_MAX = 32;

function copyCells(from: Int32Array, start: number, count: number, to: Int32Array, at: number): void {
  if (count > LOOP_CELLS_MAX) to.set(from.subarray(start, start + count), at);
  else for (let i = 0; i < count; i++) to[at + i] = from[start + i];
}

/** Copies the extent of a long value to the image at `at`; returns the cell behind it. */
function encodeLong(arena: Arena, cell: number, target: ImageTarget, at: number): number {
  const count = ((arena.i32[cell] >>> 1) + 3) >>> 2;
  copyCells(arena.i32, arena.i32[cell + 3] * 2, count, target.room(at, count), at);
  return at + count;
}

function generateCodec(name: string, table: Table, transaction: Transaction, isTop: boolean): Codec {
  const { allocator } = transaction;
  const [{ operator }] = transaction.arenas;
  const damaged = (): never => {
    throw errors.backupDamaged(operator, 'its rows end elsewhere than they should');
  };
  const constants: Record<string, unknown> = {
    reserve: table.reserve,
    place: table.place,
    encodeLong,
    decodeLong: (arena: Arena, cell: number, cells: Int32Array, at: number): number => {
      const bytes = arena.i32[cell] >>> 1;
      const count = (bytes + 3) >>> 2;
      if (at + count > cells.length) damaged();
      const address = allocator.allocate(arena, (bytes + 7) >>> 3);
      copyCells(cells, at, count, arena.i32, address * 2);
      arena.i32[cell + 3] = address;
      return at + count;
    },
    damaged,
    miscounted: (root: number, rows: number, live: number) => {
      throw errors.invariant(`the table of '${name}' with its root at ${root} has ${rows} rows and counts ${live}`);
    },
  };
  table.tables.forEach((each, i) => {
    const codec = generateCodec(`${name}/${each.name}`, each.table, transaction, false);
    constants[`encode${i}`] = codec.encode;
    constants[`decode${i}`] = codec.decode;
  });
  const body = `${encodeCode(table.layout, isTop)}
${decodeCode(table.layout, isTop)}
return { encode, decode };`;
  return generate(`${name}/image`, constants, body);
}

function describe({ cells, keys, fields, tables }: RowLayout): string {
  const list = (items: readonly RowField[]): string =>
    items.map(({ name, codec, cell }) => `${name}: ${codec.label}@${cell}`).join(', ');
  const nested = tables.map(({ name, cell, layout }) => `, ${name}@${cell}: ${describe(layout)}`).join('');
  return `(${list(keys)}) => { ${list(fields)}${nested} } in ${cells}`;
}

/** Differs if keys would hash otherwise: then rows would be looked for in other places. It tells byte orders apart, too. */
const hashCheck = (text: string): number =>
  [hashString('Ж'), hashDouble(Math.PI), mix32(1)].reduce(combine32, hashString(text)) >>> 0;

/** The format of images of rows with a layout. */
function rowFormat(layout: RowLayout): RowFormat {
  const { keyEnd, isFlat } = cellRoles(layout);
  const rows = `${VERSION}: ${describe(layout)}`;
  return {
    fingerprint: `${rows}, ${hashCheck(rows).toString(16)}`,
    rowCells: isFlat ? layout.cells - IMAGE_OFFSET : 0,
    keyCells: keyEnd - IMAGE_OFFSET,
  };
}

/** Generates encoder and decoder of the rows of one replica. */
export function generateRowImages(operator: string, table: Table, transaction: Transaction): RowImages {
  const { encode, decode } = generateCodec(operator, table, transaction, true);
  return { format: rowFormat(table.layout), cellsMin: table.layout.cells - IMAGE_OFFSET, encode, decode };
}
