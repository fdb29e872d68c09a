// What an aggregate is: what it keeps of the tuples of a key, as code that is put into the combiner (combiner.ts) and into the
// keyed operator behind it (aggregation.ts). Each kind of aggregate is one file of this folder.
// Promises: an aggregate is a monoid: what it keeps begins empty, takes in tuples, and is merged with what was kept elsewhere; how
// tuples are cut into parts does not show in its result.

import { errors } from '../../errors.ts';
import type { AnyField } from '../../mailbox/columns/codec.ts';
import type { SchemaField, Shape } from '../../mailbox/schema.ts';
import type { TableDefinition } from '../../state/rows/row-layout.ts';

declare const NEEDS: unique symbol;
declare const RESULT: unique symbol;

/** The result is a field of the type of the aggregate's own field. */
export interface SameField {
  readonly same: true;
}

/** The result is a number; or null, if the aggregate's field is optional and never had a value. */
export interface NumberResult {
  readonly number: true;
}

/** What values may be that have an order. Those of a json field have none, whatever they are: results.ts. */
export type Ordered = number | bigint | string | boolean | Date | null;

/** One result of `keyed.aggregate(…)`. Made by the functions of `millrace/aggregates`. */
export interface Aggregate<Name extends string = string, Needs = unknown, Result = unknown> {
  /** What it is called in errors: 'sum'. */
  readonly kind: string;
  /** The fields of the tuples that it takes in. */
  readonly fields: readonly Name[];
  /**
   * How it works on the tuples of an operator.
   * @throws MillraceError BAD_AGGREGATE if it cannot take one of the fields
   * @internal
   */
  plan(place: AggregatePlace): AggregateCode;
  /** @internal */
  readonly [NEEDS]?: Needs;
  /** @internal */
  readonly [RESULT]?: Result;
}

/** Where an aggregate stands. */
export interface AggregatePlace {
  readonly operator: string;
  /** Of the result, in the operator's output. */
  readonly name: string;
  /** Ends the names of its constants. */
  readonly id: number;
  /** The fields that it takes in, as the input's schema has them. */
  readonly fields: readonly SchemaField[];
}

/** The name, in code, of one part of what is kept; '' is the part that is called as the aggregate itself. */
export type Slots = (part?: string) => string;

/** The name, in code, of the value of a tuple's field; without a field the tuple with all its fields, as an object. */
export type Given = (field?: string) => string;

/** A part of what is kept, as it is on a thread's own heap. */
export interface Live {
  /** An array of numbers takes less room, and is faster. */
  readonly lane: 'Float64Array' | 'Uint8Array' | 'Array';
  /** What it begins as, in code. */
  readonly zero: string;
}

export interface AggregateCode {
  /** What travels to the keyed operator, and is its state, by part. State begins as zeros. */
  readonly kept: Shape;
  /** Of the operator's output. */
  readonly result: AnyField;
  /** How it is kept on a heap, by part, if that is another form than `kept`; `travel` then gives the form that travels. */
  readonly live?: Readonly<Record<string, Live>>;
  /** In place of the part `''` of state: a table under the key, which `merge` and `value` work on. */
  readonly table?: TableDefinition;
  /** True if it takes in tuples with all their fields, and not those that it names only. */
  readonly takesTuples?: true;
  /** Statements that take in a tuple. They throw before they change anything, or not at all. */
  add(slots: Slots, given: Given): string;
  /** An expression that is true if so much is kept of a key that it should travel before the batch commits: a row must fit a ring. */
  isLarge?(slots: Slots): string;
  /** An expression for what travels of a part. */
  travel?(part: string, slots: Slots): string;
  /** Statements that take what travelled into what is kept as state. */
  merge(state: Slots, other: Slots): string;
  /** An expression for the result. */
  value(state: Slots): string;
  /** What the code refers to. */
  readonly constants?: Readonly<Record<string, unknown>>;
}

/** The type that a field has but for null. */
export interface ValueType {
  readonly type: string;
  readonly isOptional: boolean;
  /** The field without null. */
  readonly inner: AnyField;
}

export function valueType({ declared }: SchemaField): ValueType {
  if (declared.type !== 'optional') return { type: declared.type, isOptional: false, inner: declared };
  const inner = declared.parameters?.[0] as AnyField;
  return { type: inner.type, isOptional: true, inner };
}

const NUMBERS: ReadonlySet<string> = new Set(['u8', 'i32', 'u32', 'f64', 'timestamp']);
const INTEGERS: ReadonlySet<string> = new Set(['u8', 'i32', 'u32']);

export const isNumber = ({ type }: ValueType): boolean => NUMBERS.has(type);
export const isInteger = ({ type }: ValueType): boolean => INTEGERS.has(type);
export const isBigInt = ({ type }: ValueType): boolean => type === 'i64' || type === 'u64';

/** How a field of a type is kept on a heap. */
export const liveOf = ({ type }: AnyField): Live => {
  if (type === 'u8') return { lane: 'Uint8Array', zero: '0' };
  return NUMBERS.has(type) ? { lane: 'Float64Array', zero: '0' } : { lane: 'Array', zero: 'null' };
};

/** Code that is passed over for null, if the field can be null. */
export const unlessNull = ({ isOptional }: ValueType, value: string, code: string): string =>
  isOptional ? `if (${value} !== null) { ${code} }` : `{ ${code} }`;

/** Types whose values have no order. */
export const UNORDERED: ReadonlySet<string> = new Set(['json', 'bytes', 'list', 'struct']);

/** @throws MillraceError BAD_AGGREGATE */
export function refuseField(
  { operator, name }: AggregatePlace,
  kind: string,
  field: SchemaField,
  takes: string,
): never {
  throw errors.badAggregate(operator, name, kind, `takes ${takes}; '${field.name}' is ${field.codec.label}`);
}
