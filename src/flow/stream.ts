// The operators between streams, as methods.
// Promises: types of tuples, state and outputs are inferred from schemas; every mistake that can be seen without data is a typed
// error here, before anything runs.
// Arguments come in one order: the name; what its output (and state) is made of; the closure, source or sink; the options last,
// because only they may be left out.

import { errors } from '../errors.ts';
import { KEY_TYPES } from '../mailbox/columns/registry.ts';
import { type Ignored, refuseDeferredFunction } from '../mailbox/deferred.ts';
import { Schema, type Shape, shapeOf, type TupleOf } from '../mailbox/schema.ts';
import { checkOptions } from '../options/check.ts';
import { KEY_FIELDS_MAX } from '../state/rows/row-layout.ts';
import { refuseSurplus } from '../surplus.ts';
import { checkAsync, type RequestContext, refuseGenerator } from './asking.ts';
import type { AskDefinition, TellDefinition, ToldDefinition } from './bridge.ts';
import { jointTime, type StreamTime, type TimeOf, timeOf } from './event-time.ts';
import type { NodeInput, OperatorNode, StreamRef } from './graph.ts';
import type { GraphBuilder } from './graph-builder.ts';
import type { OutputHandle, StreamEnd } from './handles.ts';
import { requireSameKey } from './joins/sides.ts';
import { addTableLookup } from './joins/table-lookup.ts';
import type { KeyedStream } from './keyed-stream.ts';
import { collect } from './kinds/collect.ts';
import { eventTime } from './kinds/event-time.ts';
import { filter } from './kinds/filter.ts';
import { flatMap } from './kinds/flat-map.ts';
import { flatMapAsync } from './kinds/flat-map-async.ts';
import { forEach } from './kinds/for-each.ts';
import type { OperatorKind } from './kinds/kind.ts';
import { letter } from './kinds/letter.ts';
import { map } from './kinds/map.ts';
import { mapAsync } from './kinds/map-async.ts';
import { post } from './kinds/post.ts';
import { sink as sinkKind } from './kinds/sink.ts';
import { sources } from './kinds/source.ts';
import { checkCall } from './named-call.ts';
import {
  type EmitOf,
  emittedStreams,
  emitting,
  type NamedOutputs,
  type NoOutputs,
  type OutputShapes,
} from './named-outputs.ts';
import {
  type CheckedOperator,
  checkedOperator,
  checkOperator,
  type OperatorOptions,
  SINK_OPTIONS,
  type SinkOptions,
} from './operator-options.ts';
import type { AsyncOptions } from './options/async-options.ts';
import { TABLE_OPTIONS, type TableOptions } from './options/join-options.ts';
import { SAMPLE_OPTIONS, type SampleOptions } from './options/thinning-options.ts';
import { EVENT_TIME_OPTIONS, type EventTimeOptions } from './options/time-options.ts';
import { type SinkDefinition, sinkOf } from './sink.ts';
import { sampleClosure } from './thinning/sample.ts';
import { checkTraceField } from './traces/trace-fields.ts';

type InputsOfStream<Each> = Each extends Stream<infer _Fields, infer Inputs> ? Inputs : unknown;

/** What an app pushes into any of some streams. Not by their union, in which one without inputs would swallow the others. */
export type InputsOfStreams<Streams extends readonly unknown[]> = Streams extends readonly [infer First, ...infer Rest]
  ? InputsOfStream<First> & InputsOfStreams<Rest>
  : unknown;

/** A stream for each of an operator's named outputs. */
export type StreamsOf<Outputs extends OutputShapes, Inputs = unknown> = {
  readonly [Name in keyof Outputs]: Stream<Outputs[Name], Inputs>;
};

/** What an operator that emits returns. `Outputs` has no names if there are none. */
export type StreamOrStreams<Output extends Shape, Outputs extends OutputShapes, Inputs> = keyof Outputs extends never
  ? Stream<Output, Inputs>
  : StreamsOf<Outputs, Inputs>;

