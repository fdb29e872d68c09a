// The operators on the state of keys, as methods: what a stream has once it has a key.
// Promises: as those of stream.ts. A Stream makes keyed ones by way of its builder, since a class must be there before those that extend it.

import { errors } from '../errors.ts';
import type { Ignored } from '../mailbox/deferred.ts';
import { Schema, type Shape, type TupleOf } from '../mailbox/schema.ts';
import { checkOptions } from '../options/check.ts';
import { refuseSurplus } from '../surplus.ts';
import { aggregationOf } from './aggregates/aggregation.ts';
import { combinedInput, combineMsOf } from './aggregates/combined-input.ts';
import type { AggregatesOf, ResultsOf, Suited } from './aggregates/results.ts';
import type { StreamTime } from './event-time.ts';
import type { NodeInput, StreamRef } from './graph.ts';
import type { GraphBuilder } from './graph-builder.ts';
import { ConnectedStreams } from './joins/connected-streams.ts';
import { requireSameKey, type Side } from './joins/sides.ts';
import type { ProcessContext, ProcessOptions, ProcessSchemas, StateOf, Tables } from './keyed-options.ts';
import { keyedParts, keyedSchemas } from './keyed-parts.ts';
import { aggregate } from './kinds/aggregate.ts';
import { process } from './kinds/process.ts';
import { thin } from './kinds/thin.ts';
import { checkCall } from './named-call.ts';
import type { EmitOf, NamedOutputs, NoOutputs, OutputShapes } from './named-outputs.ts';
import { type CheckedOperator, checkedOperator, PROCESS_OPTIONS } from './operator-options.ts';
import { AGGREGATE_OPTIONS, type AggregateOptions } from './options/aggregate-options.ts';
import {
  DEDUPLICATE_OPTIONS,
  type DeduplicateOptions,
  THROTTLE_OPTIONS,
  type ThrottleOptions,
} from './options/thinning-options.ts';
import { type Nothing, type ScanOptions, scanned } from './scan.ts';
import { requireKeyed, Stream, type StreamOrStreams } from './stream.ts';
import { deduplicateClosures } from './thinning/deduplicate.ts';
import type { ThinningClosures } from './thinning/thinning.ts';
import { throttleClosures } from './thinning/throttle.ts';
import type { CalendarWindow } from './windows/calendar.ts';
import type { GlobalWindow } from './windows/global-window.ts';
import { requireWindow } from './windows/require-window.ts';
import type { CountWindow, SessionWindow, SlicedWindow, Window } from './windows/window.ts';
import { WindowedStream } from './windows/windowed-stream.ts';

/** Refuses a stream whose key has values of another type. */
type SameKey<Value, Other> = [Value, Other] extends [Other, Value]
  ? unknown
  : 'a stream whose key has values of another type: map them to one type first';

/** A stream whose tuples have a key: tuples of one key go to one replica, in order. */
export class KeyedStream<Fields extends Shape, Key extends keyof Fields & string, Inputs = unknown> extends Stream<
  Fields,
  Inputs
