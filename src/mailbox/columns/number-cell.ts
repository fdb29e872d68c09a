// Cells of rows that hold one number: an Int32 cell, or the two of a double.
// Promises: a cell of zeros is 0.
// Relies on: a double's cells are even (row-layout.ts).

import type { CellCodec, Id } from './codec.ts';

/** One cell of the arena's view `view`. */
export const wordCell = (
  view: 'i32' | 'u32',
  read: (cell: string, id: Id) => string = (cell) => cell,
  stored: (v: string, id: Id) => string = (v) => v,
): CellCodec => ({
  cells: 1,
  isExternal: false,
  read: (at, id) => read(`arena.${view}[${at}]`, id),
  write: (at, v, id) => `arena.i32[${at}] = ${stored(v, id)};`,
});

/** Two cells with a double. */
export const doubleCell = (
  read: (cell: string, id: Id) => string = (cell) => cell,
  stored: (v: string, id: Id) => string = (v) => v,
): CellCodec => ({
  cells: 2,
  isExternal: false,
  read: (at, id) => read(`arena.f64[(${at}) >> 1]`, id),
  write: (at, v, id) => `arena.f64[(${at}) >> 1] = ${stored(v, id)};`,
});
