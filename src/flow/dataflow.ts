// The public language in which an app declares its dataflow: streams, and the operators between them.
// Promises: types of tuples, state and outputs are inferred from schemas; every mistake that can be seen without data is a
// typed error here, before anything runs.

import { errors } from '../errors.ts';
import { KEY_TYPES } from '../mailbox/columns/registry.ts';
import { type Ignored, refuseDeferredFunction } from '../mailbox/deferred.ts';
import { Schema, type Shape, type TupleOf } from '../mailbox/schema.ts';
import { KEY_FIELDS_MAX, rowLayout, type TableDefinition } from '../state/rows/row-layout.ts';
import type { StateTable } from '../state/rows/state-table.ts';
import { refuseSurplus } from '../surplus.ts';
import { checkSupervision, FAILURE_POLICIES, type FailurePolicy, type SupervisionOptions } from './failure-policy.ts';
import {
  finishGraph,
  type Graph,
  type NodeInput,
  type NodeOutput,
  type OperatorNode,
  type StreamRef,
} from './graph.ts';
import { collect } from './kinds/collect.ts';
import { filter } from './kinds/filter.ts';
import { flatMap } from './kinds/flat-map.ts';
import { forEach } from './kinds/for-each.ts';
import type { OperatorKind } from './kinds/kind.ts';
import { map } from './kinds/map.ts';
import { process } from './kinds/process.ts';
import { sink as sinkKind } from './kinds/sink.ts';
import { sources } from './kinds/source.ts';
import type { SinkDefinition } from './sink.ts';
import { checkPartitions, partitionsOf, type Source } from './source.ts';

const PARALLELISM_MAX = 64;

const outputSchema = (operator: string, shape: Shape): Schema => Schema.of(shape, `operator '${operator}'`);
/** The stream of an operator with one output. */
const streamOf = ({ id }: OperatorNode): StreamRef => ({ operator: id, output: 0 });

/** How many replicas an operator may have while it runs. */
export interface ParallelismRange {
  /** At the start; `min` by default. */
  start?: number;
  /** 1 by default. */
  min?: number;
  max: number;
}

/** Options of every operator. */
export interface OperatorOptions {
  /**
   * Replicas that share the operator's key groups; 1 by default. More than 1 needs a keyed stream, or a source with as many
   * partitions. A range makes the operator elastic: while it runs, groups are handed over to more replicas, or to fewer. See
   * docs/hand-over.md.
   */
  parallelism?: number | ParallelismRange;
  /** False to give a stateless operator an actor of its own instead of running it in the one before it. */
  fuse?: boolean;
  /**
   * What becomes of a tuple whose closure throws, or that kills or hangs its worker: `deadLetter` (the default) hands it to
   * `job.deadLetters` and goes on, `stop` fails the job, `escalate` leaves it to the operator's supervisor. See
   * docs/supervision.md.
   */
  onError?: FailurePolicy;
  /** The supervisor over the operator's replicas. An operator that has one gets an actor of its own. */
  supervision?: SupervisionOptions;
}

type Tables = Readonly<Record<string, TableDefinition>>;

/** What a process closure gets as its state: a property per field, and a StateTable per table. */
export type StateOf<State extends Shape, SubTables extends Tables> = TupleOf<State> & {
  readonly [Name in keyof SubTables]: SubTables[Name] extends TableDefinition<infer Key, infer Row>
    ? StateTable<Key, Row>
    : never;
};

/** What a closure emits its tuples with; of no use to one whose operator has no output. */
export type Emit<Output extends Shape> = (tuple: keyof Output extends never ? never : TupleOf<Output>) => void;

/** What a keyed, stateful operator is made of. */
export interface ProcessOptions<
  Input extends Shape,
  Key extends keyof Input,
  State extends Shape,
  SubTables extends Tables,
  Output extends Shape,
> extends OperatorOptions {
  /** Fields of the one row that each key has. They start as 0, '', false, empty bytes or null. */
  state?: State;
  /** Tables of rows under each key. See `table()`. */
  tables?: SubTables;
  /** The tuples it emits. Without it the operator is a sink. */
  output?: Output;
  /** Called once for each key when the input has ended, to emit final results. */
  end?: (key: TupleOf<Pick<Input, Key>>, state: StateOf<State, SubTables>, emit: Emit<Output>) => Ignored;
}

