// How the properties of a JSON object become the values of a schema's fields, and back.
// Promises: what jsonLines() makes of a tuple is read as the same tuple; nothing else is converted: '1' is no number.

import { show } from '../../errors.ts';
import type { SinkContext } from '../../flow/sink.ts';
import { generate } from '../../mailbox/codegen.ts';
import { constantsOf } from '../../mailbox/columns/codec.ts';
import type { Schema } from '../../mailbox/schema.ts';
import { nearest } from '../../options/nearest.ts';
import { misfitReason } from '../misfit-reason.ts';
import { nestedFields, writtenJson } from '../written-json.ts';

/** What is wrong with an object. */
export interface JsonProblem {
  readonly reason: string;
  readonly field?: string;
}

/** Names of an object that are told. */
const NAMES_MAX = 8;

/** What an object has in place of a property that it lacks. */
function missingText(name: string, given: object): string {
  const names = Object.keys(given);
  const near = nearest(name, names);
  if (near !== undefined) return `: the object has '${near}'`;
  const shown = names.slice(0, NAMES_MAX).map(show).join(', ');
  const all = names.length > NAMES_MAX ? `${shown}, …` : shown || 'nothing';
  return `: the object has ${all}; t.optional(…) takes what may be missing`;
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
    convert: field.codec.json?.from ?? same,
    isInvalid: isInvalid[i],
    lacks: field.codec.lacks,
    misfit: field.codec.misfit,
  }));
  return (given, values) => {
    if (typeof given !== 'object' || given === null || Array.isArray(given)) {
      return { reason: `is no object; got ${show(given)}; a line is one object, and not an array of them` };
    }
    for (const [i, { name, label, rule, convert, isInvalid, lacks, misfit }] of readers.entries()) {
      const found = Object.hasOwn(given, name) ? (given as Readonly<Record<string, unknown>>)[name] : undefined;
      const value = convert(found);
      const isBad = value === undefined || isInvalid(value);
      const lacking = isBad ? rule : lacks?.(value);
      const within = isBad ? undefined : misfit?.(value);
      if (within !== undefined) return { reason: misfitReason(name, within), field: name };
      if (lacking !== undefined) {
        const missing = found === undefined ? missingText(name, given) : '';
        return {
          reason: `field '${name}' is ${label}, which takes ${lacking}; got ${show(found)}${missing}`,
          field: name,
        };
      }
      values[i] = value;
    }
    return undefined;
  };
}

/** The value of a field without others within as JSON. */
function simpleText(value: unknown): string {
  if (typeof value === 'bigint') return `"${value}"`;
  // JSON.stringify forgets the sign.
  if (typeof value === 'number')
    return Object.is(value, -0) ? '-0' : JSON.stringify(Number.isFinite(value) ? value : String(value));
  return JSON.stringify(value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value);
}

const isSimple = (value: unknown): boolean =>
  typeof value !== 'object' || value === null || value instanceof Date || value instanceof Uint8Array;

/** Makes lines of JSON of tuples. */
export function jsonLines(context: SinkContext): (tuple: object) => string {
  const nested = nestedFields(context);
  return (tuple) => {
    const parts: string[] = [];
    for (const [name, value] of Object.entries(tuple)) {
      const toJson = nested === undefined ? !isSimple(value) && same : nested.get(name);
      const text = toJson ? writtenJson(toJson(value), name, 'writeJson()', context) : simpleText(value);
      // What no schema would let pass: a value that is undefined.
      if (text !== undefined) parts.push(`${JSON.stringify(name)}:${text}`);
    }
    return `{${parts.join(',')}}\n`;
  };
}

const same = (value: unknown): unknown => value;
