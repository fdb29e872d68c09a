// Columns of values of fixed width: one element of a typed array each.
// Promises: encoder's and decoder's code agree on the layout: the elements, padded to whole words.
// Relies on: frames begin at whole words.

import type { Column, ColumnReading, Id } from './codec.ts';
import { NO_CODE } from './codec.ts';

/** Words of a column of 4 bytes a row, as an encoder and as a decoder counts rows. */
export const ENCODED_HALF = '((n + 1) >>> 1)';
export const DECODED_HALF = '((count + 1) >>> 1)';

/** An array of typed elements and its view of the frame. */
export interface Elements {
  readonly array: 'Uint8Array' | 'Int32Array' | 'Uint32Array' | 'Float64Array';
  readonly view: 'u8' | 'i32' | 'u32' | 'f64';
  readonly bytes: 1 | 4 | 8;
}

export const BYTES: Elements = { array: 'Uint8Array', view: 'u8', bytes: 1 };
export const SIGNED: Elements = { array: 'Int32Array', view: 'i32', bytes: 4 };
export const UNSIGNED: Elements = { array: 'Uint32Array', view: 'u32', bytes: 4 };
export const DOUBLES: Elements = { array: 'Float64Array', view: 'f64', bytes: 8 };

/** The column of elements; `value` is what is stored of v<id>. */
export function numberColumn(id: Id, { array, view, bytes }: Elements, value: string): Column {
  const words = bytes === 8 ? 'n' : bytes === 4 ? ENCODED_HALF : '((n + 7) >>> 3)';
  const index = bytes === 8 ? 'w' : bytes === 4 ? 'w << 1' : 'w << 3';
  return {
    declare: `const c${id} = new ${array}(ROWS);`,
    weight: '',
    exact: '',
    room: '',
    append: `c${id}[n] = ${value};`,
    clear: '',
    measure: `words += ${words};`,
    write: `copy(target.${view}, ${index}, c${id}, n); w += ${words};`,
    fixedBytes: bytes,
    aloneBytes: 8,
  };
}

/** Declares what a column of any type may set when a frame is opened. */
export const columnVariables = (id: Id): string =>
  `b${id} = 0, e${id} = 0, s${id} = 0, l${id} = 0, wide${id} = 0, t${id} = null`;

/** The element in row `i` as it is stored. */
export const elementOf = ({ view }: Elements, id: Id): string => `${view}[b${id} + i]`;

const OPEN: Readonly<Record<Elements['bytes'], (id: Id) => string>> = {
  1: (id) => `b${id} = w << 3; w += (count + 7) >>> 3;`,
  4: (id) => `b${id} = w << 1; w += ${DECODED_HALF};`,
  8: (id) => `b${id} = w; w += count;`,
};

/** Reads the column; `value` makes the value of an element. */
export const numberReading = (
  elements: Elements,
  value: (element: string, id: Id) => string = (element) => element,
): ColumnReading => ({
  variables: columnVariables,
  open: OPEN[elements.bytes],
  functions: NO_CODE,
  value: (id) => value(elementOf(elements, id), id),
});
