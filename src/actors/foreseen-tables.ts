// Look-ups in sub-keyed tables that can be foreseen: those with the tuple's own values.
// Promises: code that only reads, ahead of the closures, where their look-ups will begin, so that the cache misses of a chunk
// of rows overlap: with 1 M rows a tuple cost 400 ns without it and 265 with it. What a closure looks up in fact is its affair.
// Relies on: hashes of key values are those of state-table.ts.

import { keyGroupCode } from '../mailbox/hash.ts';
import type { KeyedState } from '../state/keyed-state.ts';
import type { Table } from '../state/table.ts';
import type { Stage } from './plan.ts';

/** A table whose keys are fields of the input, by name and type. */
export interface ForeseenTable {
  readonly name: string;
  /** Of its root in a state row. */
  readonly cell: number;
  /** Of its keys: the input's fields, and how they are hashed. */
  readonly fields: readonly { readonly index: number; readonly hash: 'hashDouble' | 'mix32' }[];
  readonly firstProbe: Table['firstProbe'];
}

/** The tables of a stage that are looked up by values of its input, as their names say. */
export function foreseenTables({ input }: Stage, state: KeyedState | undefined): ForeseenTable[] {
  if (state === undefined || input === undefined) return [];
  return state.table.tables.flatMap(({ name, cell, table }) => {
    const { keys } = table.layout;
    const fields = keys.map(({ name: key, type, stored }) => ({
      index: input.fields.findIndex((field) => field.name === key && field.type === type),
      hash: stored === 'f64' ? ('hashDouble' as const) : ('mix32' as const),
    }));
    // Text would have to be decoded.
    if (keys.some(({ stored }) => stored === 'text') || fields.some(({ index }) => index < 0)) return [];
    return [{ name, cell, fields, firstProbe: table.firstProbe }];
  });
}

/** foresee<u>(n): reads where the look-ups for the first n located rows of upstream u begin. `arena` is that of group `g`. */
export function foreseeCode(tables: readonly ForeseenTable[], u: number, arena: string): string {
  if (tables.length === 0) return '';
  const hashOf = ({ fields }: ForeseenTable): string =>
    fields
      .map(({ index, hash }) => `${hash}(number${u}_${index}(i))`)
      .reduce((first, second) => `combine32(${first}, ${second})`);
  return `
function foresee${u}(n) {
let sum = 0;
for (let j = 0; j < n; j++) {
const i = indices[j], p = rows[j], g = ${keyGroupCode(`decoder${u}.hashAt(i)`)}, arena = ${arena};
${tables.map((table) => `sum ^= probe_${table.name}(arena, p + ${table.cell}, ${hashOf(table)});`).join('\n')}
}
return sum;
}`;
}
