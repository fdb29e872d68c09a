// Tuples by their keys: the order between keys is nobody's promise, that within a key is.

import assert from 'node:assert/strict';

/** The items of each key, in the order in which they came. */
export function perKey<Item>(items: Iterable<Item>, keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

/** Equal, with a message that names the first difference instead of thousands of items. */
export function assertSame(actual: readonly unknown[], expected: readonly unknown[], what: string): void {
  for (let i = 0; i < Math.max(actual.length, expected.length); i++) {
    assert.deepEqual(
      actual[i],
      expected[i],
      `${what}, number ${i} of ${actual.length}, where ${expected.length} are expected`,
    );
  }
}

/** Fails unless what came is what a plain loop makes: of each key all, in order, once, and nothing of another key. */
export function assertPerKey<Item>(
  came: Iterable<Item>,
  expected: ReadonlyMap<string, readonly Item[]>,
  keyOf: (item: Item) => string,
  what = 'tuples',
): void {
  const found = perKey(came, keyOf);
  for (const key of new Set([...expected.keys(), ...found.keys()])) {
    assertSame(found.get(key) ?? [], expected.get(key) ?? [], `${what} of key ${key}`);
  }
}
