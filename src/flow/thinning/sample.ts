// Lets a share of tuples pass.
// Promises: whether a tuple passes is a function of the seed and of its fields, so replays, replicas and other runs agree, and tuples that
// are alike in these fields share their fate.

import { errors } from '../../errors.ts';
import { mix32 } from '../../mailbox/hash.ts';
import type { Schema } from '../../mailbox/schema.ts';
import { hashes, hashValue } from '../aggregates/hash-value.ts';

/**
 * @param by the fields that decide; all that can be keys if it is left out
 * @throws MillraceError BAD_OPTION
 */
export function sampleClosure(
  operator: string,
  { fields }: Schema,
  fraction: unknown,
  { seed, by }: { readonly seed: number; readonly by: readonly string[] | undefined },
): (tuple: Record<string, unknown>) => boolean {
  const where = `operator '${operator}'`;
  if (!(typeof fraction === 'number' && fraction >= 0 && fraction <= 1))
    throw errors.badOption('fraction', fraction, 'a number from 0 to 1', where);
  const known = fields.filter(({ codec }) => codec.key !== undefined).map(({ name }) => name);
  const names = by ?? known;
  if (names.length === 0 || names.some((name) => !known.includes(name)))
    throw errors.badOption('by', by, `fields of ${known.map((name) => `'${name}'`).join(', ') || '(none)'}`, where);
  const limit = fraction * 2 ** 32;
  const start = mix32(seed ^ 0x5bd1e995);
  return (tuple) => {
    let hash = start;
    for (const name of names) {
      const value = tuple[name];
      // Null is no zero.
      if (value === null) hash = mix32(hash ^ 0x2f6e2b1d);
      else {
        hashValue(value);
        hash = mix32(Math.imul(hash, 0x9e3779b1) ^ hashes[0]) ^ hashes[1];
      }
    }
    return mix32(hash) >>> 0 < limit;
  };
}
