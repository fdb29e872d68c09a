// Params as a worker gets them: the same values, with V8's one copy of each string in place of a clone.
// Why: a cloned string becomes a forwarding one when it is first used as a property name. V8 12.4 (Node.js 22) then may compile a
// comparison such as `switch (params.kind)` as if it were never equal: a flow took no branch in half of its runs.

const internedString = (text: string): string => Object.keys({ [text]: 0 })[0];

/** A copy of structured-cloned params in which strings of plain objects and arrays are interned. */
export function internStrings(value: unknown): unknown {
  if (typeof value === 'string') return internedString(value);
  if (Array.isArray(value)) return value.map(internStrings);
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, internStrings(each)]));
}
