// u64: a bigint from 0 to 2^64 - 1 in eight bytes.

import { plainKind } from './codec.ts';
import { integer64Codec } from './integer64.ts';

export const u64 = plainKind(integer64Codec({ label: 'u64', min: 0n, max: 2n ** 64n - 1n }));
