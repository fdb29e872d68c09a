// Which values the structured clone of node:v8 keeps as they are, and what it has to be helped with: objects without a prototype,
// and the properties of errors.
// Promises: a value that is not refused comes back deeply and strictly equal, and what refers to one object still does.
// Relies on: identity within one clone, so that a list beside the value can name objects within it.

import { ARRAY_NAMES_MAX, JSON_DEPTH_MAX } from './json-plain.ts';

/** A property of an error, which a clone would lose. */
type ErrorProperty = readonly [error: Error, name: string, value: unknown, isEnumerable: boolean];

/** What is cloned: the value, the objects in it that have no prototype, its errors with their kinds, and what these hold. */
type Parts = readonly [unknown, readonly object[], readonly (readonly [Error, number])[], readonly ErrorProperty[]];

const ERRORS = [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError];
const ERROR_PROTOTYPES: readonly object[] = ERRORS.map(({ prototype }) => prototype);
/** Objects that hold bytes, or nothing else that could be refused. */
const LEAF_PROTOTYPES: ReadonlySet<object> = new Set(
  [
    ...[Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array],
    ...[Float32Array, Float64Array, BigInt64Array, BigUint64Array, DataView, ArrayBuffer, Buffer, Date, RegExp],
  ].map(({ prototype }) => prototype),
);
/** An error's, which a clone keeps. */
const KEPT_OF_ERRORS = new Set(['stack', 'message']);

/**
 * What to clone for a value.
 * @throws Error if a clone of it would differ
 */
export function partsOf(value: unknown): Parts {
  const search = new Search();
  search.enter(value, 0);
  return [value, search.bare, search.errors, search.properties];
}

/** The value of cloned parts. */
export function restored(parts: Parts): unknown {
  const [value, bare, errors, properties] = parts;
  for (const object of bare) Object.setPrototypeOf(object, null);
  for (const [error, kind] of errors) Object.setPrototypeOf(error, ERROR_PROTOTYPES[kind]);
  for (const [error, name, property, enumerable] of properties) {
    Object.defineProperty(error, name, { value: property, enumerable, writable: true, configurable: true });
  }
  return value;
}

class Search {
  readonly bare: object[] = [];
  readonly errors: [Error, number][] = [];
  readonly properties: ErrorProperty[] = [];
  private readonly seen = new Set<object>();

  enter(value: unknown, depth: number): void {
    if (typeof value === 'function') throw new Error(`it holds a function${value.name && ` (${value.name})`}`);
    if (typeof value === 'symbol') throw new Error('it holds a symbol');
    if (typeof value !== 'object' || value === null || this.seen.has(value)) return;
    if (depth >= JSON_DEPTH_MAX) throw new Error(`it is nested more than ${JSON_DEPTH_MAX} levels deep`);
    this.seen.add(value);
    this.open(value, depth + 1);
    if (Object.getOwnPropertySymbols(value).length > 0) throw new Error('it holds a property named by a symbol');
  }

  private open(value: object, depth: number): void {
    const prototype = Object.getPrototypeOf(value);
    if (prototype === null) this.bare.push(value);
    if (prototype === null || prototype === Object.prototype) this.enterAll(Object.values(value), depth);
    else if (prototype === Array.prototype && Array.isArray(value)) this.openArray(value, depth);
    else if (prototype === Map.prototype && value instanceof Map) {
      this.refuseProperties(value);
      for (const [key, each] of value) this.enterAll([key, each], depth);
    } else if (prototype === Set.prototype && value instanceof Set) {
      this.refuseProperties(value);
      this.enterAll(value, depth);
    } else if (value instanceof Error && ERROR_PROTOTYPES.includes(prototype)) this.openError(value, depth);
    else if (LEAF_PROTOTYPES.has(prototype)) this.openLeaf(value);
    else throw new Error(`it holds an instance of ${nameOf(prototype)}`);
  }

  private enterAll(values: Iterable<unknown>, depth: number): void {
    for (const value of values) this.enter(value, depth);
  }

  private openArray(values: unknown[], depth: number): void {
    // Where it is short enough to be looked at, what it has beside its elements is kept.
    this.enterAll(values.length <= ARRAY_NAMES_MAX ? Object.values(values) : values, depth);
  }

  private openError(error: Error, depth: number): void {
    this.errors.push([error, ERROR_PROTOTYPES.indexOf(Object.getPrototypeOf(error))]);
    for (const [name, { value, enumerable = false }] of Object.entries(Object.getOwnPropertyDescriptors(error))) {
      if (KEPT_OF_ERRORS.has(name) && !enumerable) continue;
      this.properties.push([error, name, value, enumerable]);
      this.enter(value, depth);
    }
  }

  private openLeaf(value: object): void {
    if (ArrayBuffer.isView(value)) return;
    if (value instanceof RegExp) {
      if (value.lastIndex !== 0)
        throw new Error('it holds a regular expression in the midst of its search (lastIndex)');
      return;
    }
    this.refuseProperties(value);
  }

  private refuseProperties(value: object): void {
    const [name] = Object.keys(value);
    if (name === undefined) return;
    throw new Error(`it holds a ${nameOf(Object.getPrototypeOf(value))} with a property of its own ('${name}')`);
  }
}

const nameOf = (prototype: { readonly constructor?: unknown }): string => {
  const { constructor: of } = prototype;
  return typeof of === 'function' && of.name !== '' ? of.name : 'a class without a name';
};
