// Two keyed streams whose tuples meet, as their methods show them: by a closure for each, or by a join.

import { errors } from '../../errors.ts';
import { type Ignored, refuseDeferredFunction } from '../../mailbox/deferred.ts';
import { Schema, type Shape, type TupleOf } from '../../mailbox/schema.ts';
import { checkOptions } from '../../options/check.ts';
import type { OperatorNode } from '../graph.ts';
import type { GraphBuilder } from '../graph-builder.ts';
import type { ProcessContext, ProcessOptions, ProcessSchemas, StateOf, Tables } from '../keyed-options.ts';
import { keyedParts, keyedSchemas } from '../keyed-parts.ts';
import { join as joinKind } from '../kinds/join.ts';
import type { OperatorKind } from '../kinds/kind.ts';
import { process } from '../kinds/process.ts';
import { checkCall } from '../named-call.ts';
import { type EmitOf, emittedStreams, emitting, type NoOutputs, type OutputShapes } from '../named-outputs.ts';
import { type CheckedOperator, checkedOperator, PROCESS_OPTIONS } from '../operator-options.ts';
import {
  INTERVAL_OPTIONS,
  type IntervalOptions,
  JOIN_OPTIONS,
  type JoinKind,
  type JoinOptions,
  LOOKUP_OPTIONS,
  type LookupOptions,
} from '../options/join-options.ts';
import type { Stream, StreamOrStreams } from '../stream.ts';
import type { CalendarWindow } from '../windows/calendar.ts';
import { requireWindow } from '../windows/require-window.ts';
import type { SessionWindow, SlicedWindow } from '../windows/window.ts';
import { intervalClosures } from './interval-join.ts';
import type { JoinClosures, JoinTuples } from './join-closures.ts';
import { asOfClosures, latestClosures } from './lookup-join.ts';
import type { Side } from './sides.ts';
import { windowJoinClosures } from './window-join.ts';
import type { JoinBounds } from './window-sides.ts';

/** The closures of an operator that two streams go into. */
export interface ConnectedClosures<
  Left extends Shape,
  LeftKey extends keyof Left,
  Right extends Shape,
  State extends Shape,
  SubTables extends Tables,
  Output extends Shape,
  Outputs extends OutputShapes = NoOutputs,
> extends Pick<ProcessOptions<Left, LeftKey, State, SubTables, Output, Outputs>, 'onTimer' | 'end'> {
  /** Gets each tuple of the left stream, with the state of its key. */
  left: (
    tuple: TupleOf<Left>,
    state: StateOf<State, SubTables>,
    emit: EmitOf<Output, Outputs>,
    context: ProcessContext,
  ) => Ignored;
  /** Gets each tuple of the right stream, with the state of its key. */
  right: (
    tuple: TupleOf<Right>,
    state: StateOf<State, SubTables>,
    emit: EmitOf<Output, Outputs>,
    context: ProcessContext,
  ) => Ignored;
}

/** Options of an operator that two streams go into. */
export type ConnectedOptions = Omit<ProcessOptions<Shape, string, Shape, Tables, Shape>, 'onTimer' | 'end'>;

/** The tuple of a side that comes out with or without a mate. */
type Mate<Fields extends Shape, Kind, Alone> = Kind extends Alone ? TupleOf<Fields> | undefined : TupleOf<Fields>;

/** The left tuple has none to come with only if right ones come out alone, and the other way round. */
type Joined<
  Left extends Shape,
  Right extends Shape,
  Output extends Shape,
  Kind,
  More extends readonly unknown[] = [],
> = (left: Mate<Left, Kind, 'full'>, right: Mate<Right, Kind, 'left' | 'full'>, ...more: More) => TupleOf<Output>;

/** What two streams are, to the operator that they go into. */
export interface Connected {
  readonly builder: GraphBuilder;
  readonly left: Side;
  readonly right: Side;
}

/** Two keyed streams whose keys have the same types. Tuples of one key meet. */
export class ConnectedStreams<Left extends Shape, LeftKey extends keyof Left & string, Right extends Shape, Inputs> {
  readonly #of: Connected;
  readonly #streamOf: (node: OperatorNode, output: number) => unknown;

