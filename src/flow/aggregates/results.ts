// The types of what `keyed.aggregate(…)` takes and gives.

import type { Field, JsonField, Shape, TupleOf, ValueOf } from '../../mailbox/schema.ts';
import type { Aggregate, NumberResult, SameField } from './aggregate.ts';
import type { ListResult } from './collect.ts';
import type { TupleResult } from './custom.ts';
import type { SumByField } from './sum.ts';
import type { RowsResult } from './top.ts';

/** Aggregates of a stream's tuples, by the names of their results. */
export type AggregatesOf<Fields extends Shape> = Readonly<Record<string, Aggregate<keyof Fields & string>>>;

/** The result's field of an aggregate that goes by the value of its own field. */
type ByValue<Value, Result> = Result extends NumberResult
  ? Field<null extends Value ? number | null : number>
  : Result extends SumByField
    ? Field<Exclude<Value, null> extends bigint ? bigint : number>
    : Result;

type ResultOf<Each, Fields extends Shape> =
  Each extends Aggregate<infer Name, unknown, infer Result>
    ? Result extends SameField
      ? Fields[Name]
      : Result extends RowsResult
        ? Field<TupleOf<Pick<Fields, Name>>[]>
        : Result extends ListResult
          ? Field<ValueOf<Fields[Name]>[]>
          : Result extends TupleResult<never, infer Own>
            ? Own
            : ByValue<ValueOf<Fields[Name]>, Result>
    : never;

/** The fields of the results. */
export type ResultsOf<Aggregates, Fields extends Shape> = {
  readonly [Name in keyof Aggregates]: ResultOf<Aggregates[Name], Fields> extends infer Result extends Field<unknown>
    ? Result
    : never;
};

/** Values of json fields, which are not used as numbers or ordered, whatever they are. */
interface JsonValue {
  readonly json: never;
}

/** What an aggregate must take to have a field. */
type Given<Each> = Each extends JsonField<unknown> ? JsonValue : ValueOf<Each>;

/** Refuses aggregates whose field has values that they do not take, and results that have the name of a key field. */
export type Suited<Aggregates, Fields extends Shape, Key> = {
  readonly [Name in keyof Aggregates]: Name extends Key
    ? 'the name of a key field, which is part of the result already: choose another name'
    : SuitedOne<Aggregates[Name], Fields>;
};

type SuitedOne<Each, Fields extends Shape> =
  Each extends Aggregate<infer Taken, infer Needs, infer Result>
    ? [Taken] extends [never]
      ? Result extends TupleResult<infer Tuple, unknown>
        ? TupleOf<Fields> extends Tuple
          ? unknown
          : Aggregate<never, unknown, TupleResult<TupleOf<Fields>, unknown>>
        : unknown
      : Given<Fields[Taken]> extends Needs
        ? unknown
        : Aggregate<Taken, Given<Fields[Taken]>>
    : never;
