// Reading keyed state from outside of closures: one key's row, or all rows of a key group, as plain objects. It serves the
// replica's owner on its worker, and the app's thread when the owner is dead or the job has ended.
// Promises: what it returns is a copy that shares nothing with the state; reading changes no shared memory; a key is routed
// by the hash that the encoder writes into frames.
// Relies on: no transaction is open on the key groups that are read, and what a dead owner left open is rolled back.

import { errors } from '../../errors.ts';
import { generate } from '../../mailbox/codegen.ts';
import { constantsOf } from '../../mailbox/columns/codec.ts';
import { combine32, hashDouble, hashString, keyGroupCode, keyHashCode, mix32 } from '../../mailbox/hash.ts';
import { type Arena, GROUP_ROOT, groupHeader } from '../memory/arena.ts';
import type { Table } from '../memory/table.ts';
import { readBytes, readText } from '../memory/values.ts';
import type { Transaction } from '../transaction/transaction.ts';
import { isHidden, type RowField, type RowKey } from './row-layout.ts';
import { keyedAccess } from './state-table.ts';

/** A row's fields by name; a table is an array of the plain objects of its rows, in no order, their key fields first. */
export type StateRow = Record<string, unknown>;

/** A key and its row. */
export interface StateEntry {
  /** The key's fields by name. */
  readonly key: Record<string, unknown>;
  /** The row. */
  readonly value: StateRow;
}

/** What it returns is the caller's own, and structured clone takes it. */
export interface StateReader {
  /**
   * The key group of a key.
   * @throws MillraceError BAD_KEY for the wrong number of values, or a value of the wrong type
   */
  groupOf(key: readonly unknown[]): number;
  /**
   * The row of a key; undefined if it has none.
   * @throws MillraceError BAD_KEY, as groupOf
   */
  get(key: readonly unknown[]): StateRow | undefined;
  /** All rows of a key group, in no order. */
  entries(group: number): StateEntry[];
}

/**
 * Makes a reader of an operator's keyed state.
 * @param table of the owner's KeyedState; elsewhere, one that {@link generateTable} makes for the transaction
 * @param transaction the owner's; elsewhere, any over the operator's arenas: only its views of them are used
 */
export function stateReader(operator: string, table: Table, transaction: Transaction): StateReader {
  const { keys } = table.layout;
  const groupOf = keyGroupFinder(operator, keys);
  const { find } = keyedAccess(operator, table);
  const keyAt = objectReader(`${operator}/key`, keys, []);
  const valueAt = objectReader(`${operator}/value`, table.layout.fields, table.tables);
  const entryAt = (arena: Arena, row: number): StateEntry => ({ key: keyAt(arena, row), value: valueAt(arena, row) });

  /** The arena of a group, with views of all that any thread has grown: a search past the end of a view never ends. */
  const arenaOf = (group: number): Arena => {
    const arena = transaction.arenaOf(group);
    arena.refresh();
    return arena;
  };

  return {
    groupOf,
    get(key) {
      const group = groupOf(key);
      const arena = arenaOf(group);
      const row = find(arena, groupHeader(group) + GROUP_ROOT, ...key);
      return row < 0 ? undefined : valueAt(arena, row);
    },
    entries: (group) => rowsOf(table, arenaOf(group), groupHeader(group) + GROUP_ROOT, entryAt),
  };
}

/**
 * Generates the function from the values of a key to its group: what {@link StateReader.groupOf} is, for those who route
 * requests and see no shared memory.
 */
export function keyGroupFinder(operator: string, keys: readonly RowKey[]): (key: readonly unknown[]) => number {
  const names = keys.map(({ name }) => name);
  const checks = keys.map(
    ({ codec }, i) => `const v${i} = key[${i}]; if (${codec.invalid(`v${i}`, i)}) bad(${i}, v${i});`,
  );
  const hash = keyHashCode(keys.map(({ key }, i) => key.hashOfValue(`v${i}`, i)));
  const body = `return (key) => {
if (key.length !== ${keys.length}) badCount(key.length);
${checks.join('\n')}
return ${keyGroupCode(hash)};
};`;
  const constants = {
    ...constantsOf(keys, operator),
    mix32,
    hashDouble,
    hashString,
    combine32,
    badCount: (given: number) => {
      throw errors.badKeyCount(operator, names, given);
    },
    bad: (i: number, value: unknown) => {
      throw errors.badKey(operator, names[i], value, keys[i].codec.label, keys[i].codec.rule);
    },
  };
  return generate(`${operator}/group`, constants, body);
}

type ObjectReader = (arena: Arena, row: number) => Record<string, unknown>;

/** Generates the function that makes a plain object of fields and tables of a row: made as the decoder makes tuples. */
function objectReader(name: string, fields: readonly RowField[], tables: Table['tables']): ObjectReader {
  const shown = fields.filter((field) => !isHidden(field));
  const shownTables = tables.filter((each) => !isHidden(each));
  const properties = [
    ...shown.map(({ name, cell, codec }, i) => `this.${name} = ${codec.cell.read(`p + ${cell}`, i)};`),
    ...shownTables.map(
      (each, i) => `this.${each.name} = rowsOf(tables[${i}], arena, p + ${each.cell}, readers[${i}]);`,
    ),
  ];
  const body = `function Row(arena, p) {
${properties.join('\n')}
}
Row.prototype = Object.prototype;
return (arena, p) => new Row(arena, p);`;
  const constants = {
    ...constantsOf(shown, name),
    readText,
    readBytes,
    rowsOf,
    tables: shownTables.map(({ table }) => table),
    readers: shownTables.map(({ name: of, table: { layout } }) =>
      objectReader(`${name}/${of}`, [...layout.keys, ...layout.fields], []),
    ),
  };
  return generate(name, constants, body);
}

/** What `read` makes of each row of the table whose root is given. */
function rowsOf<Item>(table: Table, arena: Arena, root: number, read: (arena: Arena, row: number) => Item): Item[] {
  const items: Item[] = [];
  let row = table.next(arena, root, 0);
  while (row >= 0) {
    items.push(read(arena, row));
    row = table.next(arena, root, table.slotOf(arena, root, row) + 1);
  }
  return items;
}
