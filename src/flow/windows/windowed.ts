// The windows of a keyed stream, as an operator: what becomes of their tuples, by aggregates or by a closure that gets them all.

import { errors } from '../../errors.ts';
import { Schema, type SchemaField, type Shape, t } from '../../mailbox/schema.ts';
import type { Aggregate } from '../aggregates/aggregate.ts';
import { keptOf, partsOf } from '../aggregates/aggregation.ts';
import { combinedInput } from '../aggregates/combined-input.ts';
import { generateCombiner } from '../aggregates/combiner.ts';
import type { NodeInput, OperatorNode } from '../graph.ts';
import type { GraphBuilder } from '../graph-builder.ts';
import { window as windowKind } from '../kinds/window.ts';
import type { CheckedOperator } from '../operator-options.ts';
import type { WindowClosures } from './closures.ts';
import { SLICE, sliceCode, slicedClosures } from './slices.ts';
import type { Window } from './window.ts';

/** A keyed stream, and how its tuples are grouped. */
export interface Windowed {
  readonly builder: GraphBuilder;
  readonly schema: Schema;
  readonly key: readonly string[];
  readonly window: Window;
  /** What the stream is to an operator that reads it with a closure. */
  input(closure: NodeInput['closure']): NodeInput;
}

/** What is said of an operator of windows. */
export interface WindowPlan {
  readonly name: string;
  readonly checked: CheckedOperator;
  readonly emit: 'close' | 'changes';
  readonly combine: boolean;
  readonly combineMs: number | undefined;
}

const START_AND_END: Shape = { windowStart: t.timestamp(), windowEnd: t.timestamp() };

/** How long tuples are combined at most: little of what a window waits for anyway. */
const COMBINE_MS_MAX = 1000;

/**
 * Adds an operator that emits aggregates of each window.
 * @throws MillraceError BAD_AGGREGATE, NO_EVENT_TIME
 */
export function addWindowAggregate(
  of: Windowed,
  aggregates: Readonly<Record<string, Aggregate>>,
  plan: WindowPlan,
): OperatorNode {
  const { builder, schema, key, window } = of;
  const { name, checked } = plan;
  for (const field of Object.keys(START_AND_END)) refuseName(name, key, aggregates, field);
  const kept = keptOf(name, schema, key, aggregates);
  const keys = key.map((field) => schema.fields[schema.indexOf(field)]);
  const closures = closuresOf(of, plan, keys, kept);
  const raw = of.input(closures.add);
  const declaredKeys = Object.fromEntries(keys.map(({ name: field, declared }) => [field, declared]));
  const results = Object.fromEntries(kept.map(({ name: result, code }) => [result, code.result as Shape[string]]));
  const input = { ...raw };
  if (window.kind === 'tumbling' || window.kind === 'sliding') {
    const slice = Schema.of({ [SLICE]: t.f64() }, `operator '${name}'`).fields[0];
    const withSlice = Schema.of({ ...declaredOf(schema), [SLICE]: t.f64() }, `operator '${name}'`);
    const { combineMs = Math.min(COMBINE_MS_MAX, window.everyMs / 10) } = plan;
    Object.assign(input, {
      combined: combinedInput(
        name,
        raw,
        {
          partial: Schema.of({ ...declaredKeys, [SLICE]: t.f64(), ...partsOf(kept, false) }, `operator '${name}'`),
          merge: closures.merge,
          combiner: (emitRow) =>
            generateCombiner(name, withSlice, [...keys, slice], kept, emitRow, {
              [SLICE]: sliceCode(window, 'time[0]'),
            }),
        },
        checked,
        { combine: plan.combine, combineMs },
      ),
    });
  }
  const outputs = [
    { name, schema: Schema.of({ ...declaredKeys, ...START_AND_END, ...results }, `operator '${name}'`) },
  ];
  return builder.operator(name, windowKind, [input], outputs, checked, {
    state: closures.state,
    tables: closures.tables,
    onTimer: closures.onTimer,
    isInEventTime: true,
  });
}

function closuresOf(
  { window, input }: Windowed,
  { name, emit }: WindowPlan,
  keys: readonly SchemaField[],
  kept: ReturnType<typeof keptOf>,
): WindowClosures {
  const { time } = input(undefined);
  if (time === undefined) throw errors.noEventTime(name, `a ${window.kind} window`);
  const { allowedLatenessMs } = time;
  if (window.kind === 'tumbling' || window.kind === 'sliding')
    return slicedClosures(name, keys, kept, window, allowedLatenessMs, emit === 'changes');
  throw errors.invariant(`windows of the kind ${window.kind} are known`);
}

const declaredOf = ({ fields }: Schema): Shape =>
  Object.fromEntries(fields.map(({ name, declared }) => [name, declared]));

function refuseName(
  operator: string,
  key: readonly string[],
  aggregates: Readonly<Record<string, Aggregate>>,
  field: string,
): void {
  const isTaken = key.includes(field) || Object.hasOwn(Object(aggregates), field);
  if (isTaken) throw errors.windowName(operator, field);
}
