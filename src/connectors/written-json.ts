// Values of json fields, of lists and of structs as sinks of files write them.
// Promises: what is written is read back as the same value, or refused with the field, the value and what to emit in its place.

import { errors } from '../errors.ts';
import type { SinkContext } from '../flow/sink.ts';
import { codecOf } from '../mailbox/columns/registry.ts';
import { jsonTextOf } from './json/json-values.ts';

/**
 * For each field that is written as JSON of its own: what makes it of a value. Undefined where nobody knows the schema; null of an
 * optional field is none of these.
 */
export function nestedFields({ fields }: SinkContext): ReadonlyMap<string, (value: unknown) => unknown> | undefined {
  if (fields === undefined) return undefined;
  const nested = new Map<string, (value: unknown) => unknown>();
  for (const [name, field] of Object.entries(fields)) {
    const { json } = codecOf(field);
    if (json?.holdsOthers) nested.set(name, json.to);
  }
  return nested;
}

/** @throws MillraceError BAD_VALUE for what JSON has no form for */
export function writtenJson(value: unknown, name: string, sink: string, { operator }: SinkContext): string {
  const text = jsonTextOf(value);
  if (typeof text === 'string') return text;
  throw errors.notJson(operator, sink, `${name}${text.path}`, text.shown, text.remedy);
}
