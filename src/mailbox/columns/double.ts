// What the types that are numbers in eight bytes have in common.
// Promises: a value comes back as it is, NaN, infinities and -0 included.

import type { Codec, CsvCodec } from './codec.ts';
import { NO_CODE, NO_CONSTANTS } from './codec.ts';
import { decimalCode } from './csv-number.ts';
import { doubleCell } from './number-cell.ts';
import { DOUBLES, numberColumn, numberReading } from './number-column.ts';
import { doubleKey } from './number-key.ts';

/** What a type takes, and how a cell of a CSV file says it, and JSON. */
export interface DoubleType extends Pick<Codec, 'label' | 'rule' | 'invalid' | 'json'> {
  readonly csv: Pick<CsvCodec, 'rule' | 'convert' | 'isDecimal'>;
}

export const doubleCodec = ({ label, rule, invalid, csv, json }: DoubleType): Codec => ({
  label,
  rule,
  usesDictionary: false,
  constants: NO_CONSTANTS,
  invalid,
  zero: () => '0',
  prepare: NO_CODE,
  column: (id) => numberColumn(id, DOUBLES, `v${id}`),
  reading: numberReading(DOUBLES),
  copied: (id) => `v${id}`,
  cell: doubleCell(),
  key: doubleKey(),
  csv: {
    ...csv,
    needsText: false,
    start: '0',
    fast: (value, { decimal }) => decimalCode(value, csv.isDecimal ? decimal : undefined),
  },
  json,
});
