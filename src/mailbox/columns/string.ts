// string: any JavaScript string, lone surrogates included. A column is one text and where each value in it ends.

import { NO_CODE, NO_CONSTANTS, plainKind } from './codec.ts';
import { columnVariables, ENCODED_HALF } from './number-column.ts';
import {
  decodeTextCode,
  openBytesCode,
  startOf,
  textBytes,
  textCell,
  textCsv,
  textKey,
  wholeWords,
} from './text-column.ts';

export const string = plainKind({
  label: 'string',
  rule: 'a string',
  usesDictionary: false,
  constants: NO_CONSTANTS,
  invalid: (v) => `typeof ${v} !== 'string'`,
  zero: () => `''`,
  prepare: NO_CODE,
  column: (i) => ({
    declare: `let x${i} = ''; const c${i} = new Uint32Array(ROWS);`,
    weight: `2 * v${i}.length`,
    exact: wholeWords(textBytes(`v${i}`)),
    room: '',
    append: `x${i} += v${i}; c${i}[n] = x${i}.length;`,
    clear: `x${i} = '';`,
    measure: `const wide${i} = isWide(x${i}); const bytes${i} = wide${i} ? x${i}.length * 2 : x${i}.length;
      words += ${ENCODED_HALF} + 1 + ((bytes${i} + 7) >>> 3);`,
    write: `copy(target.u32, w << 1, c${i}, n); w += ${ENCODED_HALF};
      target.i32[w << 1] = bytes${i}; target.i32[(w << 1) + 1] = wide${i} ? 1 : 0; w += 1;
      const start${i} = w << 3;
      if (wide${i}) target.text.ucs2Write(x${i}, start${i}, bytes${i}); else target.text.latin1Write(x${i}, start${i}, bytes${i});
      w += (bytes${i} + 7) >>> 3;`,
    fixedBytes: 4,
    aloneBytes: 16,
  }),
  reading: {
    variables: columnVariables,
    open: openBytesCode,
    functions: (i) => `${decodeTextCode(i)}
      let q${i} = 0, r${i} = 0;
      const column${i} = {
        seek(i) { const k = wide${i}; q${i} = s${i} + (${startOf(i)} << k); r${i} = s${i} + (u32[b${i} + i] << k); },
        bytes: () => u8, start: () => q${i}, end: () => r${i}, wide: () => wide${i} === 1 };`,
    // Without a look at the text where all values are empty.
    value: (i) => `(l${i} === 0 ? '' : text${i}().substring(${startOf(i)}, u32[b${i} + i]))`,
  },
  copied: (i) => `v${i}`,
  cell: textCell,
  key: textKey(
    (i) => `(wide${i} ? hashUtf16(target.u8, start${i} + 2 * (r === 0 ? 0 : c${i}[r - 1]), start${i} + 2 * c${i}[r])
        : hashLatin1(target.u8, start${i} + (r === 0 ? 0 : c${i}[r - 1]), start${i} + c${i}[r]))`,
  ),
  csv: textCsv,
});
