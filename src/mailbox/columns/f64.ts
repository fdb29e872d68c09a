// f64: any number in eight bytes.

import { plainKind } from './codec.ts';
import { numberOf } from './csv-number.ts';
import { doubleCodec } from './double.ts';

const RULE = 'a number';
/** JSON has no numbers for them. */
const WORDS = new Set(['NaN', 'Infinity', '-Infinity']);

export const f64 = plainKind(
  doubleCodec({
    label: 'f64',
    rule: RULE,
    invalid: (v) => `typeof ${v} !== 'number'`,
    csv: { rule: RULE, convert: numberOf, isDecimal: true },
    json: {
      holdsOthers: false,
      from: (given) => (WORDS.has(given as string) ? Number(given) : given),
      to: (value) => (Number.isFinite(value) ? value : String(value)),
    },
  }),
);
