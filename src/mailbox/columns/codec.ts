// What the runtime must know of one field type: the codec that each file of this folder gives for its type.
// Promises: every place that treats fields by their type asks a codec, and no other place names a type.
// Relies on: code that a codec gives is source text for generate(); the names of its variables end with the id of the field, so
// the codes of several fields stand side by side. An id is a number, or that number with letters behind (see optional.ts).

import type { CsvDialect } from './csv-cell.ts';

/** A field as an app declares it: plain data, so two threads that declare the same flow have equal fields. */
export interface AnyField {
  readonly type: string;
  /** What the type was given, such as the literals of an enum. */
  readonly parameters?: readonly unknown[];
}

/** Ends the names of a field's variables in generated code. */
export type Id = number | string;

/** The field whose values constants are made for: what an error of a value that cannot be packed names. */
export interface FieldPlace {
  readonly operator: string;
  readonly field: string;
}

/** What generated code refers to, by name. */
export type Constants = Readonly<Record<string, unknown>>;

/**
 * How an encoder collects a column and writes it. The code finds v<id>, the row `n` and, in `measure` and `write`, `words`, `w`
 * and `target`; encoder.ts has the functions that it may call.
 */
export interface Column {
  /** Declares the local column. */
  readonly declare: string;
  /** An upper bound of the value's bytes in variable length, beyond `fixedBytes`; '' if none. */
  readonly weight: string;
  /** The exact bytes of the same, in whole words, when the value is alone in its frame. */
  readonly exact: string;
  /** Makes room in the local column for v: all that can fail beyond validation. */
  readonly room: string;
  /** Appends v to the local column at row n. */
  readonly append: string;
  /** Clears at flush and discard. */
  readonly clear: string;
  /** Adds to `words` what the column takes; may define constants. */
  readonly measure: string;
  /** Writes the column at word `w` and moves `w`. */
  readonly write: string;
  readonly fixedBytes: number;
  /** Bytes that the column of a frame with one row takes, without what `exact` counts. */
  readonly aloneBytes: number;
}

/** How a decoder reads a column of the open frame, whose views are `u8`, `i32`, `u32`, `f64` and `text`. */
export interface ColumnReading {
  /** Declares the variables that `open` sets, as a list of declarators. */
  variables(id: Id): string;
  /** Sets them for the column at word `w` of a frame of `count` rows, and moves `w`. */
  open(id: Id): string;
  /** Functions that the value and the key's reader need; '' if none. */
  functions(id: Id): string;
  /** The value in row `i`, as an expression. */
  value(id: Id): string;
}

/** Reads cells of rows without generated code. */
export interface CellReader {
  readonly i32: Int32Array;
  readonly u8: Uint8Array;
  readonly f64: Float64Array;
  /** The byte at which the text of a cell starts. */
  textStart(cell: number): number;
}

/**
 * How a field of a key stands in a table on a thread's own heap (flow/aggregates/combiner.ts): as two Int32 words, which tell most
 * values apart, and in lanes, arrays of one element a key. `k` is the place of the field in the key, which ends the names of its
 * variables, and `id` what ends those of the codec's constants.
 */
export interface KeptKey {
  /** Statements that define the Int32 words a<k> and b<k> of the valid value `v`: equal values have equal words. */
  words(v: string, k: number, id: Id): string;
  /** True if no other value has the words a<k> and b<k>. */
  isExact(k: number): string;
  /** The classes of its lanes: arrays of numbers, or Array. */
  readonly lanes: readonly LaneClass[];
  /** Declares what its lanes refer to; '' if nothing. */
  declare(k: number, id: Id): string;
  /** True if the key at `e` is the value `v`, for values whose words are equal. */
  equal(v: string, k: number): string;
  /** Statements that keep `v` at `e`. */
  store(v: string, k: number, id: Id): string;
  /** Statements that forget all keys. */
  clear(k: number): string;
  /** The value of the key at `e`, for a tuple. */
  value(k: number, id: Id): string;
}

export type LaneClass = 'Uint8Array' | 'Int32Array' | 'Uint32Array' | 'Float64Array' | 'Array';

/** The name of a lane of the k-th field of a key. */
export const keyLane = (k: number, lane = 0): string => `key${k}_${lane}`;

/**
 * The key that a value of a type is. A table's find and upsert take it as one or more arguments in the form of `parameters`: the
 * decoder reads them from a frame, keyedAccess makes them of a value.
 */
export interface KeyCodec {
  /** True if a closure gets the row's own string, so that the frame's is not decoded. */
  readonly isCached: boolean;
  /** Parameters of find and upsert. */
  parameters(id: Id): string;
  /** Statements that bring the parameters into stored form; '' if they are. */
  canonical(id: Id): string;
  /** True if the key in `cell` of the row at `p` is that of the parameters. */
  equal(cell: number, id: Id): string;
  /** Stores the parameters in `cell` of the row at `p`. */
  store(cell: number, id: Id): string;
  /** What canonical and prepare refer to. */
  constants(id: Id): Constants;
  /** Statements that must come before `ofValue`; '' if none. */
  prepare(v: string, id: Id): string;
  /** The arguments for the valid value `v`. */
  ofValue(v: string, id: Id): string;
  /** The hash of the valid value `v`. */
  hashOfValue(v: string, id: Id): string;
  /** The hash of row `r` that an encoder has just written. */
  hashOfRow(id: Id): string;
  /** The decoder's object or function that reads keys of the open frame. */
  reader(id: Id): string;
  /** Statements that point `reader` at row `i`; '' if it needs none. */
  seek(reader: string): string;
  /** The arguments for row `i`. */
  ofReader(reader: string): string;
  /** The hash of row `i`; undefined if it would have to be computed from text. */
  hashOfReader(reader: string): string | undefined;
  /** The hash of the key in a row's cells. */
  hashOfCells(cells: CellReader, at: number): number;
  /** True if two rows have the same key. */
  areSame(cells: CellReader, at: number, other: number): boolean;
  readonly own: KeptKey;
}

