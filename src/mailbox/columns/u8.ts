// u8: an integer from 0 to 255 in one byte.

import { plainKind } from './codec.ts';
import { integerCodec } from './integer.ts';
import { BYTES } from './number-column.ts';

export const u8 = plainKind(
  integerCodec({ label: 'u8', min: 0, max: 0xff, elements: BYTES, converted: (v) => `${v} & 255` }),
);