/** Fields of text. */
type TextField<Fields extends Shape> = {
  [Name in keyof Fields & string]: TupleOf<Fields>[Name] extends string | null ? Name : never;
}[keyof Fields & string];

/** How replicas of an operator may share a stream without a key. */
interface Sharing {
  readonly isUnordered?: boolean;
  readonly isOrdered?: boolean;
}

/**
 * A stream of tuples of one shape. Every method adds an operator; a stream may have several consumers.
 * `Inputs` are the tuples that an app pushes into the sources before it, by their names.
 */
export class Stream<Fields extends Shape, Inputs = unknown> {
  protected readonly builder: GraphBuilder;
  /** Operators whose output this stream is; several after merge(). */
  protected readonly from: readonly StreamRef[];
  protected readonly schema: Schema;
  protected readonly key: readonly string[] | undefined;
  /** How replicas of a consumer may share it without a key. */
  private readonly sharing: Sharing;
  /** What is known of the event times of its tuples. */
  protected readonly time: StreamTime | undefined;
  declare protected readonly inputs?: Inputs;

  static {
    // Types do not have these methods here; a program without types would meet "is not a function".
    for (const method of ['process', 'scan', 'aggregate', 'window', 'connect', 'deduplicate', 'throttle']) {
      Object.defineProperty(Stream.prototype, method, {
        value(this: Stream<Shape>, name: unknown): never {
          const before = this.builder.nameOf(this.from[0].operator);
          // What window() and connect() take first is no name.
          const [where, operator] =
            typeof name === 'string' ? [`operator '${name}'`, name] : [`${method}() after '${before}'`, before];
          throw errors.needsKey(where, operator, method, this.schema.names);
        },
      });
    }
  }

  /** @internal */
  constructor(
    builder: GraphBuilder,
    from: readonly StreamRef[],
    schema: Schema,
    key?: readonly string[],
    sharing: Sharing = {},
    time?: StreamTime,
  ) {
    this.builder = builder;
    this.from = from;
    this.schema = schema;
    this.key = key;
    this.sharing = sharing;
    this.time = time;
  }

  /**
   * The stream of one of an operator's outputs.
   * @internal
   */
  static of<Fields extends Shape, Inputs>(
    builder: GraphBuilder,
    { id, inputs, outputs }: OperatorNode,
    output = 0,
  ): Stream<Fields, Inputs> {
    // Whoever reads an operator without outputs is told so when the graph is finished.
    const { schema, time } = outputs[output] ?? { schema: inputs[0].schema };
    return new Stream(builder, [{ operator: id, output }], schema, undefined, {}, time);
  }

  /** One tuple out for each tuple in. */
  map<Output extends Shape>(
    name: string,
    output: Output,
    closure: (tuple: TupleOf<Fields>) => TupleOf<Output>,
    options: OperatorOptions = {},
    ...surplus: readonly never[]
  ): Stream<Output, Inputs> {
    checkCall('map(name, output, closure, options)', 4, name, surplus);
    return this.derive(name, map, Schema.of(output, `operator '${name}'`), closure, options);
  }

  /** Passes on the tuples for which the closure returns true. */
  filter(
    name: string,
    closure: (tuple: TupleOf<Fields>) => boolean,
    options: OperatorOptions = {},
    ...surplus: readonly never[]
  ): Stream<Fields, Inputs> {
    checkCall('filter(name, closure, options)', 3, name, surplus);
    return this.derive(name, filter, this.schema, closure, options);
  }

