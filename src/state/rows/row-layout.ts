// The layout of a row in shared memory: stamp, tag, key cells, field cells, roots of sub-keyed tables.
// Promises: a cell is an Int32 element; rows have an even number of cells, so doubles are aligned.
// Relies on nothing but schemas.

import { errors } from '../../errors.ts';
import type { KeyCodec } from '../../mailbox/columns/codec.ts';
import { VALUE_CELLS } from '../../mailbox/columns/text-column.ts';
import { Schema, type SchemaField, type Shape, t } from '../../mailbox/schema.ts';
import { refuseSurplus } from '../../surplus.ts';

/** Cells of a row before its keys: the stamp of the transaction that saved it last, and the tag. */
export const ROW_STAMP = 0;
export const ROW_TAG = 1;
export const ROW_HEADER_CELLS = 2;
/** Cells of a table's root: as many as those of a value of variable length, between which roots are placed. */
export const ROOT_CELLS = VALUE_CELLS;

/** Tags of slots without a row. Every other tag is a hash. */
export const TAG_EMPTY = 0;
export const TAG_DELETED = 1;

/**
 * A root: address of the extent in words, log2 of its slots, live rows, slots that are not empty. Of a table of segments:
 * address of the directory, {@link DIRECTORY_LOG} + log2 of its entries, live rows, segments.
 */
export const ROOT_ADDRESS = 0;
export const ROOT_LOG_ROWS = 1;
export const ROOT_LIVE = 2;
export const ROOT_USED = 3;
/** What stands for log2 of the slots in the root of a table of segments is this and more. */
export const DIRECTORY_LOG = 32;

/** Into what segments a large table is divided; see memory/directory.ts. */
interface SegmentShape {
  /** log2 of the slots of a segment. */
  readonly logSlots: number;
  /** Bits of a hash, from the top, that all keys of a table have in common. */
  readonly commonBits: number;
}

/** A segment takes so many bytes at most, unless its rows are large: all that an insertion copies of a table. */
const SEGMENT_BYTES = 1 << 15;
const LOG_SEGMENT_SLOTS_MIN = 6;
/** Log2 of the key groups: their tables hold keys of one group each. */
const GROUP_BITS = 8;

const logSegmentSlots = (cells: number): number =>
  Math.max(LOG_SEGMENT_SLOTS_MIN, Math.floor(Math.log2(SEGMENT_BYTES / (cells * 4))));

export interface RowField extends SchemaField {
  readonly cell: number;
}

export interface RowKey extends RowField {
  readonly key: KeyCodec;
}

interface RowTable {
  readonly name: string;
  readonly cell: number;
  readonly layout: RowLayout;
}

export interface RowLayout {
  readonly cells: number;
  readonly segment: SegmentShape;
  readonly keys: readonly RowKey[];
  readonly fields: readonly RowField[];
  readonly tables: readonly RowTable[];
}

/** A sub-keyed table as a flow declares it. Made by {@link table}. */
export interface TableDefinition<Key extends Shape = Shape, Row extends Shape = Shape> {
  /** One or two fields, which name a row. */
  readonly key: Key;
  /** The other fields of a row. */
  readonly row: Row;
}

/**
 * Declares a table of rows under each key of an operator: `tables: { vehicles: table({ vid: t.u32() }, { speed: t.f64() }) }`.
 * @param key one or two fields of types that can be keys: any but bytes and json
 * @param row the fields of each row
 */
export function table<Key extends Shape, Row extends Shape>(
  key: Key,
  row: Row,
  ...surplus: readonly never[]
): TableDefinition<Key, Row> {
  refuseSurplus('table(key, row)', 2, surplus);
  return { key, row };
}

export const KEY_FIELDS_MAX = 2;

const NAMED_TIMERS: TableDefinition = { key: { name: t.string() }, row: { at: t.f64() } };

/** Where the timers of a key stand in its row: when the one without a name is due, and a table of those with names. */
export const TIMER_FIELD = '$timer';
export const TIMERS_TABLE = '$timers';
/** The same of timers that go by the clock, of an operator whose others are in event time. */
export const CLOCK_FIELD = '$clock';
export const CLOCKS_TABLE = '$clocks';

/** When a row expires, where rows do. */
export const EXPIRY_FIELD = '$expires';

/** Properties of the state object that point it at a row, or are not the flow's. */
const TIMER_NAMES = [TIMER_FIELD, TIMERS_TABLE, CLOCK_FIELD, CLOCKS_TABLE];
const RESERVED_NAMES = ['arena', 'row', ...TIMER_NAMES];
const HIDDEN_NAMES = [...TIMER_NAMES, EXPIRY_FIELD];

/** True of what a row holds for the library: nobody sees it who reads state. */
export const isHidden = ({ name }: { readonly name: string }): boolean => HIDDEN_NAMES.includes(name);

