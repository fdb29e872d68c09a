// An aggregate of the app's own.
// Promises: what is kept of a key is an object of its own: a value that two keys share would be changed for both, and is refused. What
// `merge` or `result` throws names the aggregate.

import { errors, MillraceError } from '../../errors.ts';
import { generate } from '../../mailbox/codegen.ts';
import { constantsOf } from '../../mailbox/columns/codec.ts';
import { type Ignored, refuseDeferred, refuseDeferredFunction } from '../../mailbox/deferred.ts';
import { type Field, Schema, type SchemaField, type Shape, type TupleOf } from '../../mailbox/schema.ts';
import { checkOptions } from '../../options/check.ts';
import { closure, value } from '../../options/kinds.ts';
import { refuseSurplus } from '../../surplus.ts';
import type { Aggregate, AggregatePlace, Slots } from './aggregate.ts';
import { keptObjects } from './kept-object.ts';

/** The result is a field of a type of its own, of tuples of a shape. */
export interface TupleResult<Tuple, Result> {
  readonly of: (tuple: Tuple) => void;
  readonly custom: Result;
}

/** An aggregate of an app's own. It is called with objects of `state`'s fields, which begin as 0, '', false, empty or null. */
export interface CustomAggregate<State extends Shape, Tuple, Result> {
  /** What is kept of the tuples of a key: fields, as a schema has them. */
  state: State;
  /** The type of the result's field. */
  type: Field<Result>;
  /** Takes a tuple in: changes `state`. */
  add(state: TupleOf<State>, tuple: Tuple): Ignored;
  /** Takes in what was kept of other tuples of the key: changes `state`, and must do so whatever was cut where. */
  merge(state: TupleOf<State>, other: Readonly<TupleOf<State>>): Ignored;
  /** The result. It changes nothing. */
  result(state: Readonly<TupleOf<State>>): Result;
}

const isObject = (given: unknown): given is object => typeof given === 'object' && given !== null;
const functionOf = (help: string) => closure<(...values: never[]) => unknown>({ help, isRequired: true });

const CUSTOM_PARTS = {
  state: value('an object of fields', isObject, { help: 'what is kept of a key', isRequired: true }),
  type: value('a field such as t.f64()', isObject, { help: "the type of the result's field", isRequired: true }),
  add: functionOf('takes a tuple in'),
  merge: functionOf('takes in what was kept of other tuples'),
  result: functionOf('gives the result'),
};

type State = Record<string, unknown>;
type Custom = CustomAggregate<Shape, unknown, unknown>;

/** The errors of functions whose results are not there yet. */
function refusalsOf({ operator, name }: AggregatePlace) {
  const refusalOf = (part: 'add' | 'merge' | 'result') => (what: string) =>
    errors.asyncAggregate(operator, name, part, what);
  return { add: refusalOf('add'), merge: refusalOf('merge'), result: refusalOf('result') };
}

/** What generated code calls for one aggregate of one operator. */
class CustomCalls {
  private readonly place: AggregatePlace;
  private readonly custom: Custom;
  private readonly empty: () => State;
  private readonly refusals: ReturnType<typeof refusalsOf>;
  private readonly names: readonly string[];
  /** Which key's state an object belongs to. */
  private readonly owners = new WeakMap<object, State>();

  constructor(place: AggregatePlace, custom: Custom, empty: () => State, names: readonly string[]) {
    this.place = place;
    this.custom = custom;
    this.empty = empty;
    this.names = names;
    this.refusals = refusalsOf(place);
  }

  add(kept: State | null, tuple: unknown): State {
    const state = kept ?? this.empty();
    const { operator, name } = this.place;
    refuseDeferred(operator, this.custom.add(state as never, tuple), this.refusals.add);
    for (const field of this.names) {
      const value = state[field];
      if (!isObject(value)) continue;
      const owner = this.owners.get(value);
      if (owner === undefined) this.owners.set(value, state);
      else if (owner !== state) throw errors.aggregateShared(operator, name, field);
    }
    return state;
  }

  merge(state: State, other: State): State {
    const result = this.guarded('merge', () => this.custom.merge(state as never, other as never));
    refuseDeferred(this.place.operator, result, this.refusals.merge);
    return state;
  }

  result(state: State): unknown {
    const result = this.guarded('result', () => this.custom.result(state as never));
    refuseDeferred(this.place.operator, result, this.refusals.result);
    return result;
  }

  private guarded<Result>(part: 'merge' | 'result', call: () => Result): Result {
    try {
      return call();
    } catch (cause) {
      if (cause instanceof MillraceError) throw cause;
      throw errors.aggregateFailed(this.place.operator, this.place.name, part, cause);
    }
  }
}

/**
 * An aggregate of an app's own, out of fields that are kept of a key and three functions. See docs/aggregates.md: tuples are cut into
 * parts anywhere, so `merge` must give what `add` of the same tuples would have given.
 * @throws MillraceError BAD_OPTION, BAD_SCHEMA, ASYNC_CLOSURE
 */
export function custom<const Kept extends Shape, Tuple, Result>(
  parts: CustomAggregate<Kept, Tuple, Result>,
  ...surplus: readonly never[]
): Aggregate<never, unknown, TupleResult<Tuple, Field<Result>>> {
  refuseSurplus('custom({ state, type, add, merge, result })', 1, surplus);
  checkOptions('custom()', CUSTOM_PARTS, parts as never);
  const own = parts as unknown as Custom;
  return {
    kind: 'custom',
    fields: [],
    plan(place) {
      const { operator, name, id } = place;
      const refusals = refusalsOf(place);
      for (const part of ['add', 'merge', 'result'] as const) {
        refuseDeferredFunction(operator, own[part], refusals[part]);
      }
      const { fields } = Schema.of(own.state, `aggregate '${name}' of operator '${operator}'`);
      const names = fields.map((field) => field.name);
      const make = keptObjects(operator, name, names);
      const calls = new CustomCalls(place, own, emptyStateOf(operator, fields, make), names);
      const objectOf = (slots: Slots): string => `kept${id}(${names.map((field) => slots(field)).join(', ')})`;
      return {
        takesTuples: true,
        kept: own.state,
        live: { '': { lane: 'Array', zero: 'null' } },
        result: own.type,
        add: (slots, given) => `${slots()} = custom${id}.add(${slots()}, ${given()});`,
        travel: (part, slots) => `${slots()}.${part}`,
        merge: (state, other) => `{ const merged = custom${id}.merge(${objectOf(state)}, ${objectOf(other)});
${fields.map((field) => `${state(field.name)} = merged.${field.name};`).join(' ')} }`,
        value: (state) => `custom${id}.result(${objectOf(state)})`,
        constants: { [`custom${id}`]: calls, [`kept${id}`]: make },
      };
    },
  };
}

/** Makes states that begin as rows do. */
function emptyStateOf(
  operator: string,
  fields: readonly SchemaField[],
  make: (...values: unknown[]) => State,
): () => State {
  const zeros = fields.map(({ codec }, i) => codec.zero(i)).join(', ');
  const values = generate<unknown[]>(`${operator}/empty`, constantsOf(fields, operator), `return [${zeros}];`);
  return () => make(...values.map((zero) => structuredClone(zero)));
}
