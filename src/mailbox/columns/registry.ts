// The field types: the one list that names them all.
// Promises: a type is one file of this folder, its name in KINDS, and its entry in `t`, which apps call; one without the other, or a codec
// without one of its parts, does not compile.

import { refuseSurplus } from '../../surplus.ts';
import { bool } from './bool.ts';
import { bytes } from './bytes.ts';
import type { AnyField, Codec, FieldKind } from './codec.ts';
import { dictionary } from './dictionary.ts';
import { f64 } from './f64.ts';
import { i32 } from './i32.ts';
import { json } from './json.ts';
import { string } from './string.ts';
import { timestamp } from './timestamp.ts';
import { u8 } from './u8.ts';
import { u32 } from './u32.ts';

const KINDS = { u8, i32, u32, f64, bool, timestamp, string, dictionary, bytes, json } as const satisfies Readonly<
  Record<string, FieldKind>
>;

export type FieldType = keyof typeof KINDS;

declare const VALUE: unique symbol;

/** A field of a schema. Made by {@link t}. */
export interface Field<Value> extends AnyField {
  readonly type: FieldType;
  readonly [VALUE]?: Value;
}

function fieldOf<Value>(type: FieldType, surplus: readonly unknown[]): Field<Value> {
  refuseSurplus(`t.${type}()`, 0, surplus);
  return { type };
}

/** Field types. Each call makes one field of a schema: `{ word: t.string(), count: t.u32() }`. */
export const t = {
  /** An integer from 0 to 255; 1 byte. */
  u8: (...surplus: readonly never[]): Field<number> => fieldOf('u8', surplus),
  /** An integer from -2^31 to 2^31 - 1; 4 bytes. */
  i32: (...surplus: readonly never[]): Field<number> => fieldOf('i32', surplus),
  /** An integer from 0 to 2^32 - 1; 4 bytes. */
  u32: (...surplus: readonly never[]): Field<number> => fieldOf('u32', surplus),
  /** Any JavaScript number, NaN, infinities and -0 included; 8 bytes. */
  f64: (...surplus: readonly never[]): Field<number> => fieldOf('f64', surplus),
  /** true or false; 1 byte. */
  bool: (...surplus: readonly never[]): Field<boolean> => fieldOf('bool', surplus),
  /** Milliseconds since the epoch as a finite number; 8 bytes. */
  timestamp: (...surplus: readonly never[]): Field<number> => fieldOf('timestamp', surplus),
  /** Any JavaScript string, lone surrogates included; 1 byte a character if all are latin1, else 2, plus 4. */
  string: (...surplus: readonly never[]): Field<string> => fieldOf('string', surplus),
  /** A string that comes again and again as the same JS string; 4 bytes a tuple, its text once a ring. */
  dictionary: (...surplus: readonly never[]): Field<string> => fieldOf('dictionary', surplus),
  /** A Uint8Array, copied; its length plus 4 bytes. */
  bytes: (...surplus: readonly never[]): Field<Uint8Array> => fieldOf('bytes', surplus),
  /**
   * Any structured value. Takes the value's type: `t.json<Order>()`. It comes back as it is, or is refused (docs/schemas.md): a
   * function, a symbol or an instance of a class inside it, for one.
   */
  json: <Value = unknown>(...surplus: readonly never[]): Field<Value> => fieldOf('json', surplus),
} as const satisfies Readonly<Record<FieldType, (...parameters: never[]) => Field<unknown>>>;

/** The names of all types, in the order of {@link t}. */
export const FIELD_TYPES = Object.keys(KINDS) as readonly FieldType[];

/** The names of the types whose fields can be keys. */
export const KEY_TYPES: readonly FieldType[] = FIELD_TYPES.filter((type) => KINDS[type].isKey);

export const isFieldType = (type: unknown): type is FieldType => typeof type === 'string' && Object.hasOwn(KINDS, type);

/**
 * The codec of a field whose type is known.
 * @throws MillraceError BAD_SCHEMA for parameters that the type does not take
 */
export const codecOf = ({ type, parameters = [] }: AnyField): Codec =>
  KINDS[type as FieldType].codecOf(parameters, codecOf);
