// dictionary: a string that comes again and again. A column holds ids of the ring's dictionary; a negative id -1 - k is the k-th
// string of the inline column behind, used once the dictionary is full.

import { NO_CONSTANTS, plainKind } from './codec.ts';
import { columnVariables, DECODED_HALF, ENCODED_HALF } from './number-column.ts';
import { decodeTextCode, startOf, textBytes, textCell, textCsv, textKey, wholeWords } from './text-column.ts';

export const dictionary = plainKind({
  label: 'dictionary',
  rule: 'a string',
  usesDictionary: true,
  constants: NO_CONSTANTS,
  invalid: (v) => `typeof ${v} !== 'string'`,
  zero: () => `''`,
  prepare: (i, idOf) => `const d${i} = ${idOf}(v${i});`,
  column: (i) => ({
    declare: `const c${i} = new Int32Array(ROWS); let inline${i} = []; let chars${i} = 0;`,
    weight: `(d${i} < 0 ? 2 * v${i}.length + 4 : 0)`,
    exact: `(d${i} < 0 ? 16 + ${wholeWords(textBytes(`v${i}`))} : 0)`,
    room: '',
    append: `if (d${i} < 0) { c${i}[n] = -1 - inline${i}.length; inline${i}.push(v${i}); chars${i} += v${i}.length; }
      else c${i}[n] = d${i};`,
    clear: `if (inline${i}.length > 0) { inline${i} = []; chars${i} = 0; }`,
    measure: `words += ${ENCODED_HALF} + 1; let wide${i} = false; let bytes${i} = 0; let text${i} = '';
      if (inline${i}.length > 0) { text${i} = inline${i}.join(''); wide${i} = isWide(text${i});
        bytes${i} = wide${i} ? chars${i} * 2 : chars${i};
        words += ((inline${i}.length + 1) >>> 1) + 1 + ((bytes${i} + 7) >>> 3); }`,
    write: `copy(target.i32, w << 1, c${i}, n); w += ${ENCODED_HALF};
      target.i32[w << 1] = inline${i}.length; target.i32[(w << 1) + 1] = 0; w += 1;
      if (inline${i}.length > 0) w = writeInline(target, w, inline${i}, text${i}, bytes${i}, wide${i});`,
    fixedBytes: 4,
    aloneBytes: 16,
  }),
  reading: {
    variables: columnVariables,
    open: (i) => `b${i} = w << 1; w += ${DECODED_HALF};
        { const inlined = i32[w << 1]; w += 1; t${i} = null;
          if (inlined > 0) { e${i} = w << 1; w += (inlined + 1) >>> 1; l${i} = i32[w << 1]; wide${i} = i32[(w << 1) + 1]; w += 1;
            s${i} = w << 3; w += (l${i} + 7) >>> 3; } }`,
    functions: (i) => `${decodeTextCode(i)}
      function inline${i}(k) { return text${i}().substring(${startOf(i, `e${i}`, 'k')}, u32[e${i} + k]); }
      let bytes${i} = u8, q${i} = 0, r${i} = 0, x${i} = 0;
      const column${i} = {
        seek(i) {
          const id = i32[b${i} + i];
          if (id < 0) { const k = -1 - id; bytes${i} = u8; x${i} = wide${i};
            q${i} = s${i} + (${startOf(i, `e${i}`, 'k')} << x${i}); r${i} = s${i} + (u32[e${i} + k] << x${i}); }
          else { dictionary.seek(id); bytes${i} = dictionary.bytes; q${i} = dictionary.start; r${i} = dictionary.end;
            x${i} = dictionary.wide ? 1 : 0; } },
        bytes: () => bytes${i}, start: () => q${i}, end: () => r${i}, wide: () => x${i} === 1 };`,
    value: (i) => `(i32[b${i} + i] < 0 ? inline${i}(-1 - i32[b${i} + i]) : dictionary.get(i32[b${i} + i]))`,
  },
  copied: (i) => `v${i}`,
  cell: textCell,
  key: textKey((i) => `(c${i}[r] < 0 ? hashString(inline${i}[-1 - c${i}[r]]) : dictionary.hashes[c${i}[r]])`),
  csv: textCsv,
});