/** The fourth parameter of a process closure. */
export interface ProcessContext {
  /** Removes the key's row, with its tables, when the closure returns: the key begins anew with its next tuple. */
  remove(): void;
}

declare const TUPLE: unique symbol;

/** A stream that the app reads: what `collect` returns. Return it from the build function to type `job.output(name)`. */
export interface OutputHandle<Name extends string = string, Tuple = unknown> {
  readonly output: Name;
  readonly [TUPLE]?: Tuple;
}

/** The outputs by name, from what a build function returns: a handle, an array with handles, or an object of handles. */
export type OutputsOf<Built> = [Built] extends [OutputHandle<infer Name, infer Tuple>]
  ? Record<Name, Tuple>
  : Built extends readonly unknown[]
    ? {
        [Handle in Extract<Built[number], OutputHandle> as Handle['output']]: Handle extends OutputHandle<
          string,
          infer Tuple
        >
          ? Tuple
          : never;
      }
    : Built extends Readonly<Record<string, OutputHandle>>
      ? {
          [Key in keyof Built as Built[Key]['output']]: Built[Key] extends OutputHandle<string, infer Tuple>
            ? Tuple
            : never;
        }
      : Record<never, never>;

/** A stream of tuples of one shape. Every method adds an operator; a stream may have several consumers. */
export class Stream<Fields extends Shape> {
  protected readonly builder: FlowBuilder;
  /** Operators whose output this stream is; several after merge(). */
  protected readonly from: readonly StreamRef[];
  protected readonly schema: Schema;
  protected readonly key: readonly string[] | undefined;
  private readonly isUnordered: boolean;

  constructor(
    builder: FlowBuilder,
    from: readonly StreamRef[],
    schema: Schema,
    key?: readonly string[],
    isUnordered = false,
  ) {
    this.builder = builder;
    this.from = from;
    this.schema = schema;
    this.key = key;
    this.isUnordered = isUnordered;
  }

  /** One tuple out for each tuple in. */
  map<Output extends Shape>(
    name: string,
    output: Output,
    closure: (tuple: TupleOf<Fields>) => TupleOf<Output>,
    options: OperatorOptions = {},
    ...surplus: readonly never[]
  ): Stream<Output> {
    refuseSurplus('map(name, output, closure, options)', 4, surplus);
    return this.derive(name, map, outputSchema(name, output), closure, options);
  }

  /** Passes on the tuples for which the closure returns true. */
  filter(
    name: string,
    closure: (tuple: TupleOf<Fields>) => boolean,
    options: OperatorOptions = {},
    ...surplus: readonly never[]
  ): Stream<Fields> {
    refuseSurplus('filter(name, closure, options)', 3, surplus);
    return this.derive(name, filter, this.schema, closure, options);
  }

  /** Any number of tuples out for each tuple in. `emit` copies the tuple and never waits. */
  flatMap<Output extends Shape>(
    name: string,
    output: Output,
    closure: (tuple: TupleOf<Fields>, emit: Emit<Output>) => Ignored,
    options: OperatorOptions = {},
    ...surplus: readonly never[]
  ): Stream<Output> {
    refuseSurplus('flatMap(name, output, closure, options)', 4, surplus);
    return this.derive(name, flatMap, outputSchema(name, output), closure, options);
  }

  /**
   * The same stream, keyed by one or two fields: what `process` and parallel operators need.
   * @throws MillraceError UNKNOWN_KEY_FIELD
   */
  keyBy<Key extends keyof Fields & string>(...fields: [Key] | [Key, Key]): KeyedStream<Fields, Key> {
    const operator = this.builder.nameOf(this.from[0].operator);
    const count: number = fields.length;
    if (count === 0 || count > KEY_FIELDS_MAX) {
      throw errors.badOption('keyBy', fields, 'one or two field names');
    }
    for (const field of fields) {
      const found = this.schema.fields.find(({ name }) => name === field);
      if (found === undefined) throw errors.unknownKeyField(operator, String(field), this.schema.names);
      const { key, label } = found.codec;
      if (key === undefined) throw errors.badKeyType(operator, field, label, KEY_TYPES);
    }
    return new KeyedStream(this.builder, this.from, this.schema, fields);
  }

