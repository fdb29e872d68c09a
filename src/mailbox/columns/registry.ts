// The field types: the one list that names them all.
// Promises: a type is one file of this folder, its name in KINDS, and its entry in `t`, which apps call; one without the other, or a codec
// without one of its parts, does not compile.

import { show } from '../../errors/show.ts';
import { errors } from '../../errors.ts';
import { refuseSurplus } from '../../surplus.ts';
import { bool } from './bool.ts';
import { bytes } from './bytes.ts';
import type { AnyField, Codec, FieldKind } from './codec.ts';
import { date } from './date.ts';
import { dictionary } from './dictionary.ts';
import { enumeration } from './enum.ts';
import { f64 } from './f64.ts';
import { fieldRemedy } from './field-remedy.ts';
import { i32 } from './i32.ts';
import { i64 } from './i64.ts';
import { json } from './json.ts';
import { list } from './list.ts';
import { optional } from './optional.ts';
import type { StandardSchema } from './standard-schema.ts';
import { string } from './string.ts';
import { struct } from './struct.ts';
import { timestamp } from './timestamp.ts';
import { u8 } from './u8.ts';
import { u32 } from './u32.ts';
import { u64 } from './u64.ts';

const KINDS = {
  u8,
  i32,
  u32,
  i64,
  u64,
  f64,
  bool,
  timestamp,
  date,
  string,
  dictionary,
  enum: enumeration,
  bytes,
  json,
  list,
  struct,
  optional,
} as const satisfies Readonly<Record<string, FieldKind>>;

/** The name of a field type, as `t` has it. */
export type FieldType = keyof typeof KINDS;

declare const VALUE: unique symbol;

/** A field of a schema. Made by {@link t}. */
export interface Field<Value> extends AnyField {
  /** Which method of `t` has made it. */
  readonly type: FieldType;
  /** @internal */
  readonly [VALUE]?: Value;
}

/** A field of structured values: types tell it from other fields whose values it may have, such as numbers. */
export interface JsonField<Value> extends Field<Value> {
  readonly type: 'json';
}

/** The object that a struct of some fields is. */
export type StructOf<Fields> = {
  -readonly [Name in keyof Fields]: Fields[Name] extends Field<infer Value> ? Value : never;
};

function fieldOf<Value>(type: FieldType, surplus: readonly unknown[]): Field<Value> {
  refuseSurplus(`t.${type}()`, 0, surplus);
  return { type };
}

/** A field whose parameters its type has checked. */
function fieldWith<Value>(type: FieldType, parameters: readonly unknown[]): Field<Value> {
  const field: Field<Value> = { type, parameters };
  codecOf(field);
  return field;
}

