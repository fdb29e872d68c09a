// f64: any number in eight bytes.

import { plainKind } from './codec.ts';
import { numberOf } from './csv-number.ts';
import { doubleCodec } from './double.ts';

const RULE = 'a number';

export const f64 = plainKind(
  doubleCodec({
    label: 'f64',
    rule: RULE,
    invalid: (v) => `typeof ${v} !== 'number'`,
    csv: { rule: RULE, convert: numberOf, isDecimal: true },
  }),
);
