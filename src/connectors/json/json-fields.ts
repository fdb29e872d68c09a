// How the properties of a JSON object become the values of a schema's fields, and back.
// Promises: what jsonText() makes of a tuple is read as the same tuple; nothing else is converted: '1' is no number.

import { show } from '../../errors.ts';
import { generate } from '../../mailbox/codegen.ts';
import { constantsOf } from '../../mailbox/columns/codec.ts';
import type { Schema, SchemaField } from '../../mailbox/schema.ts';

const OPTIONAL = /^optional\((.*)\)$/;
const NUMBER_WORDS = new Set(['NaN', 'Infinity', '-Infinity']);

/** What JSON has no type for, and numbers that it has none for. */
function convertible(label: string, { codec }: SchemaField): ((given: unknown) => unknown) | undefined {
  const inner = OPTIONAL.exec(label);
  if (inner !== null) return convertible(inner[1], { codec } as SchemaField);
  if (label === 'i64' || label === 'u64') {
    return (given) => {
      if (typeof given === 'string') return codec.csv.convert(given);
      return Number.isSafeInteger(given) ? BigInt(given as number) : given;
    };
  }
  if (label === 'date') {
    return (given) =>
      typeof given === 'string' || typeof given === 'number' ? codec.csv.convert(String(given)) : given;
  }
  if (label === 'timestamp') return (given) => (typeof given === 'string' ? codec.csv.convert(given) : given);
  if (label === 'f64') {
    return (given) => (typeof given === 'string' && NUMBER_WORDS.has(given) ? Number(given) : given);
  }
  if (label === 'bytes') {
    return (given) => (typeof given === 'string' ? new Uint8Array(Buffer.from(given, 'base64')) : given);
  }
  return undefined;
}

/** What is wrong with an object. */
export interface JsonProblem {
  readonly reason: string;
  readonly field?: string;
}

/** Puts the values of an object's properties into `values`, by field; returns what is wrong with it, or undefined. */
export function jsonConverter(schema: Schema): (given: unknown, values: unknown[]) => JsonProblem | undefined {
  const { fields } = schema;
  const checks = fields.map(({ codec }, i) => `(v) => ${codec.invalid('v', i)}`);
  const isInvalid = generate<readonly ((value: unknown) => boolean)[]>(
    'readJson/checks',
    constantsOf(fields, 'readJson'),
    `return [${checks.join(', ')}];`,
  );
  const readers = fields.map((field, i) => ({
    name: field.name,
    label: field.codec.label,
    rule: field.codec.rule,
    isNullable: OPTIONAL.test(field.codec.label),
    convert: convertible(field.codec.label, field),
    isInvalid: isInvalid[i],
    lacks: field.codec.lacks,
  }));
  return (given, values) => {
    if (typeof given !== 'object' || given === null || Array.isArray(given)) {
      return { reason: `is no object; got ${show(given)}; a line is one object, and not an array of them` };
    }
    for (const [i, { name, label, rule, isNullable, convert, isInvalid, lacks }] of readers.entries()) {
      const found = Object.hasOwn(given, name) ? (given as Readonly<Record<string, unknown>>)[name] : undefined;
      const isNothing = isNullable && (found === undefined || found === null);
      const value = isNothing ? null : convert === undefined ? found : convert(found);
      const lacking = value === undefined || isInvalid(value) ? rule : lacks?.(value);
      if (lacking !== undefined) {
        return { reason: `field '${name}' is ${label}, which takes ${lacking}; got ${show(found)}`, field: name };
      }
      values[i] = value;
    }
    return undefined;
  };
}

/** What JSON has no type for. Called with the value before its toJSON(). */
function replaced(this: unknown, name: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  const own = (this as Readonly<Record<string, unknown>>)[name];
  return own instanceof Uint8Array ? Buffer.from(own).toString('base64') : value;
}

/** A tuple as JSON in one line. */
export function jsonText(tuple: object): string {
  const parts: string[] = [];
  for (const [name, value] of Object.entries(tuple)) {
    // JSON.stringify forgets the sign.
    const text = Object.is(value, -0) ? '-0' : JSON.stringify({ value }, replaced).slice('{"value":'.length, -1);
    if (text !== '') parts.push(`${JSON.stringify(name)}:${text}`);
  }
  return `{${parts.join(',')}}\n`;
}