  /**
   * Any number of tuples out for each tuple in. `emit` copies the tuple and never waits.
   * @param output its fields; or several outputs, as `outputs()` gives them: then there is an `emit.name` for each, and a stream for each
   */
  flatMap<Output extends Shape, Outputs extends OutputShapes = NoOutputs>(
    name: string,
    output: Output | NamedOutputs<Outputs>,
    closure: (tuple: TupleOf<Fields>, emit: EmitOf<Output, Outputs>) => Ignored,
    options: OperatorOptions = {},
    ...surplus: readonly never[]
  ): StreamOrStreams<Output, NoInfer<Outputs>, Inputs> {
    checkCall('flatMap(name, output, closure, options)', 4, name, surplus);
    return this.emitter(name, flatMap, checkOperator(name, options), output, { closure });
  }

  /**
   * One tuple out for each tuple in, as the closure resolves to it: for what has to be awaited, such as a request to a service. Up to
   * `capacity` are awaited at a time, and nothing else of the worker waits meanwhile. Each tuple has one result, whatever crashes;
   * what the closure does outside may be done again. See docs/async.md.
   * @throws MillraceError BAD_OPTION
   */
  mapAsync<Output extends Shape>(
    name: string,
    output: Output,
    closure: (tuple: TupleOf<Fields>, context: RequestContext) => Promise<TupleOf<Output>> | TupleOf<Output>,
    options: AsyncOptions = {},
    ...surplus: readonly never[]
  ): Stream<Output, Inputs> {
    checkCall('mapAsync(name, output, closure, options)', 4, name, surplus);
    return this.asking(name, mapAsync, output, closure, options);
  }

  /**
   * Any number of tuples out for each tuple in: those of the iterable that the closure resolves to. Otherwise as {@link mapAsync}.
   * @throws MillraceError BAD_OPTION
   */
  flatMapAsync<Output extends Shape>(
    name: string,
    output: Output,
    closure: (
      tuple: TupleOf<Fields>,
      context: RequestContext,
    ) => Promise<Iterable<TupleOf<Output>>> | Iterable<TupleOf<Output>>,
    options: AsyncOptions = {},
    ...surplus: readonly never[]
  ): Stream<Output, Inputs> {
    checkCall('flatMapAsync(name, output, closure, options)', 4, name, surplus);
    return this.asking(name, flatMapAsync, output, closure, options);
  }

  private asking<Output extends Shape>(
    name: string,
    kind: OperatorKind,
    output: Output,
    closure: unknown,
    options: AsyncOptions,
  ): Stream<Output, Inputs> {
    refuseGenerator(name, closure, kind === flatMapAsync);
    const outputs = [{ name, schema: Schema.of(output, `operator '${name}'`) }];
    const { checked, asking } = checkAsync(name, options, kind === flatMapAsync, this.key);
    return Stream.of(this.builder, this.add(name, kind, checked, { closure: closure as () => void, outputs, asking }));
  }

  /**
   * Each tuple with its row of a small table, which every replica has whole: no tuple goes to where its row is. See docs/joins.md.
   * @param table a stream, keyed; it is read to its end before a tuple is looked up, unless `wait` is false
   * @param by the field that has the key of the row, or two of them
   * @param join makes the row that is emitted, or undefined for none
   * @throws MillraceError BAD_FLOW, BAD_OPTION, UNKNOWN_KEY_FIELD
   */
  lookup<Row extends Shape, RowKey extends keyof Row & string, TableInputs, Output extends Shape>(
    name: string,
    table: KeyedStream<Row, RowKey, TableInputs>,
    by: FieldLike<Fields, TupleOf<Row>[RowKey]> | readonly FieldLike<Fields, TupleOf<Row>[RowKey]>[],
    output: Output,
    join: (tuple: TupleOf<Fields>, row: TupleOf<Row> | undefined) => TupleOf<Output> | undefined,
    options: TableOptions<TupleOf<Row>> = {},
    ...surplus: readonly never[]
  ): Stream<Output, Inputs & TableInputs> {
    checkCall('lookup(name, table, by, output, join, options)', 6, name, surplus);
    const where = `operator '${name}'`;
    const { wait, isRemoval, ...operator } = checkOptions(where, TABLE_OPTIONS, options);
    requireKeyed('table', table, where);
    if (typeof join !== 'function') throw errors.badOption('join', join, 'a function of a tuple and a row', where);
    refuseDeferredFunction(name, join);
    const fields = typeof by === 'string' ? [by] : (by as readonly string[]);
    const facts = this.keyBy(...(fields as [never])).asSide();
    const rows = table.asSide();
    if (rows.key.length === 0)
      throw errors.badOption('table', 'keyBy()', 'a stream with a key of one or two fields', where);
    requireSameKey(this.builder.name, facts, rows);
    const checked = checkedOperator(operator, options.supervision !== undefined);
    const { builder } = this;
    const node = addTableLookup({
      name,
      builder,
      facts,
      rows,
      output,
      join: join as never,
      checked,
      waits: wait,
      isRemoval: isRemoval as never,
    });
    return Stream.of(builder, node);
  }

