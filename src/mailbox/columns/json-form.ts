// How values of a field stand in JSON: what JSON has no type for, and numbers that it has none for.
// Promises: what toJsonOf makes, fromJsonOf takes back; anything else is left as it is, and refused by the field: '1' is no number.

import type { Codec } from './codec.ts';

const OPTIONAL = /^optional\((.*)\)$/s;
/** With or without padding, and with the letters of either alphabet: Buffer would take anything. */
const BASE64 = /^(?:[\w+/-]{4})*(?:[\w+/-]{2}(?:==)?|[\w+/-]{3}=?)?$/;
const NUMBER_WORDS = new Set(['NaN', 'Infinity', '-Infinity']);

const isOptional = ({ label }: Pick<Codec, 'label'>): boolean => OPTIONAL.test(label);

/** The type of the values that are not null. */
const innerLabel = ({ label }: Codec): string => OPTIONAL.exec(label)?.[1] ?? label;

const same = (value: unknown): unknown => value;

/** The value of a text, or the text itself, which the field then refuses by name. */
const converted = ({ csv }: Codec, text: string, given: unknown): unknown => csv.convert(text) ?? given;

/** What a value is that is not null. */
function valueFrom(codec: Codec): (given: unknown) => unknown {
  const { nested } = codec;
  if (nested !== undefined) return nested.fromJson;
  switch (innerLabel(codec)) {
    case 'i64':
    case 'u64':
      return (given) => {
        if (typeof given === 'string') return converted(codec, given, given);
        return Number.isSafeInteger(given) ? BigInt(given as number) : given;
      };
    case 'date':
      return (given) =>
        typeof given === 'string' || typeof given === 'number' ? converted(codec, String(given), given) : given;
    case 'timestamp':
      return (given) => (typeof given === 'string' ? converted(codec, given, given) : given);
    case 'f64':
      return (given) => (typeof given === 'string' && NUMBER_WORDS.has(given) ? Number(given) : given);
    case 'bytes':
      return (given) =>
        typeof given === 'string' && BASE64.test(given) ? new Uint8Array(Buffer.from(given, 'base64')) : given;
    default:
      return same;
  }
}

/** The value of a field that JSON has given. What is missing is null of an optional field. */
export function fromJsonOf(codec: Codec): (given: unknown) => unknown {
  const from = valueFrom(codec);
  return isOptional(codec) ? (given) => (given === undefined || given === null ? null : from(given)) : from;
}

/** What JSON.stringify is given of a value of a field. */
export function toJsonOf(codec: Codec): (value: unknown) => unknown {
  const { nested } = codec;
  if (nested !== undefined) return (value) => (value === null ? null : nested.toJson(value));
  switch (innerLabel(codec)) {
    case 'i64':
    case 'u64':
      return (value) => (typeof value === 'bigint' ? String(value) : value);
    case 'f64':
      return (value) => (typeof value === 'number' && !Number.isFinite(value) ? String(value) : value);
    case 'date':
      return (value) => (value instanceof Date ? value.toISOString() : value);
    case 'bytes':
      return (value) => (value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value);
    default:
      return same;
  }
}