  /**
   * The same stream for a consumer that need not keep its order: a stateless operator may then have several replicas without a
   * key, and each tuple goes to any of them.
   */
  unordered(...surplus: readonly never[]): Stream<Fields> {
    refuseSurplus('unordered()', 0, surplus);
    return new Stream(this.builder, this.from, this.schema, undefined, true);
  }

  /** This stream and others of the same schema as one. Order holds within each, not between them. */
  merge(...others: readonly Stream<Fields>[]): Stream<Fields> {
    for (const other of others) {
      if (!this.schema.equals(other.schema)) {
        throw errors.badFlow(
          this.builder.name,
          `merge takes streams of one schema, got ${this.schema} and ${other.schema}: map them to the same fields first`,
        );
      }
    }
    const all = [...this.from, ...others.flatMap((other) => other.from)];
    const from = new Map(all.map((stream) => [`${stream.operator}.${stream.output}`, stream]));
    return new Stream(this.builder, [...from.values()], this.schema);
  }

  /** Gives the stream to several consumers; each sees every tuple. Returns what the branches return. */
  split<Branches extends readonly ((stream: Stream<Fields>) => unknown)[]>(
    ...branches: Branches
  ): { [Index in keyof Branches]: ReturnType<Branches[Index]> } {
    return branches.map((branch) => branch(this)) as { [Index in keyof Branches]: ReturnType<Branches[Index]> };
  }

  /** Ends the stream in the app: `job.output(name)` iterates over it. */
  collect<Name extends string>(name: Name, ...surplus: readonly never[]): OutputHandle<Name, TupleOf<Fields>> {
    refuseSurplus('collect(name)', 1, surplus);
    this.add(name, collect, {}, {});
    return { output: name };
  }

  /** Ends the stream in a closure on a worker. After a crash, tuples since the last commit are seen again. */
  forEach(
    name: string,
    closure: (tuple: TupleOf<Fields>) => Ignored,
    options: OperatorOptions = {},
    ...surplus: readonly never[]
  ): void {
    refuseSurplus('forEach(name, closure, options)', 3, surplus);
    this.add(name, forEach, options, { closure });
  }

  /** Ends the stream in a sink of `millrace/sinks`, or one of your own. */
  to(
    name: string,
    sink: SinkDefinition<TupleOf<Fields>>,
    options: Omit<OperatorOptions, 'parallelism'> = {},
    ...surplus: readonly never[]
  ): void {
    refuseSurplus('to(name, sink, options)', 3, surplus);
    if (typeof sink?.open !== 'function') throw errors.badOption('sink', sink, `a sink such as writeLines('out.txt')`);
    if ('parallelism' in options)
      throw errors.badOption('parallelism', options.parallelism, `left out for sink '${name}'`);
    this.add(name, sinkKind, options, { sink: sink as unknown as SinkDefinition<never> });
  }

  private derive<Output extends Shape>(
    name: string,
    kind: OperatorKind,
    schema: Schema,
    closure: unknown,
    options: OperatorOptions,
  ): Stream<Output> {
    const node = this.add(name, kind, options, { closure: closure as () => void, outputs: [{ name, schema }] });
    return this.builder.streamOf(node);
  }

  /** What the stream is to an operator that reads it with a closure. */
  asInput(closure: NodeInput['closure']): NodeInput {
    const { from, schema, key, isUnordered } = this;
    return { from, schema, key, isUnordered, closure };
  }

  protected add(
    name: string,
    kind: OperatorKind,
    options: OperatorOptions,
    { closure, outputs = [], ...rest }: Partial<OperatorNode & Pick<NodeInput, 'closure'>>,
  ): OperatorNode {
    return this.builder.operator(name, kind, [this.asInput(closure)], outputs, options, rest);
  }
}

