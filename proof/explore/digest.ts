// A text that is equal for equal object graphs: what a thread holds between two turns of its loop.
// Promises: covers all own properties, elements and entries that can be reached; views of shared memory count by their place.
// Relies on: what closures hide follows from what is reached here, or changes nothing that the thread does from then on.

import type { InstrumentedGlobals } from './instrumented-globals.ts';

/** @param constant objects that never change: they count by their number in the set */
export function digestOf(
  roots: readonly unknown[],
  globals: InstrumentedGlobals,
  constant: ReadonlyMap<object, number>,
): string {
  const parts: string[] = [];
  const seen = new Map<object, number>();

  const visitArray = (values: ArrayLike<number>): void => {
    parts.push('[');
    for (let i = 0; i < values.length; i++) if (values[i] !== 0) parts.push(`${i}:${values[i]}`);
  };

  const visitObject = (value: object): void => {
    const known = seen.get(value) ?? constant.get(value);
    if (known !== undefined) {
      parts.push(`#${known}`);
      return;
    }
    const place = globals.handlerOf(value);
    if (place !== undefined) {
      parts.push(`@${place.start}`);
      return;
    }
    seen.set(value, seen.size);
    if (value instanceof SharedArrayBuffer) parts.push('shared');
    else if (ArrayBuffer.isView(value)) visitArray(value as Int32Array);
    else if (value instanceof Map || value instanceof Set) {
      parts.push('{');
      for (const entry of value) visit(entry);
      parts.push('}');
    } else {
      parts.push('{');
      for (const name of Object.keys(value)) {
        const property = Object.getOwnPropertyDescriptor(value, name);
        if (property?.get !== undefined) continue;
        parts.push(name);
        visit((value as Record<string, unknown>)[name]);
      }
      parts.push('}');
    }
  };

  const visit = (value: unknown): void => {
    if (typeof value === 'object' && value !== null) visitObject(value);
    else if (typeof value === 'function') parts.push('f');
    else parts.push(Object.is(value, -0) ? '-0' : String(value));
  };

  for (const root of roots) visit(root);
  return parts.join(' ');
}