> {
  /** @internal */
  constructor(
    builder: GraphBuilder,
    from: readonly StreamRef[],
    schema: Schema,
    key: readonly string[],
    time: StreamTime | undefined,
  ) {
    super(builder, from, schema, key, {}, time);
  }

  /**
   * A stateful operator: the closure gets each tuple with the state of its key. State changes, input and output of a batch
   * become visible together or not at all. With several outputs, as `outputs()` gives them, it returns a stream for each.
   */
  process<
    State extends Shape = Record<never, never>,
    SubTables extends Tables = Record<never, never>,
    Output extends Shape = Record<never, never>,
    Outputs extends OutputShapes = NoOutputs,
  >(
    name: string,
    schemas: ProcessSchemas<State, SubTables, Output, Outputs>,
    closure: (
      tuple: TupleOf<Fields>,
      state: StateOf<State, SubTables>,
      emit: EmitOf<Output, Outputs>,
      context: ProcessContext,
    ) => Ignored,
    options: ProcessOptions<Fields, Key, State, SubTables, Output, Outputs> = {},
    ...surplus: readonly never[]
  ): StreamOrStreams<Output, NoInfer<Outputs>, Inputs> {
    checkCall('process(name, schemas, closure, options)', 4, name, surplus);
    const key = (this.key as readonly string[]).map((field) => this.schema.fields[this.schema.indexOf(field)]);
    const { state, tables, output } = keyedSchemas(name, schemas, key);
    const checked = checkOptions(`operator '${name}'`, PROCESS_OPTIONS, options);
    const own = { state, tables, closures: [closure] };
    const { closures, rest } = keyedParts(name, this.time !== undefined, checked, own);
    const given = output as Output | NamedOutputs<Outputs> | undefined;
    const operator = checkedOperator(checked, options.supervision !== undefined);
    return this.emitter(name, process, operator, given, { closure: closures[0], ...rest });
  }

  /**
   * A running fold: the closure changes the state of the key by each tuple, and the state is emitted after each, with the key. For what
   * is emitted now and then only, or needs timers, use {@link process}.
   * @param state its fields begin as 0, '', false or null
   * @param fold assigns to fields of its second parameter, and returns nothing: it is no reducer, and what it returns is RETURNED_STATE
   * @throws MillraceError BAD_SCHEMA, BAD_OPTION
   */
  scan<State extends Shape>(
    name: string,
    state: State,
    fold: (tuple: TupleOf<Fields>, state: TupleOf<State>) => Nothing,
    options: ScanOptions = {},
    ...surplus: readonly never[]
  ): Stream<Pick<Fields, Key> & State, Inputs> {
    checkCall('scan(name, state, fold, options)', 4, name, surplus);
    const { schemas, closure } = scanned(name, this.schema, this.key as readonly string[], state, fold as never);
    return this.process(name, schemas, closure as never, options) as never;
  }

  /**
   * This stream and another whose key has the same types: tuples of one key meet. See docs/joins.md.
   * @returns what joins them: `intervalJoin`, `windowJoin`, `lookupJoin`, or `process` with a closure for each
   * @throws MillraceError BAD_FLOW if the keys have different types
   */
  connect<Right extends Shape, RightKey extends keyof Right & string, RightInputs>(
    other: KeyedStream<Right, RightKey, RightInputs> & SameKey<TupleOf<Fields>[Key], TupleOf<Right>[RightKey]>,
    ...surplus: readonly never[]
  ): ConnectedStreams<Fields, Key, Right, Inputs & RightInputs> {
    refuseSurplus('connect(other)', 1, surplus);
    const { builder } = this;
    requireKeyed('other', other, `connect() after '${builder.nameOf(this.from[0].operator)}'`);
    const sides = { left: this.asSide(), right: other.asSide() };
    requireSameKey(builder.name, sides.left, sides.right);
    return new ConnectedStreams({ builder, ...sides }, (node, output) => Stream.of(builder, node, output));
  }

  /**
   * Passes on a tuple unless one of its key has passed whose event time is less than `withinMs` from its own: the first to come stays.
   * @throws MillraceError NO_EVENT_TIME, BAD_OPTION
   */
  deduplicate(name: string, options: DeduplicateOptions, ...surplus: readonly never[]): Stream<Fields, Inputs> {
    checkCall('deduplicate(name, options)', 2, name, surplus);
    const { withinMs, ...operator } = checkOptions(`operator '${name}'`, DEDUPLICATE_OPTIONS, options);
    const closures = deduplicateClosures(withinMs, this.latenessFor(name, 'deduplicate'));
    return this.thin(name, checkedOperator(operator, options.supervision !== undefined), closures);
  }

  /**
   * Passes on the first tuple of each key in a pause, the last, or both. A pause begins with the first tuple that is in none, and is
   * `everyMs` of event time long. A tuple waits until the watermark says that no earlier one can come.
   * @throws MillraceError NO_EVENT_TIME, BAD_OPTION
   */
  throttle(name: string, options: ThrottleOptions, ...surplus: readonly never[]): Stream<Fields, Inputs> {
    checkCall('throttle(name, options)', 2, name, surplus);
    const { everyMs, edge, ...operator } = checkOptions(`operator '${name}'`, THROTTLE_OPTIONS, options);
    const { schema, key = [] } = this;
    const closures = throttleClosures(name, schema, key, { everyMs, edge }, this.latenessFor(name, 'throttle'));
    return this.thin(name, checkedOperator(operator, options.supervision !== undefined), closures);
  }

  private latenessFor(name: string, method: string): number {
    if (this.time === undefined) throw errors.noEventTime(name, method);
    return this.time.allowedLatenessMs;
  }

  private thin(name: string, checked: CheckedOperator, { take, ...rest }: ThinningClosures): Stream<Fields, Inputs> {
    const outputs = [{ name, schema: this.schema }];
    return Stream.of(
      this.builder,
      this.add(name, thin, checked, { closure: take, outputs, isInEventTime: true, ...rest }),
    );
  }

  /** @internal */
  asSide(): Side {
    const { schema, key = [], time } = this;
    return { schema, key, time, input: (closure) => this.asInput(closure) };
  }

  /**
   * Groups the tuples of each key: by windows in event time, by so many tuples, or by a trigger. See docs/windows.md.
   * @param window as the functions of `millrace/windows` make it
   * @throws MillraceError BAD_OPTION
   */
  window(
    window: CountWindow | GlobalWindow<TupleOf<Fields>>,
    ...surplus: readonly never[]
  ): WindowedStream<Fields, Key, Inputs, Record<never, never>>;
  window(
    window: SlicedWindow | SessionWindow | CalendarWindow,
    ...surplus: readonly never[]
  ): WindowedStream<Fields, Key, Inputs>;
  window(window: Window, ...surplus: readonly never[]): unknown {
    refuseSurplus('window(window)', 1, surplus);
    const { builder, schema } = this;
    const key = this.key as readonly string[];
    requireWindow(window, `window() after '${builder.nameOf(this.from[0].operator)}'`);
    const input = (closure: NodeInput['closure']): NodeInput => this.asInput(closure);
    return new WindowedStream({ builder, schema, key, window, input }, (node) => Stream.of(builder, node));
  }

  /**
   * Keeps results of the tuples of each key, as the functions of `millrace/aggregates` make them, and emits them with the key. The
   * tuples of a key are combined where they are made, on every core, before they are sent: docs/aggregates.md.
   * @param aggregates by the names of the results
   * @throws MillraceError BAD_AGGREGATE, BAD_OPTION
   */
  aggregate<const Aggregates extends AggregatesOf<Fields>>(
    name: string,
    aggregates: Aggregates & Suited<Aggregates, Fields, Key>,
    options: AggregateOptions = {},
    ...surplus: readonly never[]
  ): Stream<Pick<Fields, Key> & ResultsOf<Aggregates, Fields>, Inputs> {
    checkCall('aggregate(name, aggregates, options)', 3, name, surplus);
    const checked = checkOptions(`operator '${name}'`, AGGREGATE_OPTIONS, options);
    const operator = checkedOperator(checked, options.supervision !== undefined);
    const key = this.key as readonly string[];
    const aggregation = aggregationOf(name, this.schema, key, aggregates, checked.emit);
    const raw = this.asInput(aggregation.add);
    const input = {
      ...raw,
      combined: combinedInput(name, raw, aggregation, operator, {
        combine: checked.combine,
        combineMs: checked.combineMs ?? combineMsOf(checked.emit),
      }),
    };
    // What the clock has emitted has no time of its own.
    const time = typeof checked.emit === 'object' ? undefined : this.time;
    const outputs = [{ name, schema: Schema.of(aggregation.output, `operator '${name}'`), time }];
    const { state, tables, end, onTimer } = aggregation;
    return Stream.of(
      this.builder,
      this.builder.operator(name, aggregate, [input], outputs, operator, { state, tables, end, onTimer }),
    );
  }
}