  /**
   * Passes on a share of the tuples. Which ones depends on the seed and on their fields alone, so every run, replay and replica chooses the
   * same.
   * @param fraction the share, from 0 to 1
   * @throws MillraceError BAD_OPTION
   */
  sample(
    name: string,
    fraction: number,
    options: SampleOptions<keyof Fields & string> = {},
    ...surplus: readonly never[]
  ): Stream<Fields, Inputs> {
    checkCall('sample(name, fraction, options)', 3, name, surplus);
    const { seed, by, ...operator } = checkOptions(`operator '${name}'`, SAMPLE_OPTIONS, options);
    const closure = sampleClosure(name, this.schema, fraction, { seed, by });
    const outputs = [{ name, schema: this.schema }];
    const checked = checkedOperator(operator, options.supervision !== undefined);
    return Stream.of(this.builder, this.add(name, filter, checked, { closure, outputs }));
  }

  /**
   * The same stream, keyed by one or two fields: what `process` and parallel operators need. Without fields all tuples have one key,
   * for totals: one replica has it, and aggregates are still combined on every core.
   * @throws MillraceError UNKNOWN_KEY_FIELD
   */
  keyBy<Key extends keyof Fields & string = never>(
    ...fields: [Key] | [Key, Key] | []
  ): KeyedStream<Fields, Key, Inputs> {
    const operator = this.builder.nameOf(this.from[0].operator);
    const count: number = fields.length;
    if (count > KEY_FIELDS_MAX) {
      throw errors.badOption('keyBy', fields, 'one or two field names, or none for one key of all tuples');
    }
    for (const field of fields) {
      const found = this.schema.fields.find(({ name }) => name === field);
      if (found === undefined) throw errors.unknownKeyField(operator, String(field), this.schema.names);
      const { key, label } = found.codec;
      if (key === undefined) throw errors.badKeyType(operator, field, label, KEY_TYPES);
    }
    return this.builder.keyed<Fields, Key, Inputs>(this.from, this.schema, fields, this.time);
  }

  /**
   * The same stream for a consumer that need not keep its order: a stateless operator may then have several replicas without a
   * key, and each tuple goes to any of them.
   */
  unordered(...surplus: readonly never[]): Stream<Fields, Inputs> {
    refuseSurplus('unordered()', 0, surplus);
    return new Stream(this.builder, this.from, this.schema, undefined, { isUnordered: true }, this.time);
  }

  /**
   * The same stream for a consumer whose results stay in its order: a `map`, `filter` or `flatMap` may then have several replicas without
   * a key, which work side by side, and what comes of a tuple comes before what comes of the next one. Of merged streams, and of
   * partitions, the order is that within each. See docs/dataflow.md#order.
   */
  ordered(...surplus: readonly never[]): Stream<Fields, Inputs> {
    refuseSurplus('ordered()', 0, surplus);
    return new Stream(this.builder, this.from, this.schema, undefined, { isOrdered: true }, this.time);
  }

