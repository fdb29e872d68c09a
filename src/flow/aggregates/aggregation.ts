// The two halves of an aggregate: the combiner in the writers' chains, and the keyed operator that merges what they send.
// Promises: whether tuples are combined does not show in results: without a combiner each tuple is merged as a part of its own.
// Relies on: planOf() decides whether the writers of an input have room for a combiner (plan.ts).

import { errors } from '../../errors.ts';
import { generate } from '../../mailbox/codegen.ts';
import { Schema, type SchemaField, type Shape, shapeOf } from '../../mailbox/schema.ts';
import { type TableDefinition, TIMER_FIELD } from '../../state/rows/row-layout.ts';
import type { AggregateEmit } from '../options/aggregate-options.ts';
import type { Aggregate, Slots } from './aggregate.ts';
import {
  generateCombiner,
  type HeldTime,
  type KeptAggregate,
  partName,
  singleCode,
  type TupleHolder,
} from './combiner.ts';

export interface Aggregation {
  /** What travels from the combiners. */
  readonly partial: Schema;
  readonly state: Shape;
  readonly tables: Readonly<Record<string, TableDefinition>>;
  readonly output: Shape;
  /** Closures of the keyed operator, for a tuple of the input and for a combined row. */
  readonly add: (...values: never[]) => void;
  readonly merge: (...values: never[]) => void;
  readonly end: ((...values: never[]) => void) | undefined;
  readonly onTimer: ((...values: never[]) => void) | undefined;
  combiner(emit: (row: unknown) => void, time?: HeldTime): TupleHolder;
}

/**
 * What is kept for each of some aggregates.
 * @throws MillraceError BAD_AGGREGATE, BAD_OPTION
 */
export function keptOf(
  operator: string,
  schema: Schema,
  key: readonly string[],
  aggregates: Readonly<Record<string, Aggregate>>,
): KeptAggregate[] {
  const entries = typeof aggregates === 'object' && aggregates !== null ? Object.entries(aggregates) : [];
  if (entries.length === 0)
    throw errors.badOption(
      'aggregates',
      aggregates,
      'an object of at least one aggregate such as { words: count() }',
      `operator '${operator}'`,
    );
  return entries.map(([name, aggregate], id) => {
    if (typeof aggregate?.plan !== 'function')
      throw errors.badOption(
        name,
        aggregate,
        `an aggregate such as count() or sum('field') of millrace/aggregates`,
        `the aggregates of operator '${operator}'`,
      );
    const bad = (problem: string): never => {
      throw errors.badAggregate(operator, name, aggregate.kind, problem);
    };
    if (key.includes(name))
      bad('has the name of a key field, which is part of the result already: choose another name');
    const fields = aggregate.fields.map((field) => {
      const known = schema.names.map((each) => `'${each}'`).join(', ');
      return (
        schema.fields.find((each) => each.name === field) ??
        bad(`names the field '${String(field)}', which its tuples do not have: use one of ${known}`)
      );
    });
    return { name, fields: aggregate.fields, code: aggregate.plan({ operator, name, id, fields }) };
  });
}

/** The parts that an aggregate's kept fields are, in a schema. */
export function partsOf(aggregates: readonly KeptAggregate[], isState: boolean): Shape {
  return Object.fromEntries(
    aggregates.flatMap(({ name, code: { kept, table } }) =>
      Object.entries(kept).flatMap(([part, field]) =>
        isState && table !== undefined && part === '' ? [] : [[partName(name, part), field]],
      ),
    ),
  );
}

/**
 * Plans the aggregates of a keyed stream.
 * @throws MillraceError BAD_AGGREGATE, BAD_OPTION
 */
export function aggregationOf(
  operator: string,
  schema: Schema,
  key: readonly string[],
  aggregates: Readonly<Record<string, Aggregate>>,
  emit: AggregateEmit,
): Aggregation {
  const kept = keptOf(operator, schema, key, aggregates);
  const keys = key.map((name) => schema.fields[schema.indexOf(name)]);
  const declaredKeys = shapeOf(keys);
  const output = {
    ...declaredKeys,
    ...Object.fromEntries(kept.map(({ name, code }) => [name, code.result as Shape[string]])),
  };
  const tables = kept.flatMap(({ name, code: { table } }) => (table === undefined ? [] : [[name, table] as const]));
  const partial = Schema.of({ ...declaredKeys, ...partsOf(kept, false) }, `operator '${operator}'`);
  return {
    partial,
    state: partsOf(kept, true),
    tables: Object.fromEntries(tables),
    output,
    ...closuresOf(operator, keys, kept, emit),
    combiner: (emitRow) => generateCombiner(operator, schema, keys, kept, emitRow),
  };
}

function closuresOf(
  operator: string,
  keys: readonly SchemaField[],
  kept: readonly KeptAggregate[],
  emit: AggregateEmit,
) {
  const of =
    (object: string) =>
    (name: string): Slots =>
    (part) =>
      `${object}.${partName(name, part)}`;
  const state = of('state');
  const result = kept.map(({ name, code }) => `${name}: ${code.value(state(name))}`);
  const emitCode = (from: string): string =>
    `emit({ ${[...keys.map(({ name }) => `${name}: ${from}.${name}`), ...result].join(', ')} });`;
  const isEvery = typeof emit === 'object';
  // A key has its timer exactly as long as its results have changed since they were emitted.
  const isDirty = `state.${TIMER_FIELD} !== 0`;
  const changes =
    emit === 'changes' ? emitCode('tuple') : isEvery ? `if (!(${isDirty})) context.timers.after(${emit.everyMs});` : '';
  const one = singleCode(kept, (field) => (field === undefined ? 'tuple' : `tuple.${field}`));
  const merge = (other: (aggregate: number) => Slots): string =>
    kept.map(({ name, code }, a) => code.merge(state(name), other(a))).join('\n');
  const body = `
function add(tuple, state, emit, context) {
${one.code}
${merge(one.travelling)}
${changes}
}
function merge(tuple, state, emit, context) {
${merge((a) => of('tuple')(kept[a].name))}
${changes}
}
function end(tuple, state, emit) { ${isEvery ? `if (${isDirty})` : ''} ${emit === 'changes' ? '' : emitCode('tuple')} }
function onTimer(tuple, state, emit) { ${isEvery ? emitCode('tuple') : ''} }
return { add, merge, end: ${emit === 'changes' ? 'undefined' : 'end'}, onTimer: ${isEvery ? 'onTimer' : 'undefined'} };`;
  return generate<Pick<Aggregation, 'add' | 'merge' | 'end' | 'onTimer'>>(
    `${operator}/aggregate`,
    Object.assign({}, ...kept.map(({ code }) => code.constants)),
    body,
  );
}
