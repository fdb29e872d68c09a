// Values of the app as text for people who look at a job: tuples, keys, messages of errors.
// Promises: any value has a text, of bounded length, and the length of what was cut is told; no value throws; passwords in URLs and
// marks that turn the direction of text around do not come through.

import { inspect, toUSVString } from 'node:util';

const FIELDS_MAX = 32;
const NAME_CHARACTERS_MAX = 120;
const VALUE_CHARACTERS_MAX = 400;
const TEXT_CHARACTERS_MAX = 4000;

const INSPECTED = {
  depth: 4,
  maxArrayLength: 20,
  maxStringLength: VALUE_CHARACTERS_MAX,
  breakLength: Number.POSITIVE_INFINITY,
  customInspect: false,
  getters: false,
} as const;

/** Marks that change the direction of what stands behind them. */
const DIRECTIONS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const PASSWORD = /\b([a-z][a-z0-9+.-]*:\/\/[^\s/:@]{0,200}):[^\s/@]{1,500}@/gi;

const escaped = (mark: string): string => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** A text of at most some characters, without what should not be seen. */
export function shownText(text: string, charactersMax = TEXT_CHARACTERS_MAX): string {
  const isLong = text.length > charactersMax;
  const kept = toUSVString(isLong ? text.slice(0, charactersMax) : text)
    .replace(PASSWORD, '$1:•••@')
    .replace(DIRECTIONS, escaped);
  return isLong ? `${kept}… (${text.length.toLocaleString('en-US')} characters)` : kept;
}

/** A name of an operator or of a file. */
export const shownName = (name: string): string => shownText(name, NAME_CHARACTERS_MAX);

/** Any value, in a line. */
export function shownValue(value: unknown): string {
  if (typeof value === 'string') return shownText(value, VALUE_CHARACTERS_MAX);
  try {
    return shownText(inspect(value, INSPECTED), VALUE_CHARACTERS_MAX);
  } catch {
    return '(cannot be shown)';
  }
}

/** A tuple, field by field; a value that is no tuple has one field without a name. */
export function shownTuple(tuple: unknown): readonly (readonly [string, string])[] {
  const isPlain = typeof tuple === 'object' && tuple !== null && !Array.isArray(tuple) && !ArrayBuffer.isView(tuple);
  if (!isPlain) return tuple === undefined ? [] : [['', shownValue(tuple)]];
  const names = Object.keys(tuple);
  const fields = names.slice(0, FIELDS_MAX).map((name) => [shownName(name), readOf(tuple, name)] as const);
  return names.length > FIELDS_MAX ? [...fields, ['', `… and ${names.length - FIELDS_MAX} more fields`]] : fields;
}

function readOf(tuple: object, name: string): string {
  try {
    return shownValue((tuple as Record<string, unknown>)[name]);
  } catch {
    return '(cannot be read)';
  }
}