  /**
   * Gives each tuple its event time, which goes with it through the operators behind; no closure sees it but as `context.time`.
   * Call it right behind the source, with no more than `map`, `filter` and `flatMap` between. See docs/time.md.
   * @param time a field of milliseconds since the epoch or of dates, or a function that gives such
   * @returns the tuples that are on time; those that are not are the stream `late` of it
   * @throws MillraceError BAD_OPTION, BAD_FLOW
   */
  withEventTime(
    time: TimeOf<Fields>,
    options: EventTimeOptions = {},
    ...surplus: readonly never[]
  ): TimedStream<Fields, Inputs> {
    refuseSurplus('withEventTime(time, options)', 2, surplus);
    const before = this.builder.nameOf(this.from[0].operator);
    if (this.time !== undefined) throw errors.secondEventTime(this.builder.name, before);
    const name = `${before}-time`;
    const checked = checkOptions(`withEventTime() after '${before}'`, EVENT_TIME_OPTIONS, options);
    const { schema } = this;
    const { allowedLatenessMs } = checked;
    const node = this.add(name, eventTime, checkOperator(name, {}), {
      closure: timeOf(before, schema, time),
      outputs: [
        { name, schema, time: { allowedLatenessMs }, isOptional: true },
        { name: 'late', schema, time: undefined, isOptional: true },
      ],
      eventTime: checked,
    });
    return new TimedStream(this.builder, node);
  }

  /**
   * Says in which field tuples have the context of a trace, as W3C's `traceparent` writes it. Where the app has registered a provider of
   * OpenTelemetry, each operator behind that gets the field makes a span of what it does with a tuple of a sampled trace. See
   * docs/metrics.md#traces-of-tuples.
   * @param field a string or a dictionary, or an optional one
   * @returns this stream
   * @throws MillraceError BAD_OPTION
   */
  withTraceContext(field: TextField<Fields>, ...surplus: readonly never[]): this {
    refuseSurplus('withTraceContext(field)', 1, surplus);
    const before = this.builder.nameOf(this.from[0].operator);
    this.builder.markTraces(this.from, checkTraceField(before, this.schema, field));
    return this;
  }

  /** This stream and others of the same schema as one. Order holds within each, not between them. */
  merge<Others extends readonly Stream<Fields>[]>(...others: Others): Stream<Fields, Inputs & InputsOfStreams<Others>> {
    for (const other of others) {
      if (!this.schema.equals(other.schema)) {
        throw errors.badFlow(
          this.builder.name,
          `merge takes streams of one schema, got ${this.schema} and ${other.schema}: map them to the same fields first`,
        );
      }
    }
    const times = [this, ...others].flatMap((each: Stream<Fields>) => each.time ?? []);
    if (times.length > 0 && times.length <= others.length) throw errors.mixedTime(this.builder.name);
    const time = jointTime(times);
    const all = [...this.from, ...others.flatMap((other) => other.from)];
    const from = new Map(all.map((stream) => [`${stream.operator}.${stream.output}`, stream]));
    return new Stream(this.builder, [...from.values()], this.schema, undefined, {}, time);
  }

  /**
   * Gives the stream to several consumers; each sees every tuple. Returns what the branches return.
   * @typeParam Branches functions, each of which declares one consumer
   */
  split<Branches extends readonly ((stream: Stream<Fields, Inputs>) => unknown)[]>(
    ...branches: Branches
  ): { [Index in keyof Branches]: ReturnType<Branches[Index]> } {
    return branches.map((branch) => branch(this)) as { [Index in keyof Branches]: ReturnType<Branches[Index]> };
  }

  /** Ends the stream in the app: `job.output(name)` iterates over it. */
  collect<Name extends string>(name: Name, ...surplus: readonly never[]): OutputHandle<Name, TupleOf<Fields>, Inputs> {
    checkCall('collect(name)', 1, name, surplus);
    this.add(name, collect, checkOperator(name, {}), {});
    return { operator: name, output: name };
  }

