// Goal: a field of every type, and what stands for it in tests: its first value in a row, and the hash of its keys, computed
// apart from the code under test. It imports nothing that a worker would not, so that flows can use it.

import { combine32, hashDouble, hashString, mix32 } from '../../src/mailbox/hash.ts';
import { type Field, t } from '../../src/mailbox/schema.ts';

export const LITERALS = ['open', 'closed', '', "it's", 'ждёт'] as const;

const FIELDS = {
  u8: t.u8(),
  i32: t.i32(),
  u32: t.u32(),
  i64: t.i64(),
  u64: t.u64(),
  f64: t.f64(),
  bool: t.bool(),
  timestamp: t.timestamp(),
  date: t.date(),
  string: t.string(),
  dictionary: t.dictionary(),
  enum: t.enum(...LITERALS),
  bytes: t.bytes(),
  json: t.json(),
  list: t.list(t.f64()),
  struct: t.struct({ at: t.date(), tags: t.list(t.optional(t.string())), n: t.optional(t.i64()) }),
  optionalF64: t.optional(t.f64()),
  optionalU64: t.optional(t.u64()),
  optionalString: t.optional(t.string()),
  optionalDictionary: t.optional(t.dictionary()),
  optionalBytes: t.optional(t.bytes()),
  optionalList: t.optional(t.list(t.u8())),
} as const satisfies Readonly<Record<string, Field<unknown>>>;

/** The name of a field of some type; it can be a field's name. */
export type SampleType = keyof typeof FIELDS;

export const fieldTypes = Object.keys(FIELDS) as SampleType[];
export const keyTypes = fieldTypes.filter(
  (type) => !['bytes', 'json', 'list', 'struct', 'optionalBytes', 'optionalList'].includes(type),
);
export const fieldOf = (type: SampleType): Field<unknown> => FIELDS[type];

/** The name of a field that is equal to one of these. */
export function typeOf(field: Field<unknown>): SampleType {
  const same = fieldTypes.find((type) => JSON.stringify(FIELDS[type]) === JSON.stringify(field));
  if (same === undefined) throw new Error(`no sample is ${JSON.stringify(field)}`);
  return same;
}

/** What a row begins with. */
export const FIRST_VALUES: Readonly<Record<SampleType, unknown>> = {
  u8: 0,
  i32: 0,
  u32: 0,
  i64: 0n,
  u64: 0n,
  f64: 0,
  bool: false,
  timestamp: 0,
  date: new Date(0),
  string: '',
  dictionary: '',
  enum: 'open',
  bytes: new Uint8Array(0),
  json: null,
  list: [],
  struct: { at: new Date(0), tags: [], n: null },
  optionalF64: null,
  optionalU64: null,
  optionalString: null,
  optionalDictionary: null,
  optionalBytes: null,
  optionalList: null,
};

/** Routing and images of state depend on it: it never changes. */
const HASH_OF_NULL = 0x2f6e2b1d;

/** The hash of a key whose field's type is shown as `label`. */
export function hashOfKey(label: string, value: unknown): number {
  if (value === null) return HASH_OF_NULL;
  const inner = label.replace(/^optional\((.*)\)$/s, '$1');
  if (inner.startsWith('enum')) return mix32(LITERALS.indexOf(value as 'open'));
  if (typeof value === 'string') return hashString(value);
  if (value instanceof Date) return hashDouble(value.getTime());
  if (typeof value === 'bigint') {
    return combine32(Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n)));
  }
  return inner === 'f64' || inner === 'timestamp' ? hashDouble(value as number) : mix32(Number(value));
}