  /** @internal */
  constructor(of: Connected, streamOf: (node: OperatorNode, output: number) => unknown) {
    this.#of = of;
    this.#streamOf = streamOf;
  }

  /**
   * An operator with one state for each key, and a closure for the tuples of each stream. `onTimer` and `end` get the key by the left
   * stream's names. Timers go by event time if both streams have it. With several outputs, as `outputs()` gives them, it returns a
   * stream for each.
   * @throws MillraceError BAD_OPTION, BAD_SCHEMA, NO_EVENT_TIME
   */
  process<
    State extends Shape = Record<never, never>,
    SubTables extends Tables = Record<never, never>,
    Output extends Shape = Record<never, never>,
    Outputs extends OutputShapes = NoOutputs,
  >(
    name: string,
    schemas: ProcessSchemas<State, SubTables, Output, Outputs>,
    closures: ConnectedClosures<Left, LeftKey, Right, State, SubTables, Output, Outputs>,
    options: ConnectedOptions = {},
    ...surplus: readonly never[]
  ): StreamOrStreams<Output, NoInfer<Outputs>, Inputs> {
    checkCall('process(name, schemas, closures, options)', 4, name, surplus);
    const where = `operator '${name}'`;
    if (typeof closures !== 'object' || closures === null)
      throw errors.badOption('closures', closures, 'an object { left, right, onTimer, end }', where);
    const { left, right, onTimer, end, ...others } = closures;
    const [other] = Object.keys(others);
    if (other !== undefined) throw errors.unknownOption(`the closures of ${where}`, other, CLOSURES, undefined);
    for (const [side, closure] of Object.entries({ left, right })) {
      const rule = `a function: process takes one for the tuples of each stream, { left, right }`;
      if (typeof closure !== 'function') throw errors.badOption(side, closure, rule, `the closures of ${where}`);
    }
    const { left: first, right: second, builder } = this.#of;
    const { state, tables, output } = keyedSchemas(name, schemas, keyFields(first));
    // What is no object would be spread to nothing.
    const given = typeof options === 'object' && options !== null ? { ...options, onTimer, end } : options;
    const checked = checkOptions(where, PROCESS_OPTIONS, given);
    const isTimed = first.time !== undefined && second.time !== undefined;
    const parts = keyedParts(name, isTimed, checked, { state, tables, closures: [left, right] });
    const inputs = [
      { ...first.input(parts.closures[0]), name: 'left' },
      { ...second.input(parts.closures[1]), name: 'right' },
    ];
    const operator = checkedOperator(checked, isSupervised(options));
    const { outputs, emitsByName } = emitting(name, output);
    const node = builder.operator(name, process, inputs, outputs, operator, { ...parts.rest, emitsByName });
    return emittedStreams(node, (index) => this.#streamOf(node, index)) as never;
  }

  /**
   * Pairs of tuples whose times are near each other: `left.time + fromMs <= right.time < left.time + toMs`. A pair comes out with its
   * second tuple; a tuple without a mate, if `kind` wants it, when the watermark says that none can come. See docs/joins.md.
   * @param join makes the row of a pair
   * @throws MillraceError NO_EVENT_TIME, BAD_OPTION, BAD_SCHEMA
   */
  intervalJoin<Output extends Shape, const Kind extends JoinKind = 'inner'>(
    name: string,
    interval: IntervalOptions,
    output: Output,
    join: Joined<Left, Right, Output, Kind>,
    options: JoinOptions & { kind?: Kind } = {},
    ...surplus: readonly never[]
  ): Stream<Output, Inputs> {
    checkCall('intervalJoin(name, interval, output, join, options)', 5, name, surplus);
    const where = `operator '${name}'`;
    const { fromMs, toMs } = checkOptions(where, INTERVAL_OPTIONS, interval, 'interval', 'an object { fromMs, toMs }');
    if (toMs <= fromMs) throw errors.badOption('toMs', toMs, `above fromMs, which is ${fromMs}`, where);
    const { kind, ...operator } = checkOptions(where, JOIN_OPTIONS, options);
    const { left, right } = this.#of;
    requireFunction(name, join);
    const closures = intervalClosures(name, left, right, { fromMs, toMs }, kind, join as JoinTuples);
    return this.#add(name, joinKind, output, closures, checkedOperator(operator, isSupervised(options)), true);
  }

  /**
   * All pairs of tuples of one window, when it closes. Sessions are of both streams together. See docs/joins.md.
   * @param window as `tumbling`, `sliding`, `session` and `calendar` of `millrace/windows` make it
   * @param join makes the row of a pair; its third parameter has the window's bounds
   * @throws MillraceError NO_EVENT_TIME, BAD_OPTION, BAD_SCHEMA
   */
  windowJoin<Output extends Shape, const Kind extends JoinKind = 'inner'>(
    name: string,
    window: SlicedWindow | SessionWindow | CalendarWindow,
    output: Output,
    join: Joined<Left, Right, Output, Kind, [window: JoinBounds]>,
    options: JoinOptions & { kind?: Kind } = {},
    ...surplus: readonly never[]
  ): Stream<Output, Inputs> {
    checkCall('windowJoin(name, window, output, join, options)', 5, name, surplus);
    const where = `operator '${name}'`;
    requireWindow(window, where);
    const { kind, ...operator } = checkOptions(where, JOIN_OPTIONS, options);
    const { left, right } = this.#of;
    requireFunction(name, join);
    const closures = windowJoinClosures(name, left, right, window, kind, join as never);
    return this.#add(name, joinKind, output, closures, checkedOperator(operator, isSupervised(options)), true);
  }

  /**
   * Each tuple of the left stream with the latest row for its key of the right one, which is a changelog; undefined if there is none.
   * By default the latest is what has come before; with `asOf` what was valid at the tuple's time. See docs/joins.md.
   * @param join makes the row, or undefined for none
   * @throws MillraceError NO_EVENT_TIME, BAD_OPTION, BAD_SCHEMA
   */
  lookupJoin<Output extends Shape>(
    name: string,
    output: Output,
    join: (fact: TupleOf<Left>, latest: TupleOf<Right> | undefined) => TupleOf<Output> | undefined,
    options: LookupOptions<TupleOf<Right>> = {},
    ...surplus: readonly never[]
  ): Stream<Output, Inputs> {
    checkCall('lookupJoin(name, output, join, options)', 4, name, surplus);
    const where = `operator '${name}'`;
    const { asOf, isRemoval, ...operator } = checkOptions(where, LOOKUP_OPTIONS, options);
    const { left, right } = this.#of;
    requireFunction(name, join);
    const closures = (asOf ? asOfClosures : latestClosures)(name, left, right, join as never, isRemoval as never);
    return this.#add(name, joinKind, output, closures, checkedOperator(operator, isSupervised(options)), asOf);
  }

  #add<Output extends Shape>(
    name: string,
    kind: OperatorKind,
    output: Output,
    { left, right, state, tables, onTimer }: Partial<JoinClosures>,
    checked: CheckedOperator,
    isInEventTime: boolean,
  ): Stream<Output, Inputs> {
    const { left: first, right: second, builder } = this.#of;
    const inputs = [
      { ...first.input(left), name: 'left' },
      { ...second.input(right), name: 'right' },
    ];
    // What comes out at a tuple of the left stream has its time.
    const time = isInEventTime ? {} : { time: first.time };
    const outputs = [{ name, schema: Schema.of(output, `operator '${name}'`), ...time }];
    const node = builder.operator(name, kind, inputs, outputs, checked, { state, tables, onTimer, isInEventTime });
    return this.#streamOf(node, 0) as never;
  }
}

const CLOSURES = ['left', 'right', 'onTimer', 'end'];

const keyFields = ({ schema, key }: Side) => key.map((field) => schema.fields[schema.indexOf(field)]);

const isSupervised = ({ supervision }: { supervision?: unknown }): boolean => supervision !== undefined;

function requireFunction(name: string, join: unknown): void {
  if (typeof join !== 'function')
    throw errors.badOption('join', join, 'a function of two tuples', `operator '${name}'`);
  refuseDeferredFunction(name, join);
}
