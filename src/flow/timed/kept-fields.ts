// How the tuples of a stream are kept in rows under their key: all of their fields but those of the key, and made again of these.
// Promises: a tuple that is made again is a new plain object with the fields in the order of the schema.

import { errors } from '../../errors.ts';
import { generate } from '../../mailbox/codegen.ts';
import type { Schema, Shape } from '../../mailbox/schema.ts';

export type Tuple = Record<string, unknown>;

export interface KeptFields {
  /** The fields of a row. */
  readonly row: Shape;
  /** Writes the fields of a tuple into a row. */
  store(row: Tuple, tuple: Tuple): void;
  /** The tuple of a row. */
  tupleOf(row: Tuple, key: Tuple): Tuple;
  /** The same, if the key is told by the other stream's names of its fields. */
  tupleOfOther(row: Tuple, key: Tuple): Tuple;
  /** True of a tuple whose key has a field that is null: it is like no other. */
  hasNullKey(tuple: Tuple): boolean;
}

/**
 * @param key the names of the key's fields
 * @param others the names of the same fields in another stream
 * @param prefix of the fields in the row
 * @throws MillraceError BAD_SCHEMA for a field whose name begins with `$`, as those do that are kept beside the tuple
 */
export function keptFields(
  operator: string,
  { fields }: Schema,
  key: readonly string[],
  others: readonly string[] = key,
  prefix = '',
): KeptFields {
  const kept = fields.filter(({ name }) => !key.includes(name));
  const taken = kept.find(({ name }) => name.startsWith('$'));
  if (taken !== undefined)
    throw errors.badSchema(
      `operator '${operator}'`,
      `'${taken.name}' cannot be kept: give it a name that does not begin with $`,
    );
  const store = kept.map(({ name }) => `row.${prefix}${name} = tuple.${name};`);
  const made = (names: readonly string[]): string =>
    fields
      .map(({ name }) => `${name}: ${key.includes(name) ? `key.${names[key.indexOf(name)]}` : `row.${prefix}${name}`}`)
      .join(', ');
  const nullable = fields.filter(({ name, type }) => key.includes(name) && type === 'optional');
  return {
    row: Object.fromEntries(kept.map(({ name, declared }) => [`${prefix}${name}`, declared])),
    ...generate<Omit<KeptFields, 'row'>>(
      `${operator}/kept`,
      {},
      `return {
store(row, tuple) { ${store.join(' ')} },
tupleOf(row, key) { return { ${made(key)} }; },
tupleOfOther(row, key) { return { ${made(others)} }; },
hasNullKey(tuple) { return ${nullable.map(({ name }) => `tuple.${name} === null`).join(' || ') || 'false'}; },
};`,
    ),
  };
}
