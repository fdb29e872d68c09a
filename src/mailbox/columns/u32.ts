// u32: an integer from 0 to 2^32 - 1 in four bytes.

import { plainKind } from './codec.ts';
import { integerCodec } from './integer.ts';
import { UNSIGNED } from './number-column.ts';

export const u32 = plainKind(
  integerCodec({ label: 'u32', min: 0, max: 2 ** 32 - 1, elements: UNSIGNED, converted: (v) => `${v} >>> 0` }),
);