  /** Ends the stream in a closure on a worker. After a crash, tuples since the last commit are seen again. */
  forEach(
    name: string,
    closure: (tuple: TupleOf<Fields>) => Ignored,
    options: OperatorOptions = {},
    ...surplus: readonly never[]
  ): StreamEnd<Inputs> {
    checkCall('forEach(name, closure, options)', 3, name, surplus);
    this.add(name, forEach, checkOperator(name, options), { closure });
    return { operator: name };
  }

  /**
   * Asks actors about each tuple, by `ask()`, and gives the tuple with the fields of the reply.
   * @throws MillraceError BAD_OPTION, BAD_FLOW if the reply has a field that the tuple has
   */
  through<Reply extends Shape>(
    name: string,
    step: AskDefinition<TupleOf<Fields>, Reply>,
    options: SinkOptions = {},
    ...surplus: readonly never[]
  ): Stream<Fields & Reply, Inputs> {
    checkCall('through(name, step, options)', 3, name, surplus);
    const where = `operator '${name}'`;
    if (step?.kind !== 'ask') throw errors.badOption('step', step, 'what ask() has made', where);
    const both = Object.keys(step.reply).find((field) => this.schema.names.includes(field));
    if (both !== undefined) throw errors.replyField(this.builder.name, name, both);
    const own = shapeOf(this.schema.fields);
    const bridge = step.bridge(this.schema.names);
    const { names } = this.schema;
    const write = (tuple: TupleOf<Fields>): Record<string, unknown> => {
      const written = step.write(tuple, name);
      for (const field of names) written[field] = tuple[field];
      return written;
    };
    this.post(`${name}-letters`, name, { ...own, ...step.letter }, write, single(where, options), {
      bridge,
      into: name,
    });
    const fields = { ...own, ...step.reply };
    // Pushed by the bridge, so nobody else tells it anything.
    const source = { kind: 'told', fields, bridge } satisfies ToldDefinition<Shape>;
    const answered = this.builder.add({
      name,
      kind: sources.told,
      inputs: [],
      outputs: [{ name, schema: Schema.of(fields, where) }],
      ...checkOperator(name, {}),
      source,
    });
    return Stream.of(this.builder, answered);
  }

  /** Letters to actors, made on the worker and handed on in the app's thread. */
  private post(
    name: string,
    partOf: string,
    fields: Shape,
    write: (tuple: TupleOf<Fields>) => Record<string, unknown>,
    checked: CheckedOperator,
    rest: Pick<OperatorNode, 'bridge' | 'into'>,
  ): void {
    const outputs = [{ name, schema: Schema.of(fields, `operator '${partOf}'`) }];
    const written = this.add(name, letter, checked, {
      closure: write,
      outputs,
      ...(name !== partOf && { partOf }),
    });
    const poster = `${partOf}-post`;
    Stream.of(this.builder, written).add(poster, post, checkOperator(poster, {}), { ...rest, partOf });
  }

  /** Ends the stream in a sink of `millrace/sinks`, or one of your own. */
  to(
    name: string,
    sink: SinkDefinition<TupleOf<Fields>> | TellDefinition<TupleOf<Fields>>,
    options: SinkOptions = {},
    ...surplus: readonly never[]
  ): StreamEnd<Inputs> {
    checkCall('to(name, sink, options)', 3, name, surplus);
    const where = `sink '${name}'`;
    if (sink !== null && typeof sink === 'object' && 'kind' in sink && sink.kind === 'tell') {
      const write = (tuple: TupleOf<Fields>) => sink.write(tuple, name);
      this.post(name, name, sink.letter, write, single(where, options), { bridge: sink.bridge });
      return { operator: name };
    }
    if (typeof (sink as Partial<SinkDefinition<never>> | null | undefined)?.open !== 'function')
      throw errors.badOption('sink', sink, `a sink such as writeLines('out.txt', line)`, where);
    const made = sink as SinkDefinition<TupleOf<Fields>>;
    this.add(name, sinkKind, single(where, options), { sink: sinkOf(made, this.schema) });
    return { operator: name };
  }

