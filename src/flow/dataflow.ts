// The public language in which an app declares its dataflow: a build function, and the sources where its streams begin.
// Promises: a flow is a value that any thread can build its graph from.

import { errors } from '../errors.ts';
import { refuseDeferredFunction } from '../mailbox/deferred.ts';
import { Schema, type Shape } from '../mailbox/schema.ts';
import { checkOptions } from '../options/check.ts';
import type { ParamTable } from './declared-params.ts';
import type { Graph } from './graph.ts';
import { GraphBuilder } from './graph-builder.ts';
import type { NoInputs, PushedInto } from './handles.ts';
import { KeyedStream } from './keyed-stream.ts';
import { sources } from './kinds/source.ts';
import { checkCall } from './named-call.ts';
import { checkedOperator, OPERATOR_OPTIONS, type OperatorOptions } from './operator-options.ts';
import { checkPartitions, cutFor, eraseSource, type PushDefinition, partitionsOf, type Source } from './source.ts';
import { type InputsOfStreams, Stream } from './stream.ts';

/** What a build function gets first: where streams begin. */
export class FlowBuilder {
  /** The flow's name. */
  readonly name: string;
  /**
   * The operators that have been declared.
   * @internal
   */
  readonly graph: GraphBuilder;

  /** @internal */
  constructor(name: string) {
    this.name = name;
    this.graph = new GraphBuilder(name, KeyedStream);
  }

  /**
   * A stream that comes from a source of `millrace/sources`, or one of your own. Replicas share its partitions, so it can have as
   * many as these.
   * @throws MillraceError BAD_OPTION
   */
  source<Name extends string, Fields extends Shape>(
    name: Name,
    source: PushDefinition<Fields>,
    options?: OperatorOptions,
    ...surplus: readonly never[]
  ): Stream<Fields, PushedInto<Name, Fields>>;
  source<Fields extends Shape>(
    name: string,
    source: Source<Fields>,
    options?: OperatorOptions,
    ...surplus: readonly never[]
  ): Stream<Fields, NoInputs>;
  source<Fields extends Shape>(
    name: string,
    source: Source<Fields>,
    options: OperatorOptions = {},
    ...surplus: readonly never[]
  ): Stream<Fields, NoInputs> {
    checkCall('source(name, source, options)', 3, name, surplus);
    const where = `source '${name}'`;
    const kind = sources[source?.kind];
    if (kind === undefined) throw errors.badOption('source', source, `a source such as readLines('in.txt')`, where);
    const schema = Schema.of(source.fields, where);
    if (source.kind === 'generate') refuseDeferredFunction(name, source.make);
    const checked = checkedOperator(checkOptions(where, OPERATOR_OPTIONS, options), options.supervision !== undefined);
    const read = cutFor(source, checked.replicas.max);
    const partitions = partitionsOf(read);
    checkPartitions(partitions, where);
    if (checked.replicas.max > partitions) throw errors.tooFewPartitions(name, checked.replicas.max, partitions);
    const node = this.graph.add({
      name,
      kind,
      inputs: [],
      outputs: [{ name, schema }],
      ...checked,
      source: eraseSource(read),
      ...(source.kind === 'told' && { bridge: source.bridge, into: name }),
    });
    return Stream.of(this.graph, node);
  }

  /** Several streams of the same schema as one. */
  merge<Fields extends Shape, First, Others extends readonly Stream<Fields>[]>(
    first: Stream<Fields, First>,
    ...others: Others
  ): Stream<Fields, First & InputsOfStreams<Others>> {
    return first.merge(...others);
  }
}

/** How a flow is built: declares operators on `flow`, depending on nothing but `params`. */
export type Build<Params, Built> = (flow: FlowBuilder, params: Params) => Built;

/** Marks values of dataflow(), so that a worker finds them among a module's exports. */
export const FLOW = Symbol.for('millrace.flow');

/** A flow as any thread sees it: enough to build its graph. */
export interface FlowDefinition<Params = unknown, Built = unknown> {
  /** @internal */
  readonly [FLOW]: true;
  /** `import.meta.url` of the module that exports the flow. */
  readonly moduleUrl: string;
  /** Unique within the module. */
  readonly name: string;
  /** The parameters that it declares, if it does. */
  readonly params?: ParamTable;
  /** Declares the operators. */
  readonly build: Build<Params, Built>;
  /**
   * Awaited on a worker before it begins any actor.
   * @internal
   */
  prepare?(params: Params): Promise<void>;
}

export const isFlow = (value: unknown): value is FlowDefinition =>
  typeof value === 'object' && value !== null && (value as Partial<FlowDefinition>)[FLOW] === true;

/** Builds the graph of a flow with its params. */
export function buildGraph<Params>(flow: FlowDefinition<Params>, params: Params): Graph {
  const builder = new FlowBuilder(flow.name);
  flow.build(builder, params);
  return builder.graph.finish();
}
