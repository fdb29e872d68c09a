// The windows of a keyed stream, as an operator: what becomes of their tuples, by aggregates or by a closure that gets them all.

import { errors } from '../../errors.ts';
import { refuseDeferredFunction } from '../../mailbox/deferred.ts';
import { Schema, type SchemaField, type Shape, shapeOf, t } from '../../mailbox/schema.ts';
import type { Aggregate } from '../aggregates/aggregate.ts';
import { keptOf } from '../aggregates/aggregation.ts';
import { combinedInput } from '../aggregates/combined-input.ts';
import type { NodeInput, OperatorNode } from '../graph.ts';
import type { GraphBuilder } from '../graph-builder.ts';
import { window as windowKind } from '../kinds/window.ts';
import type { CheckedOperator } from '../operator-options.ts';
import type { WindowEmit } from '../options/aggregate-options.ts';
import { aggregateContent } from './aggregate-content.ts';
import { calendarClosures } from './calendar.ts';
import { windowCombiner } from './combining.ts';
import type { WindowClosures, WindowContent } from './content.ts';
import { countClosures } from './counts.ts';
import { isEarly } from './early.ts';
import { globalClosures } from './global-window.ts';
import { rowsContent } from './rows-content.ts';
import { sessionClosures } from './sessions.ts';
import { slicedClosures } from './slices.ts';
import { slidingClosures } from './sliding.ts';
import { tumblingClosures } from './tumbling.ts';
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
  readonly emit: WindowEmit;
}

/** The same of one that keeps aggregates. */
export interface AggregatePlan extends WindowPlan {
  readonly combine: boolean;
  readonly combineMs: number | undefined;
}

const BOUNDS: Shape = { windowStart: t.timestamp(), windowEnd: t.timestamp() };

/** How long tuples are combined at most: little of what a window waits for anyway. */
const COMBINE_MS_MAX = 1000;

/** How far from each other tuples of a key are always of the same windows, if these share tuples, or become one. */
const stretchOf = (window: Window): number | undefined => {
  if (window.kind === 'tumbling' || window.kind === 'calendar') return undefined;
  // Slices and panes are told by where they start.
  return window.kind === 'session' ? window.gapMs : 1;
};

/** True of windows that begin and end at times of tuples. */
const isOfTime = ({ kind }: Window): boolean => kind !== 'count' && kind !== 'global';

const combineMsOf = (emit: WindowEmit, everyMs: number): number =>
  emit === 'changes' ? 0 : Math.min(COMBINE_MS_MAX, everyMs / 10, isEarly(emit) ? emit.everyMs / 10 : everyMs);

/**
 * Adds an operator that emits aggregates of each window.
 * @throws MillraceError BAD_AGGREGATE, NO_EVENT_TIME
 */
export function addWindowAggregate(
  of: Windowed,
  aggregates: Readonly<Record<string, Aggregate>>,
  plan: AggregatePlan,
): OperatorNode {
  const { schema, key, window } = of;
  const { name, checked, emit, combine } = plan;
  const hasBounds = isOfTime(window);
  const taken = [...key, ...Object.keys(Object(aggregates))];
  const both = hasBounds ? Object.keys(BOUNDS).find((field) => taken.includes(field)) : undefined;
  if (both !== undefined) throw errors.windowName(name, both);
  const kept = keptOf(name, schema, key, aggregates);
  const keys = keysOf(of);
  const content = aggregateContent(name, keys, kept, stretchOf(window), hasBounds);
  const closures = closuresOf(of, plan, content);
  const raw = of.input(closures.add);
  const combiner = windowCombiner(name, window, schema, keys, kept);
  const { merge } = closures;
  const combined =
    combiner === undefined || merge === undefined
      ? undefined
      : combinedInput(name, raw, { ...combiner, merge }, checked, {
          combine,
          combineMs: plan.combineMs ?? combineMsOf(emit, combiner.everyMs),
        });
  const output = {
    ...shapeOf(keys),
    ...(hasBounds ? BOUNDS : {}),
    ...Object.fromEntries(kept.map(({ name: result, code }) => [result, code.result as Shape[string]])),
  };
  return addOperator(of, plan, closures, combined === undefined ? raw : { ...raw, combined }, output);
}

/**
 * Adds an operator whose closure gets all tuples of each window.
 * @throws MillraceError NO_EVENT_TIME, BAD_SCHEMA; BAD_FLOW if a field of the key is called as a bound
 */
export function addWindowProcess(of: Windowed, output: Shape, closure: unknown, plan: WindowPlan): OperatorNode {
  const { name } = plan;
  if (typeof closure !== 'function') throw errors.badOption('closure', closure, 'a function', `operator '${name}'`);
  refuseDeferredFunction(name, closure);
  const both = of.key.find((field) => field === 'start' || field === 'end');
  if (both !== undefined) throw errors.windowKey(name, both);
  const by = isOfTime(of.window) ? 'time' : 'number';
  const content = rowsContent(name, keysOf(of), of.schema, by, closure as never);
  const closures = closuresOf(of, plan, content);
  return addOperator(of, plan, closures, of.input(closures.add), output);
}

function addOperator(
  { builder }: Windowed,
  { name, checked }: WindowPlan,
  { state, tables, onTimer, isByClock, onClock, end, leavesOutTuples }: WindowClosures,
  input: NodeInput,
  output: Shape,
): OperatorNode {
  const outputs = [{ name, schema: Schema.of(output, `operator '${name}'`) }];
  // Without timers its results have the times of the tuples that they come of.
  const timers = onTimer === undefined ? {} : { onTimer, onClock, isInEventTime: isByClock !== true };
  const leavesOut = { timers: onTimer !== undefined, tuples: leavesOutTuples === true };
  return builder.operator(name, windowKind, [input], outputs, checked, { state, tables, end, leavesOut, ...timers });
}

const keysOf = ({ schema, key }: Windowed): SchemaField[] => key.map((name) => schema.fields[schema.indexOf(name)]);

function closuresOf({ window, input }: Windowed, { name, emit }: WindowPlan, content: WindowContent): WindowClosures {
  if (window.kind === 'count' || window.kind === 'global') {
    if (emit !== 'close') {
      const when = window.kind === 'count' ? 'at its last tuple' : 'by its trigger';
      throw errors.badOption('emit', emit, `'close': the window is emitted ${when}`, `operator '${name}'`);
    }
    return window.kind === 'count' ? countClosures(name, content, window) : globalClosures(name, content, window);
  }
  const { time } = input(undefined);
  if (time === undefined) throw errors.noEventTime(name, `a ${window.kind} window`);
  if (window.kind === 'calendar') return calendarClosures(name, content, window, time.allowedLatenessMs, emit);
  const closesOnce = time.allowedLatenessMs === 0;
  if (window.kind === 'sliding' && closesOnce && emit === 'close' && content.isJoined)
    return slidingClosures(name, content, window);
  if (window.kind === 'tumbling' && closesOnce && !isEarly(emit))
    return tumblingClosures(name, content, window, emit === 'changes');
  return window.kind === 'session'
    ? sessionClosures(name, content, window, time.allowedLatenessMs, emit)
    : slicedClosures(name, content, window, time.allowedLatenessMs, emit);
}
