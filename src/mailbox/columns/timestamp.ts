// timestamp: milliseconds since the epoch, a finite number in eight bytes.

import { plainKind } from './codec.ts';
import { TIME_RULE, timeOf } from './csv-number.ts';
import { doubleCodec } from './double.ts';

export const timestamp = plainKind(
  doubleCodec({
    label: 'timestamp',
    rule: 'a finite number of milliseconds since the epoch',
    invalid: (v) => `typeof ${v} !== 'number' || ${v} - ${v} !== 0`,
    csv: { rule: TIME_RULE, convert: timeOf },
    json: {
      holdsOthers: false,
      from: (given) => (typeof given === 'string' ? (timeOf(given) ?? given) : given),
      to: (value) => value,
    },
  }),
);
