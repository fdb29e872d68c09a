// i64: a bigint from -2^63 to 2^63 - 1 in eight bytes.

import { plainKind } from './codec.ts';
import { integer64Codec } from './integer64.ts';

export const i64 = plainKind(integer64Codec({ label: 'i64', min: -(2n ** 63n), max: 2n ** 63n - 1n }));