/** What a layout is besides the rows of a flow's operator. */
interface LayoutKind {
  /** True for the rows of a table under a key. */
  readonly isInTable?: boolean;
  /** True if keys have timers. */
  readonly hasTimers?: boolean;
  /** True if they have others by the clock besides. */
  readonly hasClock?: boolean;
  /** log2 of the slots of a segment, for tests of small tables. By default by the size of rows. */
  readonly logSlots?: number;
}

const cellsOf = ({ codec }: SchemaField): number => codec.cell.cells;

/** Places fields into cells: those of an even number of cells first, since doubles need an even cell, then the others. */
class CellPlan {
  private next = ROW_HEADER_CELLS;

  place<Item>(items: readonly Item[], cellsOf: (item: Item) => number): (Item & { cell: number })[] {
    const placed = new Map<Item, number>();
    const order = [...items].sort((a, b) => (cellsOf(b) % 2 === 0 ? 1 : 0) - (cellsOf(a) % 2 === 0 ? 1 : 0));
    const odd = this.next % 2 === 1;
    const single = odd ? order.findIndex((item) => cellsOf(item) === 1) : -1;
    if (single >= 0) order.unshift(...order.splice(single, 1));
    for (const item of order) {
      const cells = cellsOf(item);
      if (cells > 1 && this.next % 2 === 1) this.next++;
      placed.set(item, this.next);
      this.next += cells;
    }
    return items.map((item) => ({ ...item, cell: placed.get(item) as number }));
  }

  get cells(): number {
    return this.next + (this.next % 2);
  }
}

/**
 * The layout of rows with the given key, fields and tables.
 * @throws MillraceError BAD_SCHEMA if a type cannot be a key, or a name is given twice
 */
export function rowLayout(
  where: string,
  key: readonly SchemaField[],
  state: Shape,
  tables: Readonly<Record<string, TableDefinition>>,
  { isInTable = false, hasTimers = false, hasClock = false, logSlots }: LayoutKind = {},
): RowLayout {
  const plan = new CellPlan();
  // Rows of a state may have a key without fields: there is one row then.
  if ((key.length === 0 && isInTable) || key.length > KEY_FIELDS_MAX) {
    throw errors.badSchema(where, `a key has one or two fields, this one has ${key.length}`);
  }
  const keys = plan.place(
    key.map((field) => {
      const { name, codec } = field;
      if (codec.key === undefined) {
        throw errors.badSchema(where, `field '${name}' of type ${codec.label} cannot be a key`);
      }
      return { ...field, key: codec.key };
    }),
    cellsOf,
  );
  const own = {
    ...state,
    ...(hasTimers && { [TIMER_FIELD]: t.f64() }),
    ...(hasClock && { [CLOCK_FIELD]: t.f64() }),
  };
  const fieldList = Object.keys(own).length === 0 ? [] : Schema.of(own, where).fields;
  const names = new Set([...Object.keys(state), ...Object.keys(tables)]);
  for (const name of RESERVED_NAMES) {
    if (!isInTable && names.has(name)) throw errors.badSchema(where, `'${name}' is taken: choose another name`);
  }
  const fields = plan.place(fieldList, cellsOf);
  const ownTables = {
    ...tables,
    ...(hasTimers && { [TIMERS_TABLE]: NAMED_TIMERS }),
    ...(hasClock && { [CLOCKS_TABLE]: NAMED_TIMERS }),
  };
  const tableList = Object.entries(ownTables).map(([name, definition]) => {
    if (Object.hasOwn(state, name)) throw errors.badSchema(where, `'${name}' is both a field of state and a table`);
    return { name, layout: tableLayout(`table '${name}' of ${where}`, name, definition, logSlots) };
  });
  const placedTables = plan.place(tableList, () => ROOT_CELLS);
  const segment = { logSlots: logSlots ?? logSegmentSlots(plan.cells), commonBits: isInTable ? 0 : GROUP_BITS };
  return { cells: plan.cells, segment, keys, fields, tables: placedTables };
}

function tableLayout(where: string, name: string, definition: TableDefinition, logSlots?: number): RowLayout {
  if (typeof definition !== 'object' || definition === null || typeof definition.row !== 'object') {
    throw errors.badSchema(where, 'must be made by table(key, row)');
  }
  const key = Schema.of(definition.key, where).fields;
  // A table's name becomes a property, as a field's name does.
  Schema.of({ [name]: t.u32() }, where);
  for (const field of key) {
    if (!Object.hasOwn(definition.row, field.name)) continue;
    throw errors.badSchema(where, `'${field.name}' is both a field of the key and of the row`);
  }
  return rowLayout(where, key, definition.row, {}, { isInTable: true, logSlots });
}

/** The cells of fields and keys whose values may lie in extents of their own. */
export const externalCells = (fields: readonly RowField[]): number[] =>
  fields.filter(({ codec }) => codec.cell.isExternal).map(({ cell }) => cell);
