// Columns of bytes: where each value ends, then the bytes of all.
// Promises: encoder's and decoder's code agree on the layout; what is read is a copy.
// Relies on: encoder.ts has widen().

import type { Column, ColumnReading, Id } from './codec.ts';
import { NO_CODE } from './codec.ts';
import { columnVariables, ENCODED_HALF } from './number-column.ts';
import { openBytesCode, startOf, wholeWords } from './text-column.ts';

/** The column of the bytes in variable `value`. */
export const bytesColumn = (i: Id, value: string): Column => ({
  declare: `let s${i} = new Uint8Array(1024); let l${i} = 0; const c${i} = new Uint32Array(ROWS);`,
  weight: `${value}.length`,
  exact: wholeWords(`${value}.length`),
  room: `if (l${i} + ${value}.length > s${i}.length) s${i} = widen(s${i}, l${i} + ${value}.length);`,
  append: `if (${value}.length > 0) { s${i}.set(${value}, l${i}); l${i} += ${value}.length; } c${i}[n] = l${i};`,
  clear: `l${i} = 0;`,
  measure: `words += ${ENCODED_HALF} + 1 + ((l${i} + 7) >>> 3);`,
  write: `copy(target.u32, w << 1, c${i}, n); w += ${ENCODED_HALF};
      target.i32[w << 1] = l${i}; target.i32[(w << 1) + 1] = 0; w += 1;
      copy(target.u8, w << 3, s${i}, l${i}); w += (l${i} + 7) >>> 3;`,
  fixedBytes: 4,
  aloneBytes: 16,
});

/** Reads the column; `value` makes the value of its bytes. */
export const bytesReading = (value: (bytes: string) => string = (bytes) => bytes): ColumnReading => ({
  variables: columnVariables,
  open: openBytesCode,
  functions: NO_CODE,
  value: (i) => value(`u8.slice(s${i} + ${startOf(i)}, s${i} + u32[b${i} + i])`),
});
