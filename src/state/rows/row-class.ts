// What users see of a row: a generated class with one accessor per field.
// Promises: a setter validates and converts before it writes; use after the closure has returned is a clear error. What a
// row object keeps for itself is named so that no field can have the name: rowLayout refuses it, or it is no identifier.
// Relies on: whoever points an instance at a row keeps `row` valid, and sets it to -1 when it no longer is.

import { errors } from '../../errors.ts';
import { generate } from '../../mailbox/codegen.ts';
import { invalidValueCode, jsonPacker } from '../../mailbox/encoder.ts';
import { TYPE_RULES } from '../../mailbox/schema.ts';
import type { Allocator } from '../memory/allocator.ts';
import type { Arena } from '../memory/arena.ts';
import { readBytes, readJson, readText, writeBytes, writeText } from '../memory/values.ts';
import type { Transaction } from '../transaction/transaction.ts';
import type { RowField, RowKey, RowLayout } from './row-layout.ts';

/** An object positioned at a row. */
export interface RowView {
  arena: Arena;
  /** Index of the row's first cell; negative outside of the closure. */
  row: number;
}

/** Reads a key field or a field of the row at `p` of `arena`, as an expression. */
export function readCellCode(field: { type: RowField['type']; cell: number }): string {
  const at = `p + ${field.cell}`;
  switch (field.type) {
    case 'u8':
    case 'u32':
      return `arena.u32[${at}]`;
    case 'i32':
      return `arena.i32[${at}]`;
    case 'bool':
      return `arena.i32[${at}] === 1`;
    case 'f64':
    case 'timestamp':
      return `arena.f64[(${at}) >> 1]`;
    case 'string':
    case 'dictionary':
      return `readText(arena, ${at})`;
    case 'bytes':
      return `readBytes(arena, ${at})`;
    case 'json':
      return `readJson(arena, ${at})`;
  }
}

function writeCellCode(field: RowField, i: number): string {
  const at = `p + ${field.cell}`;
  switch (field.type) {
    case 'u8':
    case 'u32':
    case 'i32':
      return `arena.i32[${at}] = v;`;
    case 'bool':
      return `arena.i32[${at}] = v ? 1 : 0;`;
    case 'f64':
    case 'timestamp':
      return `arena.f64[(${at}) >> 1] = v;`;
    case 'string':
    case 'dictionary':
      return `writeText(allocator, arena, ${at}, v);`;
    case 'bytes':
      return `writeBytes(allocator, arena, ${at}, v);`;
    case 'json':
      return `writeJson(allocator, arena, ${at}, v, ${i});`;
  }
}

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
    ...keys.map((key) => `get ${key.name}() { const arena = ${arena}; ${locate} return ${readCellCode(key)}; }`),
    ...layout.fields.map(
      (field, i) => `
get ${field.name}() { const arena = ${arena}; ${locate} return ${readCellCode(field)}; }
set ${field.name}(v) {
const arena = ${arena}; ${locate}
if (${invalidValueCode(field.type, 'v')}) badValue(${i}, v);
${save}
${writeCellCode(field, i)}
}`,
    ),
    ...layout.tables.map((table, i) => `get ${table.name}() { return this['@tables'][${i}]; }`),
  ];
  const body = `return class State {
${construct}
${accessors.join('\n')}
};`;
  const pack = jsonPacker(
    operator,
    layout.fields.map(({ name }) => name),
  );
  return generate(
    `${operator}/state`,
    {
      ...constants,
      allocator: transaction.allocator,
      transaction,
      readText,
      writeText,
      readBytes,
      writeBytes,
      readJson,
      writeJson: (allocator: Allocator, arena: Arena, cell: number, value: unknown, i: number) =>
        writeBytes(allocator, arena, cell, pack(i, value)),
      stale: () => {
        throw errors.staleState(operator);
      },
      badValue: (i: number, value: unknown) => {
        const { name, type } = layout.fields[i];
        throw errors.badValue(operator, name, value, type, TYPE_RULES[type]);
      },
    },
    body,
  );
}
