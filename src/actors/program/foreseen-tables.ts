// Look-ups in sub-keyed tables that can be foreseen: those with the tuple's own values.
// Promises: code that only reads, ahead of the closures, where their look-ups will begin, so that the cache misses of a chunk
// of rows overlap: with 1 M rows a tuple cost 357 ns without it and 288 with it. What a closure looks up in fact is its affair.
// Relies on: hashes of key values are those of state-table.ts: a codec gives both.

import type { StageInput } from '../../flow/plan.ts';
import type { KeyCodec } from '../../mailbox/columns/codec.ts';
import { keyGroupCode, keyHashCode } from '../../mailbox/hash.ts';
import { locateCode } from '../../state/memory/directory.ts';
import type { KeyedState } from '../../state/rows/keyed-state.ts';
import { ROOT_LIVE, ROW_TAG, type RowLayout } from '../../state/rows/row-layout.ts';

/** Smaller tables are in the processor's caches: to look ahead in them costs more than it gains. */
const ROWS_MIN = 1434;

/** A table whose keys are fields of the input, by name and type. */
export interface ForeseenTable {
  /** Of its root in a state row. */
  readonly cell: number;
  /** Of its keys: the input's fields, and how they are hashed. */
  readonly fields: readonly { readonly index: number; readonly key: KeyCodec }[];
  readonly layout: RowLayout;
}

/** The tables of an operator's state that are looked up by values of an input, as their names say. */
export function foreseenTables({ schema }: StageInput, state: KeyedState | undefined): ForeseenTable[] {
  if (state === undefined) return [];
  return state.table.tables.flatMap(({ cell, table }) => {
    const { keys } = table.layout;
    const fields = keys.map(({ name, codec, key }) => ({
      index: schema.fields.findIndex((field) => field.name === name && field.codec.label === codec.label),
      key,
    }));
    // Text would have to be decoded.
    if (fields.some(({ index, key }) => index < 0 || key.hashOfReader('') === undefined)) return [];
    return [{ cell, fields, layout: table.layout }];
  });
}

/** foresee<u>(n): reads where the look-ups for the first n located rows of upstream u begin. `arena` is that of group `g`. */
export function foreseeCode(tables: readonly ForeseenTable[], u: number, arena: string): string {
  if (tables.length === 0) return '';
  const hashOf = ({ fields }: ForeseenTable): string =>
    keyHashCode(fields.map(({ index, key }) => key.hashOfReader(`key${u}_${index}`) as string));
  const probeCode = (table: ForeseenTable): string => `root = rows[j] + ${table.cell};
if (i32[root + ${ROOT_LIVE}] >= ${ROWS_MIN}) {
const hash = ${hashOf(table)};
${locateCode(table.layout, 'hash')}
sum ^= i32[base + (hash & mask) * ${table.layout.cells} + ${ROW_TAG}];
}`;
  return `
function foresee${u}(n) {
let sum = 0;
for (let j = 0; j < n; j++) {
const i = indices[j], g = ${keyGroupCode(`decoder${u}.hashAt(i)`)}, i32 = ${arena}.i32;
let root;
${tables.map(probeCode).join('\n')}
}
return sum;
}`;
}