  private derive<Output extends Shape>(
    name: string,
    kind: OperatorKind,
    schema: Schema,
    closure: unknown,
    options: OperatorOptions,
  ): Stream<Output, Inputs> {
    const outputs = [{ name, schema }];
    const node = this.add(name, kind, checkOperator(name, options), { closure: closure as () => void, outputs });
    return Stream.of(this.builder, node);
  }

  /** An operator whose closures emit: into one output or several by name, or into none. */
  protected emitter<Output extends Shape, Outputs extends OutputShapes>(
    name: string,
    kind: OperatorKind,
    checked: CheckedOperator,
    output: Output | NamedOutputs<Outputs> | undefined,
    rest: Partial<OperatorNode> & { readonly closure: unknown },
  ): StreamOrStreams<Output, NoInfer<Outputs>, Inputs> {
    const closure = rest.closure as NodeInput['closure'];
    const node = this.add(name, kind, checked, { ...rest, closure, ...emitting(name, output) });
    const made = emittedStreams(node, (index) => Stream.of<Shape, Inputs>(this.builder, node, index));
    return made as StreamOrStreams<Output, Outputs, Inputs>;
  }

  /**
   * The operator whose output it is, or the first of them.
   * @internal
   */
  get name(): string {
    return this.builder.nameOf(this.from[0].operator);
  }

  /**
   * True if its tuples have a key, though it may be one without fields.
   * @internal
   */
  get isKeyed(): boolean {
    return this.key !== undefined;
  }

  /**
   * What the stream is to an operator that reads it with a closure.
   * @internal
   */
  asInput(closure: NodeInput['closure']): NodeInput {
    const { from, schema, key, sharing, time } = this;
    const { isUnordered = false, isOrdered = false } = sharing;
    return { from, schema, key, isUnordered, isOrdered, time, closure };
  }

  protected add(
    name: string,
    kind: OperatorKind,
    checked: CheckedOperator,
    { closure, outputs = [], ...rest }: Partial<OperatorNode & Pick<NodeInput, 'closure'>>,
  ): OperatorNode {
    return this.builder.operator(name, kind, [this.asInput(closure)], outputs, checked, rest);
  }
}

/** @throws MillraceError BAD_FLOW, BAD_OPTION unless what is given is a keyed stream */
export function requireKeyed(option: string, given: unknown, where: string): void {
  if (!(given instanceof Stream)) {
    throw errors.badOption(option, given, 'a stream with a key: call keyBy() on it', where);
  }
  if (!given.isKeyed) throw errors.unkeyedStream(option, where, given.name);
}

/** A stream whose tuples have event times. Those that are late are a stream of their own. */
export class TimedStream<Fields extends Shape, Inputs = unknown> extends Stream<Fields, Inputs> {
  /** The tuples that are late by more than `allowedLatenessMs`, without event times. If nobody reads it they are counted. */
  readonly late: Stream<Fields, Inputs>;

  /** @internal */
  constructor(builder: GraphBuilder, node: OperatorNode) {
    const { schema, time } = node.outputs[0];
    super(builder, [{ operator: node.id, output: 0 }], schema, undefined, {}, time);
    this.late = Stream.of(builder, node, 1);
  }
}

/** The options of what has one replica. */
function single(where: string, options: SinkOptions): CheckedOperator {
  const checked = checkOptions(where, SINK_OPTIONS, options);
  const parallelism = { parallelism: 1, replicas: { min: 1, max: 1 } };
  return checkedOperator({ ...checked, parallelism }, options.supervision !== undefined);
}

/** The fields whose values may be those of a key. */
type FieldLike<Fields extends Shape, Value> = {
  [Name in keyof Fields & string]: TupleOf<Fields>[Name] extends Value | null ? Name : never;
}[keyof Fields & string];
