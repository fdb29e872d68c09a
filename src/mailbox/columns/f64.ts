// f64: any number in eight bytes; NaN, infinities and -0 come back as they are.

import { NO_CODE, NO_CONSTANTS, plainKind } from './codec.ts';
import { decimalCode, numberOf } from './csv-number.ts';
import { doubleCell } from './number-cell.ts';
import { DOUBLES, numberColumn, numberReading } from './number-column.ts';
import { doubleKey } from './number-key.ts';

const RULE = 'a number';

export const f64 = plainKind({
  label: 'f64',
  rule: RULE,
  usesDictionary: false,
  constants: NO_CONSTANTS,
  invalid: (v) => `typeof ${v} !== 'number'`,
  zero: () => '0',
  prepare: NO_CODE,
  column: (id) => numberColumn(id, DOUBLES, `v${id}`),
  reading: numberReading(DOUBLES),
  copied: (id) => `v${id}`,
  cell: doubleCell(),
  key: doubleKey(),
  csv: { rule: RULE, needsText: false, start: '0', convert: numberOf, fast: decimalCode },
});