/** How a value stands in a row of state. A row begins as zeros. */
export interface CellCodec {
  readonly cells: number;
  /** True if the first four cells are a value of variable length: see state/values.ts. */
  readonly isExternal: boolean;
  /** The value at cell `at` of `arena`, as an expression. */
  read(at: string, id: Id): string;
  /** Writes the valid value `v` to cell `at` of `arena`. */
  write(at: string, v: string, id: Id): string;
}

/** A value within another one that its field does not take. */
export interface Misfit {
  /** Where it is within the outermost value: `[3].price`. */
  readonly path: string;
  readonly label: string;
  readonly rule: string;
  readonly value: unknown;
}

/** How values stand within others: those of a list, or of a struct. */
export interface NestedValue {
  /**
   * The value as it is packed.
   * @throws MisfitError if its field does not take it, or what is within it
   */
  kept(value: unknown, path: string): unknown;
  /** The value that JSON has given, as far as it fits. */
  fromJson(given: unknown): unknown;
  /** What JSON.stringify is given of a valid value. */
  toJson(value: unknown): unknown;
}

/** How a value stands in a file of comma-separated values. */
export interface CsvCodec {
  /** What a cell must be, for errors. */
  readonly rule: string;
  /** True if `fast` needs the text of the bytes. */
  readonly needsText: boolean;
  /** True of numbers that are written with the decimal sign of the dialect. */
  readonly isDecimal?: boolean;
  /** A first value of the variable, as source text. */
  readonly start: string;
  /** The value of a cell's text, or undefined if the type does not take it. */
  convert(text: string): unknown;
  /** What a text that is not taken lacks, where more is to be said than the rule; undefined if nothing. */
  readonly lacks?: (text: string) => string | undefined;
  /** What does not fit within the value of a text, for types whose values hold others. */
  readonly misfit?: (text: string) => Misfit | undefined;
  /**
   * Reads the cell at `at` into variable `value`, and the byte behind it, less 48, into `next`; `break fast` leaves the record to
   * {@link convert}. csv-cell.ts names the variables that it may use.
   */
  fast(value: string, dialect: CsvDialect, id: Id): string;
}

/** All of one field. */
export interface Codec {
  /** As schemas, fingerprints and errors show the field's type. */
  readonly label: string;
  /** What the type takes, for errors. */
  readonly rule: string;
  /** True if its columns need the ring's dictionary. */
  readonly usesDictionary: boolean;
  /** What the code of this codec refers to. */
  constants(id: Id, place: FieldPlace): Constants;
  /** True if `v` is no value of the type. `typeof` first: operators throw on bigints and symbols. */
  invalid(v: string, id: Id): string;
  /** A valid value as source text: what stands in a column where there is none. */
  zero(id: Id): string;
  /**
   * Statements that make of v<id> what its column needs, before anything is appended; '' if nothing.
   * @param idOf the code of a function that gives the id of a string in the dictionary, or -1 if it travels inline
   */
  prepare(id: Id, idOf: string): string;
  column(id: Id): Column;
  readonly reading: ColumnReading;
  /** What a reader would have got for v<id>, as an expression. */
  copied(id: Id): string;
  readonly cell: CellCodec;
  /** undefined if the type cannot be a key. */
  readonly key: KeyCodec | undefined;
  readonly csv: CsvCodec;
  /**
   * What a value that is not `invalid` lacks all the same, as a rule; undefined if nothing. For types whose `prepare` refuses more
   * than `invalid` does: a source says by it which record of which file it was.
   */
  readonly lacks?: (value: unknown) => string | undefined;
  /** What does not fit within a value that is not `invalid`, for types whose values hold others. */
  readonly misfit?: (value: unknown) => Misfit | undefined;
  /** What a value that is not `invalid` is read as, where several kinds of it are taken: how it stands within others. */
  readonly plain?: (value: unknown) => unknown;
  /** How values stand within others, where that takes more than `invalid`. */
  readonly nested?: NestedValue;
}

/** A field type: what `t` offers under one name. */
export interface FieldKind {
  /** True if fields of the type can be keys; of a type that contains another one, those can whose inner type can. */
  readonly isKey: boolean;
  /**
   * The codec of a field of the type.
   * @throws MillraceError BAD_SCHEMA for parameters that the type does not take
   */
  codecOf(parameters: readonly unknown[], codecOf: (field: AnyField) => Codec): Codec;
}

/** The kind of a type that takes no parameters. */
export const plainKind = (codec: Codec): FieldKind => ({ isKey: codec.key !== undefined, codecOf: () => codec });

export const NO_CONSTANTS = (): Constants => ({});
export const NO_CODE = (): string => '';

/** What the code of several fields refers to, with their indices as ids. */
export const constantsOf = (
  fields: readonly { readonly name: string; readonly codec: Codec }[],
  operator: string,
  idOf: (index: number) => Id = (index) => index,
): Constants =>
  Object.assign({}, ...fields.map(({ name, codec }, i) => codec.constants(idOf(i), { operator, field: name })));
