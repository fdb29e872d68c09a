// The values of json fields as JSON text that is read as the same value.
// Promises: JSON.parse of the text is deeply and strictly equal to the value, but for objects without a prototype, which get one; what
// JSON has no form for is named with its place, and never left out or replaced.

import { show } from '../../errors.ts';

/** What JSON has no form for. */
export interface JsonLoss {
  /** Where it is in the value: `.items[3].price`; '' for the value itself. */
  readonly path: string;
  readonly shown: string;
  /** What to emit in its place. */
  readonly remedy: string;
}

/** The text of a value; or what it would lose. */
export function jsonTextOf(value: unknown): string | JsonLoss {
  const search = new Search();
  const loss = search.lossIn(value);
  if (loss !== undefined) return loss;
  return search.hasNegativeZero ? textOf(value) : JSON.stringify(value);
}

const PLAIN_NAME = /^[A-Za-z_$][\w$]*$/;

class Search {
  /** JSON has a form for -0, and JSON.stringify has not. */
  hasNegativeZero = false;
  /** What the search is within: only what refers to itself is met twice. */
  readonly #open = new Set<object>();

  lossIn(value: unknown): JsonLoss | undefined {
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return undefined;
      case 'number':
        if (Object.is(value, -0)) this.hasNegativeZero = true;
        return Number.isFinite(value) ? undefined : lossOf(value, 'null, or String(value)');
      case 'bigint':
        return lossOf(value, 'String(value)');
      case 'undefined':
        return lossOf(value, 'null, or leave the property out');
      case 'object':
        return value === null ? undefined : this.#lossInObject(value);
      default:
        return lossOf(value, 'data');
    }
  }

  #lossInObject(value: object): JsonLoss | undefined {
    if (this.#open.has(value)) return lossOf(value, 'an object that does not hold itself', 'an object within itself');
    this.#open.add(value);
    const loss = Array.isArray(value) ? this.#lossInArray(value) : this.#lossInProperties(value);
    this.#open.delete(value);
    return loss;
  }

  #lossInArray(values: readonly unknown[]): JsonLoss | undefined {
    for (let i = 0; i < values.length; i++) {
      const loss = i in values ? this.lossIn(values[i]) : lossOf(undefined, 'null', 'a hole');
      if (loss !== undefined) return { ...loss, path: `[${i}]${loss.path}` };
    }
    const [name] = Object.keys(values).length > values.length ? Object.keys(values).slice(values.length) : [];
    return name === undefined ? undefined : lossOf(values, 'an object', `an array with the property '${name}'`);
  }

  #lossInProperties(value: object): JsonLoss | undefined {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) return lossOf(value, remedyFor(value), nameOf(value));
    for (const [name, each] of Object.entries(value)) {
      const loss = this.lossIn(each);
      if (loss === undefined) continue;
      const step = PLAIN_NAME.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
      return { ...loss, path: step + loss.path };
    }
    return undefined;
  }
}

const lossOf = (value: unknown, remedy: string, shown = show(value)): JsonLoss => ({ path: '', shown, remedy });

const nameOf = (value: object): string => `a ${Object.prototype.toString.call(value).slice('[object '.length, -1)}`;

function remedyFor(value: object): string {
  if (value instanceof Map) return 'Object.fromEntries(map), or [...map]';
  if (value instanceof Set) return '[...set]';
  if (value instanceof Date) return 'date.toISOString(), or a field t.date()';
  if (value instanceof Uint8Array) return "Buffer.from(bytes).toString('base64'), or a field t.bytes()";
  if (ArrayBuffer.isView(value)) return 'Array.from(values)';
  if (value instanceof Error) return '{ message: error.message }';
  return 'a plain object';
}

/** JSON text with -0, of a value that has no loss. */
function textOf(value: unknown): string {
  if (Object.is(value, -0)) return '-0';
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(textOf).join(',')}]`;
  return `{${Object.entries(value)
    .map(([name, each]) => `${JSON.stringify(name)}:${textOf(each)}`)
    .join(',')}}`;
}
