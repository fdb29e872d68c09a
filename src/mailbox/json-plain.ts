// Which values msgpackr keeps as they are: what nearly all json values are made of.
// Promises: one pass without allocation for long arrays; it ends, whatever refers to what.
// Relies on: whoever gets `false` looks closer (json-clone.ts); nothing is refused here.

/** Deeper values are refused: decoding them would run out of stack. */
export const JSON_DEPTH_MAX = 1000;
/** Values that are looked at: one that is shared by many may be met without end. */
const VISITS_MAX = 1_000_000;
/** Longer arrays are not searched for properties beside their elements, which would cost as much as encoding them. */
export const ARRAY_NAMES_MAX = 256;

let visitsLeft = 0;

/** True if msgpackr keeps the value, but for lone surrogates in its texts. */
export function isPlain(value: unknown): boolean {
  visitsLeft = VISITS_MAX;
  return isPlainAt(value, 0);
}

function isPlainAt(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'undefined':
    case 'bigint':
      return true;
    case 'number':
      return value !== 0 || 1 / value > 0;
    case 'object':
      return value === null || isPlainObject(value, depth);
    default:
      return false;
  }
}

function isPlainObject(value: object, depth: number): boolean {
  if (depth >= JSON_DEPTH_MAX || --visitsLeft < 0) return false;
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Object.prototype) return holdsPlain(value as Record<string, unknown>, depth);
  if (prototype === Array.prototype) return Array.isArray(value) && isPlainArray(value, depth);
  if (prototype === Date.prototype) return value instanceof Date && hasNoProperties(value);
  if (prototype === Uint8Array.prototype) return value instanceof Uint8Array;
  if (prototype === Map.prototype) return value instanceof Map && hasNoProperties(value) && isPlainMap(value, depth);
  if (prototype === Set.prototype) return value instanceof Set && hasNoProperties(value) && isPlainSet(value, depth);
  return false;
}

function holdsPlain(value: Record<string, unknown>, depth: number): boolean {
  for (const name in value) {
    // msgpackr renames the first, and asks the second what the object is.
    if (name === '__proto__' || name === 'constructor') return false;
    if (!isPlainAt(value[name], depth + 1)) return false;
  }
  return Object.getOwnPropertySymbols(value).length === 0;
}

function isPlainArray(values: readonly unknown[], depth: number): boolean {
  const { length } = values;
  if (length <= ARRAY_NAMES_MAX && Object.keys(values).length !== length) return false;
  for (let i = 0; i < length; i++) {
    const value = values[i];
    if (typeof value === 'number') {
      if (value === 0 && 1 / value < 0) return false;
    } else if (value === undefined ? !(i in values) : !isPlainAt(value, depth + 1)) return false;
  }
  return true;
}

function isPlainMap(map: ReadonlyMap<unknown, unknown>, depth: number): boolean {
  for (const [key, value] of map) if (!isPlainAt(key, depth + 1) || !isPlainAt(value, depth + 1)) return false;
  return true;
}

function isPlainSet(set: ReadonlySet<unknown>, depth: number): boolean {
  for (const value of set) if (!isPlainAt(value, depth + 1)) return false;
  return true;
}

const hasNoProperties = (value: object): boolean => Reflect.ownKeys(value).length === 0;