/** Field types. Each call makes one field of a schema: `{ word: t.string(), count: t.u32() }`. */
export const t = {
  /** An integer from 0 to 255; 1 byte. */
  u8: (...surplus: readonly never[]): Field<number> => fieldOf('u8', surplus),
  /** An integer from -2^31 to 2^31 - 1; 4 bytes. */
  i32: (...surplus: readonly never[]): Field<number> => fieldOf('i32', surplus),
  /** An integer from 0 to 2^32 - 1; 4 bytes. */
  u32: (...surplus: readonly never[]): Field<number> => fieldOf('u32', surplus),
  /** A bigint from -2^63 to 2^63 - 1; 8 bytes. */
  i64: (...surplus: readonly never[]): Field<bigint> => fieldOf('i64', surplus),
  /** A bigint from 0 to 2^64 - 1; 8 bytes. */
  u64: (...surplus: readonly never[]): Field<bigint> => fieldOf('u64', surplus),
  /** Any JavaScript number, NaN, infinities and -0 included; 8 bytes. */
  f64: (...surplus: readonly never[]): Field<number> => fieldOf('f64', surplus),
  /** true or false; 1 byte. */
  bool: (...surplus: readonly never[]): Field<boolean> => fieldOf('bool', surplus),
  /** Milliseconds since the epoch as a finite number; 8 bytes. */
  timestamp: (...surplus: readonly never[]): Field<number> => fieldOf('timestamp', surplus),
  /** A valid Date, copied; 8 bytes. */
  date: (...surplus: readonly never[]): Field<Date> => fieldOf('date', surplus),
  /** Any JavaScript string, lone surrogates included; 1 byte a character if all are latin1, else 2, plus 4. */
  string: (...surplus: readonly never[]): Field<string> => fieldOf('string', surplus),
  /** A string that comes again and again as the same JS string; 4 bytes a tuple, its text once a ring. */
  dictionary: (...surplus: readonly never[]): Field<string> => fieldOf('dictionary', surplus),
  /**
   * One of the strings given: `t.enum('open', 'closed')`; 1 byte, or 4 if there are more than 256.
   * @throws MillraceError BAD_SCHEMA for no string, one that is given twice, or what is no string
   */
  enum: <const Literal extends string>(...literals: readonly Literal[]): Field<Literal> => fieldWith('enum', literals),
  /** A Uint8Array, copied; its length plus 4 bytes. */
  bytes: (...surplus: readonly never[]): Field<Uint8Array> => fieldOf('bytes', surplus),
  /**
   * Any structured value. Takes the value's type: `t.json<Order>()`. It comes back as it is, or is refused (docs/schemas.md): a
   * function, a symbol or an instance of a class inside it, for one.
   * @param schema of zod, valibot, arktype or another library of Standard Schema: the type is inferred, each value is checked, and what
   * the schema gives back is kept
   * @throws MillraceError BAD_SCHEMA for what is no such schema
   */
  json: <Value = unknown>(schema?: StandardSchema<Value>, ...surplus: readonly never[]): JsonField<Value> => {
    refuseSurplus('t.json(schema)', 1, surplus);
    return (schema === undefined ? { type: 'json' } : fieldWith('json', [schema])) as JsonField<Value>;
  },
  /**
   * An array of values of another field: `t.list(t.f64())`, of any length. Each value is checked, and an error names the place:
   * `prices[3]`. A row of state begins with an empty one.
   * @throws MillraceError BAD_SCHEMA for what is no field
   */
  list: <Value>(of: Field<Value>, ...surplus: readonly never[]): Field<Value[]> => {
    refuseSurplus('t.list(of)', 1, surplus);
    return fieldWith('list', [of]);
  },
  /**
   * An object with values of other fields: `t.struct({ id: t.string(), price: t.f64() })`. Each value is checked, and an error names the
   * place: `order.price`. Other properties are left out. A row of state begins with the first value of each field.
   * @throws MillraceError BAD_SCHEMA for what are no fields
   */
  struct: <const Fields extends Readonly<Record<string, Field<unknown>>>>(
    fields: Fields,
    ...surplus: readonly never[]
  ): Field<StructOf<Fields>> => {
    refuseSurplus('t.struct(fields)', 1, surplus);
    return fieldWith('struct', [fields]);
  },
  /**
   * A value of another field, or null: `t.optional(t.u32())`; 1 byte more.
   * @throws MillraceError BAD_SCHEMA for a field that takes null by itself: json, optional
   */
  optional: <Value>(field: Field<Value>, ...surplus: readonly never[]): Field<Value | null> => {
    refuseSurplus('t.optional(field)', 1, surplus);
    return fieldWith('optional', [field]);
  },
} as const satisfies Readonly<Record<FieldType, (...parameters: never[]) => Field<unknown>>>;

/** The names of all types, in the order of {@link t}. */
const FIELD_TYPES = Object.keys(KINDS) as readonly FieldType[];

/** The names of the types whose fields can be keys. */
export const KEY_TYPES: readonly FieldType[] = FIELD_TYPES.filter((type) => KINDS[type].isKey);

export const isFieldType = (type: unknown): type is FieldType => typeof type === 'string' && Object.hasOwn(KINDS, type);

/** What types there are, for errors. */
export const USE_TYPES = `use one of ${FIELD_TYPES.join(', ')} of t`;

/**
 * The codec of a field.
 * @throws MillraceError BAD_SCHEMA for an unknown type, or parameters that the type does not take
 */
export function codecOf(field: AnyField): Codec {
  const { type, parameters = [] } = field;
  if (!isFieldType(type)) throw errors.badSchema(show(field), `has no known type: ${fieldRemedy(field, USE_TYPES)}`);
  return KINDS[type].codecOf(parameters, codecOf);
}
