// What the types of integers of at most 32 bits have in common.
// Promises: an integer outside of the range is no value, neither in a tuple nor in a cell of a file; -0 is 0.

import type { Codec } from './codec.ts';
import { NO_CODE, NO_CONSTANTS } from './codec.ts';
import { integerCell } from './csv-number.ts';
import { wordCell } from './number-cell.ts';
import { type Elements, numberColumn, numberReading } from './number-column.ts';
import { integerKey } from './number-key.ts';

export interface IntegerType {
  readonly label: string;
  readonly min: number;
  readonly max: number;
  readonly elements: Elements;
  /** `v` as the type has it: equal to `v` exactly if that is a value. */
  converted(v: string): string;
}

export const integerCodec = ({ label, min, max, elements, converted }: IntegerType): Codec => ({
  label,
  rule: `an integer from ${min} to ${max}`,
  usesDictionary: false,
  constants: NO_CONSTANTS,
  invalid: (v) => `typeof ${v} !== 'number' || (${converted(v)}) !== ${v}`,
  zero: () => '0',
  prepare: NO_CODE,
  column: (id) => numberColumn(id, elements, `v${id}`),
  reading: numberReading(elements),
  copied: (id) => converted(`v${id}`),
  cell: wordCell(min < 0 ? 'i32' : 'u32'),
  key: integerKey(elements),
  csv: integerCell(min, max),
  kept: (value) => (value === 0 ? 0 : value),
});
