// Tuples as text: a line of tab-separated values for people and their tools, or JSON for programs.
// Promises: one tuple is one line, whatever is in its strings.

import type { DeadLetter } from '../supervisor/job/job-api.ts';

/** Values that JSON has no form for: bytes as base64, big integers as digits. */
function jsonValue(_name: string, value: unknown): unknown {
  if (value instanceof Uint8Array)
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
  return typeof value === 'bigint' ? String(value) : value;
}

function jsonTuple(tuple: object): object {
  // A Buffer's own toJSON comes before the replacer.
  return Object.fromEntries(Object.entries(tuple).map(([name, value]) => [name, jsonValue(name, value)]));
}

export const tupleJson = (output: string, tuple: unknown): string =>
  JSON.stringify({ output, tuple: jsonTuple(tuple as object) }, jsonValue);

export function letterJson({ operator, replica, key, tuple, error, position }: DeadLetter): string {
  const { name, message, code } = error as Error & { code?: unknown };
  const given = typeof tuple === 'object' && tuple !== null ? jsonTuple(tuple) : tuple;
  const deadLetter = { operator, replica, key, tuple: given, error: { code, name, message }, position };
  return JSON.stringify({ deadLetter }, jsonValue);
}

const ESCAPES: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\r': '\\r', '\\': '\\\\' };

function valueText(value: unknown): string {
  if (typeof value === 'string')
    return /[\t\n\r\\]/.test(value) ? value.replace(/[\t\n\r\\]/g, (c) => ESCAPES[c]) : value;
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (value instanceof Uint8Array)
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
  return typeof value === 'object' ? JSON.stringify(value, jsonValue) : String(value);
}

/** The values of a tuple in the order of its schema, separated by tabs; tabs and line ends in strings as \t and \n. */
export function tupleLine(tuple: unknown): string {
  const values = Object.values(tuple as object);
  let line = valueText(values[0]);
  for (let i = 1; i < values.length; i++) line += `\t${valueText(values[i])}`;
  return line;
}
