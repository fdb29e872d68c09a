// Schemas: the named, typed fields of the tuples of one stream.
// Promises: a Schema is immutable and valid (field names, types), its tuple type is inferred, so users write none.
// Relies on nothing but the error texts.

import { errors } from '../errors.ts';
import { refuseSurplus } from '../surplus.ts';

export type FieldType =
  | 'u8'
  | 'i32'
  | 'u32'
  | 'f64'
  | 'bool'
  | 'timestamp'
  | 'string'
  | 'dictionary'
  | 'bytes'
  | 'json';

declare const VALUE: unique symbol;

/** A field of a schema. Made by {@link t}. */
export interface Field<Value> {
  readonly type: FieldType;
  readonly [VALUE]?: Value;
}

/** Fields by name: what a schema is declared with. */
export type Shape = Readonly<Record<string, Field<unknown>>>;

/** The value that a field holds. */
export type ValueOf<F> = F extends Field<infer Value> ? Value : never;

/** The plain object that a tuple of a shape is. */
export type TupleOf<S extends Shape> = { -readonly [Name in keyof S]: ValueOf<S[Name]> };

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
} as const;

/** One field of a {@link Schema}. */
export interface SchemaField {
  readonly name: string;
  readonly type: FieldType;
}

const FIELD_NAME = /^[A-Za-z_$][\w$]*$/;
const TYPES = new Set<string>(Object.keys(t));
const FORBIDDEN_NAMES = new Set(['__proto__', 'constructor', 'prototype']);
export const FIELDS_MAX = 256;

/** A validated, ordered list of fields. */
export class Schema {
  readonly fields: readonly SchemaField[];

  private constructor(fields: readonly SchemaField[]) {
    this.fields = fields;
  }

  /**
   * Validates a shape.
   * @param where what the schema belongs to, for the error text
   * @throws MillraceError BAD_SCHEMA for a name that is no identifier, an unknown type, no field or too many
   */
  static of(shape: Shape, where: string): Schema {
    if (typeof shape !== 'object' || shape === null) {
      throw errors.badSchema(where, `must be an object of fields such as { word: t.string() }, got ${String(shape)}`);
    }
    const fields: SchemaField[] = [];
    for (const [name, field] of Object.entries(shape)) {
      if (!FIELD_NAME.test(name) || FORBIDDEN_NAMES.has(name)) {
        throw errors.badSchema(where, `'${name}' cannot be a field's name: use letters, digits, _ and $`);
      }
      const type = (field as Field<unknown> | undefined)?.type;
      if (type === undefined || !TYPES.has(type)) {
        throw errors.badSchema(where, `field '${name}' has no known type: use one of ${[...TYPES].join(', ')} of t`);
      }
      fields.push({ name, type });
    }
    if (fields.length === 0) throw errors.badSchema(where, 'has no field: a tuple needs at least one');
    if (fields.length > FIELDS_MAX) {
      throw errors.badSchema(
        where,
        `has ${fields.length} fields; at most ${FIELDS_MAX}: use a json field for the rest`,
      );
    }
    return new Schema(fields);
  }

  get names(): string[] {
    return this.fields.map((field) => field.name);
  }

  indexOf(name: string): number {
    return this.fields.findIndex((field) => field.name === name);
  }

  equals(other: Schema): boolean {
    return this.toString() === other.toString();
  }

  toString(): string {
    return `{ ${this.fields.map((field) => `${field.name}: ${field.type}`).join(', ')} }`;
  }
}

/** What each type takes, for error texts. */
export const TYPE_RULES: Readonly<Record<FieldType, string>> = {
  u8: 'an integer from 0 to 255',
  i32: 'an integer from -2147483648 to 2147483647',
  u32: 'an integer from 0 to 4294967295',
  f64: 'a number',
  bool: 'true or false',
  timestamp: 'a finite number of milliseconds since the epoch',
  string: 'a string',
  dictionary: 'a string',
  bytes: 'a Uint8Array',
  json: 'data: plain objects, arrays, maps, sets, dates, bytes, errors and primitives, without functions, symbols and instances of classes',
};
