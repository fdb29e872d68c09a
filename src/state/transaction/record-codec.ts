// Records in shared cells: a table of fields says what a record holds, and everything that is done with one is made from it.
// Promises: a record's type, its cells, and the functions that write, read, copy, compare and name them come from one table, so a
// new field is one line. Only `empty` and `names` allocate.
// Relies on: numbers that a double holds exactly; the lists of a record keep the lengths that it is made with.

import { generate } from '../../mailbox/codegen.ts';
import { equalPositions, POSITION_CELLS, readPosition, writePosition } from './position.ts';

/** So many numbers in a row. */
export class Cells {
  readonly length: number;

  constructor(length: number) {
    this.length = length;
  }
}

/** As many numbers, or records, as `sizes[size]` says when a record is made. */
export class List<Item extends number | Table, Size extends string> {
  readonly size: Size;
  readonly item: Item;

  constructor(size: Size, item: Item) {
    this.size = size;
    this.item = item;
  }
}

/** A position (position.ts): undefined at first. */
export class Place {
  readonly cells = POSITION_CELLS;
}

/** A number or a flag is written as the value that it begins with. */
type Field = number | boolean | Place | Cells | List<number, string> | List<Table, string> | Table;
export interface Table {
  readonly [field: string]: Field;
}

/** The record that a table describes. */
export type RecordOf<Fields> = {
  -readonly [Name in keyof Fields]: ValueOf<Fields[Name]>;
};
type ValueOf<Of> = Of extends number
  ? number
  : Of extends boolean
    ? boolean
    : Of extends Place
      ? unknown
      : Of extends Cells
        ? number[]
        : Of extends List<infer Item, string>
          ? Item extends number
            ? number[]
            : readonly RecordOf<Item>[]
          : RecordOf<Of>;

export interface RecordCodec<Fields extends Table, Sizes> {
  /** A record of which every field is as it begins. */
  empty(sizes: Sizes): RecordOf<Fields>;
  /** Writes a record into cells, from `at` on; returns the first cell behind it. */
  write(to: Float64Array, at: number, record: RecordOf<Fields>): number;
  /** Fills a record from cells, from `at` on; returns the first cell behind it. */
  read(from: Float64Array, at: number, record: RecordOf<Fields>): number;
  /** Makes `to`, whose lists are as long, equal to `from`; they share nothing then. */
  copy(from: RecordOf<Fields>, to: RecordOf<Fields>): void;
  /** True if two records, whose lists are as long, say the same. */
  equal(a: RecordOf<Fields>, b: RecordOf<Fields>): boolean;
  /** The path of each cell's value, as `inputs.0.position`. */
  names(sizes: Sizes): string[];
}

type LeafKind = 'number' | 'flag' | 'place';

/** The statement for a value, of which the expressions are given: one for each record at hand. */
type LeafCode = (paths: readonly string[], kind: LeafKind) => string;

/** The statements of a table's fields, each made by `leaf`; loops run over the lists of the first record. */
function codeOf(fields: Table, paths: readonly string[], leaf: LeafCode, depth = 0): string {
  const within = (suffix: string): string[] => paths.map((path) => `${path}${suffix}`);
  return Object.entries(fields)
    .map(([name, field]) => {
      const here = within(`.${name}`);
      const index = `i${depth}`;
      const loop = (length: number | string, body: string): string =>
        `for (let ${index} = 0; ${index} < ${length}; ${index}++) { ${body} }`;
      const items = here.map((path) => `${path}[${index}]`);
      if (field instanceof Cells) return loop(field.length, leaf(items, 'number'));
      if (field instanceof Place) return leaf(here, 'place');
      if (field instanceof List) {
        const { item } = field as List<number | Table, string>;
        return loop(
          `${here[0]}.length`,
          typeof item === 'number' ? leaf(items, 'number') : codeOf(item, items, leaf, depth + 1),
        );
      }
      return typeof field === 'object'
        ? codeOf(field, here, leaf, depth)
        : leaf(here, typeof field === 'boolean' ? 'flag' : 'number');
    })
    .join('\n');
}

function emptyOf(fields: Table, sizes: Readonly<Record<string, number>>): Record<string, unknown> {
  const begun = (field: Field): unknown => {
    if (field instanceof Place) return undefined;
    if (field instanceof Cells) return new Array(field.length).fill(0);
    if (field instanceof List) return Array.from({ length: sizes[field.size] }, () => begun(field.item));
    return typeof field === 'object' ? emptyOf(field, sizes) : field;
  };
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, begun(field)]));
}

/** The paths of the cells of an empty record, in the order of a table's fields. */
const leavesOf = (value: object, path = ''): string[] =>
  Object.entries(value).flatMap(([name, inner]) => {
    if (typeof inner === 'object') return leavesOf(inner, `${path}${name}.`);
    const here = `${path}${name}`;
    return inner === undefined ? Array.from({ length: POSITION_CELLS }, (_, i) => `${here}.${i}`) : [here];
  });

const WRITE: Readonly<Record<LeafKind, (value: string) => string>> = {
  number: (value) => `to[at++] = ${value};`,
  flag: (value) => `to[at++] = ${value} ? 1 : 0;`,
  place: (value) => `writePosition(to, at, ${value}); at += ${POSITION_CELLS};`,
};

const READ: Readonly<Record<LeafKind, (value: string) => string>> = {
  number: (value) => `${value} = from[at++];`,
  flag: (value) => `${value} = from[at++] === 1;`,
  place: (value) => `${value} = readPosition(from, at); at += ${POSITION_CELLS};`,
};

/** Makes the functions of the records that a table describes. */
export function recordCodec<Fields extends Table, Sizes extends Readonly<Record<string, number>>>(
  name: string,
  fields: Fields,
): RecordCodec<Fields, Sizes> {
  const functions = generate<Pick<RecordCodec<Fields, Sizes>, 'write' | 'read' | 'copy' | 'equal'>>(
    name,
    { writePosition, readPosition, equalPositions },
    `return {
write(to, at, r) { ${codeOf(fields, ['r'], ([r], kind) => WRITE[kind](r))} return at; },
read(from, at, r) { ${codeOf(fields, ['r'], ([r], kind) => READ[kind](r))} return at; },
copy(from, to) { ${codeOf(fields, ['from', 'to'], ([from, to]) => `${to} = ${from};`)} },
equal(a, b) { ${codeOf(fields, ['a', 'b'], ([a, b], kind) => `if (${kind === 'place' ? `!equalPositions(${a}, ${b})` : `${a} !== ${b}`}) return false;`)} return true; },
};`,
  );
  const empty = (sizes: Sizes): RecordOf<Fields> => emptyOf(fields, sizes) as RecordOf<Fields>;
  return { ...functions, empty, names: (sizes) => leavesOf(empty(sizes)) };
}
