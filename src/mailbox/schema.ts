// Schemas: the named, typed fields of the tuples of one stream.
// Promises: a Schema is immutable and valid (field names, types), its tuple type is inferred, so users write none.
// Relies on columns/ for what a type is.

import { errors } from '../errors.ts';
import type { Codec } from './columns/codec.ts';
import { fieldRemedy } from './columns/field-remedy.ts';
import { codecOf, type Field, type FieldType, isFieldType, USE_TYPES } from './columns/registry.ts';

export { type Field, type FieldType, type JsonField, t } from './columns/registry.ts';
export type { StandardSchema } from './columns/standard-schema.ts';

/** Fields by name: what a schema is declared with. */
export type Shape = Readonly<Record<string, Field<unknown>>>;

/** The value that a field holds. */
export type ValueOf<F> = F extends Field<infer Value> ? Value : never;

/** The plain object that a tuple of a shape is. */
export type TupleOf<S extends Shape> = { -readonly [Name in keyof S]: ValueOf<S[Name]> };

/** One field of a {@link Schema}. */
export interface SchemaField {
  readonly name: string;
  readonly type: FieldType;
  /** As the app declared it. */
  readonly declared: Field<unknown>;
  /** What the runtime knows of fields of its type and parameters. */
  readonly codec: Codec;
}

const FIELD_NAME = /^[A-Za-z_$][\w$]*$/;
const FORBIDDEN_NAMES = new Set(['__proto__', 'constructor', 'prototype']);
export const FIELDS_MAX = 256;

/** True of what can be the name of a field: an identifier that no object has by itself. */
export const isFieldName = (name: string): boolean => FIELD_NAME.test(name) && !FORBIDDEN_NAMES.has(name);

/** Fields as the app has declared them. */
export const shapeOf = (fields: readonly SchemaField[]): Shape =>
  Object.fromEntries(fields.map(({ name, declared }) => [name, declared]));

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
      if (!isFieldName(name)) {
        throw errors.badSchema(where, `'${name}' cannot be a field's name: use letters, digits, _ and $`);
      }
      const type = (field as Field<unknown> | undefined)?.type;
      if (!isFieldType(type)) {
        throw errors.badSchema(where, `field '${name}' has no known type: ${fieldRemedy(field, USE_TYPES)}`);
      }
      fields.push({ name, type, declared: field, codec: codecOf(field) });
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
    return `{ ${this.fields.map((field) => `${field.name}: ${field.codec.label}`).join(', ')} }`;
  }
}