/** A stream whose tuples have a key: tuples of one key go to one replica, in order. */
export class KeyedStream<Fields extends Shape, Key extends keyof Fields & string> extends Stream<Fields> {
  /**
   * A stateful operator: the closure gets each tuple with the state of its key. State changes, input and output of a batch
   * become visible together or not at all.
   */
  process<
    State extends Shape = Record<never, never>,
    SubTables extends Tables = Record<never, never>,
    Output extends Shape = Record<never, never>,
  >(
    name: string,
    options: ProcessOptions<Fields, Key, State, SubTables, Output>,
    closure: (
      tuple: TupleOf<Fields>,
      state: StateOf<State, SubTables>,
      emit: Emit<Output>,
      context: ProcessContext,
    ) => Ignored,
    ...surplus: readonly never[]
  ): Stream<Output> {
    refuseSurplus('process(name, options, closure)', 3, surplus);
    const { state, tables, output, end, ...rest } = options;
    const where = `state of operator '${name}'`;
    const key = (this.key as readonly string[]).map((field) => this.schema.fields[this.schema.indexOf(field)]);
    rowLayout(where, key, state ?? {}, tables ?? {});
    if (end !== undefined && typeof end !== 'function') throw errors.badOption('end', end, 'a function');
    const schema = output && outputSchema(name, output);
    const node = this.add(name, process, rest, {
      closure,
      outputs: schema === undefined ? [] : [{ name, schema }],
      state: state ?? {},
      tables: tables ?? {},
      end,
    });
    return schema === undefined ? new Stream(this.builder, [streamOf(node)], this.schema) : this.builder.streamOf(node);
  }
}

const OPTION_NAMES = ['parallelism', 'fuse', 'onError', 'supervision'];

type CheckedOptions = Pick<OperatorNode, 'parallelism' | 'replicas' | 'fuse' | 'onError' | 'supervision'>;

function checkParallelism(parallelism: number | ParallelismRange): Pick<OperatorNode, 'parallelism' | 'replicas'> {
  const isCount = (value: unknown): value is number =>
    Number.isInteger(value) && (value as number) >= 1 && (value as number) <= PARALLELISM_MAX;
  if (typeof parallelism !== 'object' || parallelism === null) {
    if (!isCount(parallelism)) {
      throw errors.badOption(
        'parallelism',
        parallelism,
        `an integer from 1 to ${PARALLELISM_MAX}, or a range {min, max}`,
      );
    }
    return { parallelism, replicas: { min: parallelism, max: parallelism } };
  }
  const names = ['start', 'min', 'max'];
  for (const name of Object.keys(parallelism)) {
    if (!names.includes(name)) throw errors.unknownOption('parallelism', name, names);
  }
  const { max, min = 1, start = min } = parallelism;
  if (![start, min, max].every(isCount) || min > start || start > max) {
    throw errors.badOption(
      'parallelism',
      { start, min, max },
      `1 <= min <= start <= max <= ${PARALLELISM_MAX}, all of them integers`,
    );
  }
  return { parallelism: start, replicas: { min, max } };
}

function checkOptions(name: string, options: OperatorOptions): CheckedOptions {
  for (const option of Object.keys(options)) {
    if (!OPTION_NAMES.includes(option)) throw errors.unknownOption(`operator '${name}'`, option, OPTION_NAMES);
  }
  const { fuse = true, onError = 'deadLetter' } = options;
  const parallelism = checkParallelism(options.parallelism ?? 1);
  if (typeof fuse !== 'boolean') throw errors.badOption('fuse', fuse, 'true or false');
  if (!FAILURE_POLICIES.includes(onError)) {
    throw errors.badOption('onError', onError, FAILURE_POLICIES.map((policy) => `'${policy}'`).join(' or '));
  }
  const supervision = checkSupervision(`operator '${name}'`, options.supervision);
  return { ...parallelism, fuse: fuse && options.supervision === undefined, onError, supervision };
}

/** What a build function gets first: where streams begin. */
export class FlowBuilder {
  readonly name: string;
  private readonly operators: OperatorNode[] = [];

  constructor(name: string) {
    this.name = name;
  }

