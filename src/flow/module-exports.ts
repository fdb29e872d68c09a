// What a module exports, whichever kind of module it is, and the URL that it is imported by.
// Promises: each exported value once. What a CommonJS module assigns to `module.exports` is there as well where Node.js does not
// see its names: in `module.exports = { flow: dataflow(…) }` it finds `default` alone.

import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';

export type ModuleNamespace = Readonly<Record<string, unknown>>;

/** A module within a module is what CommonJS and transpilers make of a default export: two levels are all that they make. */
const DEPTH_MAX = 2;

const isPlain = (value: unknown): value is ModuleNamespace => {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value) as unknown;
  return prototype === Object.prototype || prototype === null;
};

/** The values that a module exports, those of the namespace first. */
export function exportedValues(module: ModuleNamespace): readonly unknown[] {
  const values = new Set<unknown>();
  const add = (namespace: ModuleNamespace, depth: number): void => {
    for (const value of Object.values(namespace)) values.add(value);
    if (isPlain(namespace.default) && depth < DEPTH_MAX) add(namespace.default, depth + 1);
  };
  add(module, 0);
  return [...values];
}

/** The default export, also if a transpiler or CommonJS has put it into an object of its own. */
export function defaultExport<Value>(
  module: ModuleNamespace,
  isWanted: (value: unknown) => value is Value,
): Value | undefined {
  let value: unknown = module.default;
  for (let depth = 0; depth < DEPTH_MAX && isPlain(value) && !isWanted(value); depth++) value = value.default;
  return isWanted(value) ? value : undefined;
}

/** The URL of a module that is given by `import.meta.url`, or by `__filename` in CommonJS; undefined for anything else. */
export function moduleUrlOf(given: unknown): string | undefined {
  if (typeof given !== 'string') return undefined;
  // Asked first: a drive's letter could be the scheme of a URL.
  if (isAbsolute(given)) return pathToFileURL(given).href;
  return URL.canParse(given) ? given : undefined;
}
