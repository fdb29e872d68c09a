// i32: an integer from -2^31 to 2^31 - 1 in four bytes.

import { plainKind } from './codec.ts';
import { integerCodec } from './integer.ts';
import { SIGNED } from './number-column.ts';

export const i32 = plainKind(
  integerCodec({ label: 'i32', min: -(2 ** 31), max: 2 ** 31 - 1, elements: SIGNED, converted: (v) => `${v} | 0` }),
);