  /**
   * A stream that comes from a source of `millrace/sources`, or one of your own. Replicas share its partitions, so it can have as
   * many as these.
   * @throws MillraceError BAD_OPTION
   */
  source<Fields extends Shape>(
    name: string,
    source: Source<Fields>,
    options: OperatorOptions = {},
    ...surplus: readonly never[]
  ): Stream<Fields> {
    refuseSurplus('source(name, source, options)', 3, surplus);
    const kind = sources[source?.kind];
    if (kind === undefined) throw errors.badOption('source', source, `a source such as readLines('in.txt')`);
    const schema = Schema.of(source.fields, `source '${name}'`);
    if (source.kind === 'generate') refuseDeferredFunction(name, source.make);
    const checked = checkOptions(name, options);
    const partitions = partitionsOf(source);
    checkPartitions(partitions);
    if (checked.replicas.max > partitions) throw errors.tooFewPartitions(name, checked.replicas.max, partitions);
    const node = this.add({
      name,
      kind,
      inputs: [],
      outputs: [{ name, schema }],
      ...checked,
      source,
    });
    return this.streamOf(node);
  }

  /** Several streams of the same schema as one. */
  merge<Fields extends Shape>(first: Stream<Fields>, ...others: readonly Stream<Fields>[]): Stream<Fields> {
    return first.merge(...others);
  }

  /**
   * An operator of any kind, with any number of inputs and outputs. The methods of streams are made of this.
   * @param inputs as {@link Stream.asInput} gives them
   * @param rest what its kind needs besides
   */
  operator(
    name: string,
    kind: OperatorKind,
    inputs: readonly NodeInput[],
    outputs: readonly NodeOutput[],
    options: OperatorOptions = {},
    rest: Partial<Pick<OperatorNode, 'sink' | 'state' | 'tables' | 'end'>> = {},
  ): OperatorNode {
    for (const { closure } of inputs) {
      const isCalled = closure !== undefined || rest.state !== undefined || kind.step !== undefined;
      if (isCalled && rest.sink === undefined && typeof closure !== 'function') {
        throw errors.badOption(`closure of '${name}'`, closure, 'a function');
      }
      refuseDeferredFunction(name, closure);
    }
    refuseDeferredFunction(name, rest.end);
    const checked = checkOptions(name, options);
    if (checked.replicas.max > 1 && inputs.some(({ key, isUnordered }) => key === undefined && !isUnordered)) {
      throw errors.badOption(
        'parallelism',
        options.parallelism,
        `1 for operator '${name}', because its input has no key: call keyBy() before it, or unordered() if the order of its tuples does not matter`,
      );
    }
    return this.add({ name, kind, inputs, outputs, ...checked, ...rest });
  }

  /** The stream of one of an operator's outputs. */
  streamOf<Fields extends Shape>({ id, outputs }: OperatorNode, output = 0): Stream<Fields> {
    return new Stream(this, [{ operator: id, output }], outputs[output].schema);
  }

  add(node: Omit<OperatorNode, 'id'>): OperatorNode {
    if (typeof node.name !== 'string' || node.name === '') {
      throw errors.badFlow(this.name, `every operator has a name, got ${String(node.name)}`);
    }
    const added = { ...node, id: this.operators.length };
    this.operators.push(added);
    return added;
  }

  nameOf(id: number): string {
    return this.operators[id].name;
  }

  finish(): Graph {
    return finishGraph(this.name, this.operators);
  }
}

/** How a flow is built: declares operators on `flow`, depending on nothing but `params`. */
export type Build<Params, Built> = (flow: FlowBuilder, params: Params) => Built;

/** Marks values of dataflow(), so that a worker finds them among a module's exports. */
export const FLOW = Symbol.for('millrace.flow');

/** A flow as any thread sees it: enough to build its graph. */
export interface FlowDefinition<Params = unknown, Built = unknown> {
  readonly [FLOW]: true;
  readonly moduleUrl: string;
  readonly name: string;
  readonly build: Build<Params, Built>;
}

export const isFlow = (value: unknown): value is FlowDefinition =>
  typeof value === 'object' && value !== null && (value as Partial<FlowDefinition>)[FLOW] === true;

/** Builds the graph of a flow with its params. */
export function buildGraph<Params>(flow: FlowDefinition<Params>, params: Params): Graph {
  const builder = new FlowBuilder(flow.name);
  flow.build(builder, params);
  return builder.finish();
}
