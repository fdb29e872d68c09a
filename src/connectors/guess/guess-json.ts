// The types of the properties of NDJSON, as its beginning suggests.
// Promises: what is guessed takes all objects of the sample.

import { timeOf } from '../../mailbox/columns/csv-number.ts';
import { narrowestInteger } from './cell-type.ts';

/** A type as `t` calls it, with those within. */
export type JsonType =
  | { readonly kind: 'bool' | 'u32' | 'i32' | 'f64' | 'timestamp' | 'string' | 'json' }
  | { readonly kind: 'list'; readonly of: JsonType }
  | { readonly kind: 'struct'; readonly fields: readonly JsonField[] }
  | { readonly kind: 'optional'; readonly of: JsonType };

export interface JsonField {
  readonly name: string;
  readonly type: JsonType;
  /** Objects without a value. */
  readonly empty: number;
  /** True if some of its numbers are beyond what a number holds exactly. */
  readonly isRounded: boolean;
}

export interface JsonGuess {
  readonly fields: readonly JsonField[];
  readonly objects: number;
  /** Lines that are no objects, from 1. */
  readonly badLines: readonly number[];
}

/** More names than that are no properties but keys. */
const FIELDS_MAX = 200;
const NUMERAL = /^[+-]?[\d.]+$/;
const JSON_TYPE: JsonType = { kind: 'json' };

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** @returns undefined if there is no object, or more lines are none */
export function guessJson(text: string): JsonGuess | undefined {
  const objects: Readonly<Record<string, unknown>>[] = [];
  const badLines: number[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const value = parsed(line);
    if (isObject(value)) objects.push(value);
    else badLines.push(index + 1);
  }
  if (objects.length <= badLines.length) return undefined;
  return { fields: fieldsOf(objects), objects: objects.length, badLines };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function fieldsOf(objects: readonly Readonly<Record<string, unknown>>[]): JsonField[] {
  const names = new Set(objects.flatMap((object) => Object.keys(object)));
  return [...names].map((name) => {
    const values = objects.map((object) => (Object.hasOwn(object, name) ? object[name] : undefined));
    const given = values.filter((value) => value !== undefined && value !== null);
    const empty = values.length - given.length;
    const type = typeOf(given);
    // Null is a value of json.
    const isRounded = given.some((value) => Number.isInteger(value) && !Number.isSafeInteger(value));
    return { name, empty, isRounded, type: empty > 0 && type.kind !== 'json' ? { kind: 'optional', of: type } : type };
  });
}

/** The type of some values that are not null. */
function typeOf(values: readonly unknown[]): JsonType {
  if (values.length === 0) return JSON_TYPE;
  if (values.every((value) => typeof value === 'boolean')) return { kind: 'bool' };
  if (values.every((value) => typeof value === 'number')) return numberType(values);
  if (values.every((value) => typeof value === 'string')) {
    return {
      kind: values.every((value) => !NUMERAL.test(value) && timeOf(value) !== undefined) ? 'timestamp' : 'string',
    };
  }
  if (values.every(isObject)) return structType(values);
  if (values.every(Array.isArray)) return listType(values.flat());
  return JSON_TYPE;
}

const numberType = (values: readonly number[]): JsonType => ({
  kind: (values.every(Number.isInteger) ? narrowestInteger(values) : undefined) ?? 'f64',
});

function structType(values: readonly Readonly<Record<string, unknown>>[]): JsonType {
  const fields = fieldsOf(values);
  return fields.length === 0 || fields.length > FIELDS_MAX ? JSON_TYPE : { kind: 'struct', fields };
}

function listType(items: readonly unknown[]): JsonType {
  const given = items.filter((item) => item !== null);
  if (given.length === 0) return JSON_TYPE;
  const type = typeOf(given);
  return {
    kind: 'list',
    of: given.length < items.length && type.kind !== 'json' ? { kind: 'optional', of: type } : type,
  };
}
