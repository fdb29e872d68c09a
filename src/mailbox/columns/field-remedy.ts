// What to write in place of what is no field.

import type { AnyField } from './codec.ts';

const isField = (value: unknown): boolean => typeof (value as Partial<AnyField> | null | undefined)?.type === 'string';

/** @param otherwise if nothing is known of what was meant */
export function fieldRemedy(given: unknown, otherwise = 'pass a field such as t.u32()'): string {
  if (typeof given === 'function') return 'call the function, as in t.u8()';
  if (typeof given === 'string') return `call the type, such as t.u32(), in place of its name; ${otherwise}`;
  if (Array.isArray(given)) return 'write t.list(field) for an array';
  if (typeof given === 'object' && given !== null && !isField(given) && Object.values(given).some(isField))
    return 'write t.struct({ … }) for an object of fields';
  return otherwise;
}
