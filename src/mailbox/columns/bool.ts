// bool: true or false in one byte.

import { NO_CODE, NO_CONSTANTS, plainKind } from './codec.ts';
import { ZERO } from './csv-cell.ts';
import { wordCell } from './number-cell.ts';
import { BYTES, numberColumn, numberReading } from './number-column.ts';
import { integerKey } from './number-key.ts';

const bit = (v: string): string => `${v} ? 1 : 0`;

const matches = (word: string): string =>
  [...word].map((character, i) => `bytes[at + ${i}] === ${character.charCodeAt(0)}`).join(' && ');

export const bool = plainKind({
  label: 'bool',
  rule: 'true or false',
  usesDictionary: false,
  constants: NO_CONSTANTS,
  invalid: (v) => `${v} !== true && ${v} !== false`,
  zero: () => 'false',
  prepare: NO_CODE,
  column: (id) => numberColumn(id, BYTES, bit(`v${id}`)),
  reading: numberReading(BYTES, (element) => `${element} === 1`),
  copied: (id) => `v${id}`,
  cell: wordCell('i32', (cell) => `${cell} === 1`, bit),
  key: integerKey(BYTES, { stored: (v) => `(${bit(v)})` }),
  csv: {
    rule: 'true, false, 1 or 0',
    needsText: false,
    start: 'false',
    convert: (text) => {
      const word = text.trim().toLowerCase();
      if (word === 'true' || word === '1') return true;
      return word === 'false' || word === '0' ? false : undefined;
    },
    fast: (value) => `if (bytes[at] === ${'1'.charCodeAt(0)}) { ${value} = true; at++; }
    else if (bytes[at] === ${'0'.charCodeAt(0)}) { ${value} = false; at++; }
    else if (${matches('true')}) { ${value} = true; at += 4; }
    else if (${matches('false')}) { ${value} = false; at += 5; }
    else break fast;
    next = bytes[at] - ${ZERO};`,
  },
});
