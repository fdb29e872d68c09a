// timestamp: milliseconds since the epoch, a finite number in eight bytes.

import { NO_CODE, NO_CONSTANTS, plainKind } from './codec.ts';
import { decimalCode, TIME_RULE, timeOf } from './csv-number.ts';
import { doubleCell } from './number-cell.ts';
import { DOUBLES, numberColumn, numberReading } from './number-column.ts';
import { doubleKey } from './number-key.ts';

export const timestamp = plainKind({
  label: 'timestamp',
  rule: 'a finite number of milliseconds since the epoch',
  usesDictionary: false,
  constants: NO_CONSTANTS,
  invalid: (v) => `typeof ${v} !== 'number' || ${v} - ${v} !== 0`,
  zero: () => '0',
  prepare: NO_CODE,
  column: (id) => numberColumn(id, DOUBLES, `v${id}`),
  reading: numberReading(DOUBLES),
  copied: (id) => `v${id}`,
  cell: doubleCell(),
  key: doubleKey(),
  csv: { rule: TIME_RULE, needsText: false, start: '0', convert: timeOf, fast: decimalCode },
});
