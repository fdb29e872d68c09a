// What users see of a row: a generated class with one accessor per field.
// Promises: a setter validates and converts before it writes; use after the closure has returned is a clear error. What a
// row object keeps for itself is named so that no field can have the name: rowLayout refuses it, or it is no identifier.
// Relies on: whoever points an instance at a row keeps `row` valid, and sets it to -1 when it no longer is.

import { errors } from '../../errors.ts';
import { generate } from '../../mailbox/codegen.ts';
import { constantsOf } from '../../mailbox/columns/codec.ts';
import type { Arena } from '../memory/arena.ts';
import { readBytes, readText, writeBytes, writeText } from '../memory/values.ts';
import type { Transaction } from '../transaction/transaction.ts';
import type { RowKey, RowLayout } from './row-layout.ts';

/** An object positioned at a row. */
export interface RowView {
  arena: Arena;
  /** Index of the row's first cell; negative outside of the closure. */
  row: number;
}

/** Ids in generated code, so that those of keys and of fields stand side by side. */
const keyId = (i: number): string => `k${i}`;

/** How instances of a row class are made, and find and save their rows. */
export interface RowAccess {
  /** The constructor. */
  readonly construct: string;
  /** The arena of `this`, as an expression. */
  readonly arena: string;
  /** Statements that define `p`, the valid row of `this`. */
  readonly locate: string;
  /** Statements that save the row at `p` before it is changed; '' if that is done when it is looked up. */
  readonly save: string;
  /** Key fields to offer as read-only properties. */
  readonly keys: readonly RowKey[];
  /** What the statements refer to. */
  readonly constants: Readonly<Record<string, unknown>>;
}

/** A generated class of row objects. */
export type RowClass<Arguments extends unknown[], Instance> = new (...values: Arguments) => Instance;

/** Generates the class of the rows of one layout. */
export function generateRowClass<Arguments extends unknown[], Instance>(
  operator: string,
  layout: RowLayout,
  transaction: Transaction,
  { construct, arena, locate, save, keys, constants }: RowAccess,
): RowClass<Arguments, Instance> {
  const accessors = [
    ...keys.map(
      ({ name, cell, codec }, i) =>
        `get ${name}() { const arena = ${arena}; ${locate} return ${codec.cell.read(`p + ${cell}`, keyId(i))}; }`,
    ),
    ...layout.fields.map(
      ({ name, cell, codec }, i) => `
get ${name}() { const arena = ${arena}; ${locate} return ${codec.cell.read(`p + ${cell}`, i)}; }
set ${name}(v) {
const arena = ${arena}; ${locate}
if (${codec.invalid('v', i)}) badValue(${i}, v);
${save}
${codec.cell.write(`p + ${cell}`, 'v', i)}
}`,
    ),
    ...layout.tables.map((table, i) => `get ${table.name}() { return this['@tables'][${i}]; }`),
  ];
  const body = `return class State {
${construct}
${accessors.join('\n')}
};`;
  return generate(
    `${operator}/state`,
    {
      ...constantsOf(keys, operator, keyId),
      ...constantsOf(layout.fields, operator),
      ...constants,
      allocator: transaction.allocator,
      transaction,
      readText,
      writeText,
      readBytes,
      writeBytes,
      stale: () => {
        throw errors.staleState(operator);
      },
      badValue: (i: number, value: unknown) => {
        const { name, codec } = layout.fields[i];
        throw errors.badValue(operator, name, value, codec.label, codec.rule);
      },
    },
    body,
  );
}
