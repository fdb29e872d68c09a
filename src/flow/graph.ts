// The logical dataflow: operators and their streams, as the user's build function declares them.
// Promises: a graph that `finishGraph` returns is complete and consistent; it holds the user's closures, so it is built
// anew on every thread, and its fingerprint says whether two threads built the same one.

import { errors } from '../errors.ts';
import type { Schema, Shape } from '../mailbox/schema.ts';
import type { TableDefinition } from '../state/rows/row-layout.ts';
import type { HeldTime, TupleHolder } from './aggregates/combiner.ts';
import type { Asking } from './asking.ts';
import type { Bridge } from './bridge.ts';
import type { EventTime, StreamTime } from './event-time.ts';
import type { CheckedSupervision, FailurePolicy } from './failure-policy.ts';
import type { OperatorKind } from './kinds/kind.ts';
import type { Resident, ResidentHost } from './resident.ts';
import type { SinkDefinition } from './sink.ts';
import { type AnySource, partitionsOf } from './source.ts';

// biome-ignore lint/complexity/noBannedTypes: user closures of every shape; the typed API in dataflow.ts guards their use
type Closure = Function;

interface ReplicaBounds {
  readonly min: number;
  readonly max: number;
}

/** A stream: what an operator writes to one of its outputs. */
export interface StreamRef {
  readonly operator: number;
  readonly output: number;
}

/** What an operator reads as one: streams of one schema. */
export interface NodeInput {
  /** What it is called, if the operator has several. */
  readonly name?: string;
  readonly from: readonly StreamRef[];
  readonly schema: Schema;
  /** The fields that it is keyed by. */
  readonly key: readonly string[] | undefined;
  /** True if replicas may share it without a key. */
  readonly isUnordered: boolean;
  /** True if replicas may share it without a key, and what comes of it stays in its order. */
  readonly isOrdered?: boolean;
  /** What is known of the event times of its tuples; undefined if they have none. */
  readonly time: StreamTime | undefined;
  /** Gets its tuples, if the operator has a closure. */
  readonly closure: Closure | undefined;
  /** Which field of its tuples has the context of a trace; see traces/trace-fields.ts. */
  readonly traceField?: string;
  /** How its tuples may be combined before they travel. */
  readonly combined?: Combined;
  /** Which of the operator's own outputs it reads besides: a loop. */
  readonly loop?: number;
}

/** What takes the place of an input, if the chains that write it combine its tuples. */
export interface Combined {
  /** The last operator of each of these chains. */
  readonly operator: Omit<OperatorNode, 'id'>;
  /** Gets the combined tuples. */
  readonly closure: Closure;
}

export interface NodeOutput {
  /** Among the outputs of its operator. */
  readonly name: string;
  readonly schema: Schema;
  /** What is known of the event times of its tuples; undefined if they have none. */
  readonly time?: StreamTime | undefined;
  /** True if nobody needs to read it: what goes there is then counted. */
  readonly isOptional?: boolean;
}

/** One operator of the logical dataflow. */
export interface OperatorNode {
  readonly id: number;
  readonly name: string;
  readonly kind: OperatorKind;
  /** None for sources. */
  readonly inputs: readonly NodeInput[];
  /** None for sinks. */
  readonly outputs: readonly NodeOutput[];
  /** True if its closures emit by the names of its outputs, also if it has but one. */
  readonly emitsByName?: boolean;
  /** Replicas at the start. */
  readonly parallelism: number;
  /** How few and how many there may be while it runs. */
  readonly replicas: ReplicaBounds;
  /** False if it must not share an actor with the operator before it. */
  readonly fuse: boolean;
  /** What becomes of a tuple that it fails at. */
  readonly failure: FailurePolicy;
  /** Of the supervisor over its replicas. */
  readonly supervision: CheckedSupervision;
  readonly source?: AnySource;
  /** What the source's `list()` gave. */
  readonly listing?: readonly string[];
  readonly sink?: SinkDefinition<never>;
  readonly state?: Shape;
  readonly tables?: Readonly<Record<string, TableDefinition>>;
  /** Runs for each key at the end of the stream. */
  readonly end?: Closure;
  /** Runs for each timer of a key that is due. */
  readonly onTimer?: Closure;
  /** True if its timers go by event time. */
  readonly isInEventTime?: boolean;
  /** Of an operator with timers in event time: runs for each timer by the clock, which it sets with `context.clock`. */
  readonly onClock?: Closure;
  /** Which of its closures can go on without what they have failed at: see `isLeftOut` in timed/own-context.ts. */
  readonly leavesOut?: { readonly timers: boolean; readonly tuples: boolean };
  /** How it judges its tuples, if it gives them their event times. */
  readonly eventTime?: EventTime;
  /** How it asks, if its closure is awaited. */
  readonly asking?: Asking;
  /** The operator of the app's that it is a part of: what it fails at, that one has failed at. */
  readonly partOf?: string;
  /** Makes what holds its tuples until the batch commits. */
  readonly holder?: (emit: (tuple: unknown) => void, time?: HeldTime) => TupleHolder;
  /** How long these may wait for the commit, also if the job's commits do not linger as long. */
  readonly holdMs?: number;
  /** What hands its tuples on to a system of actors, or from it, and the input that it pushes into. */
  readonly bridge?: Bridge;
  readonly into?: string;
  /** Makes what lives beside its rows in each replica. */
  readonly resident?: (host: ResidentHost) => Resident;
}

export interface Graph {
  readonly name: string;
  readonly operators: readonly OperatorNode[];
  /** Equal on all threads that built the same flow. */
  readonly fingerprint: string;
}

/** What an app calls an operator. */
export const declaredName = ({ name, partOf }: Pick<OperatorNode, 'name' | 'partOf'>): string => partOf ?? name;

/** True if an input reads a stream. */
const reads = ({ from }: NodeInput, { operator, output }: StreamRef): boolean =>
  from.some((each) => each.operator === operator && each.output === output);

/** The inputs that read a stream, with their operators. */
export const consumersOf = (
  { operators }: Pick<Graph, 'operators'>,
  stream: StreamRef,
): { readonly node: OperatorNode; readonly input: NodeInput }[] =>
  operators.flatMap((node) => node.inputs.flatMap((input) => (reads(input, stream) ? [{ node, input }] : [])));

/** Everything of an operator that the plan or the layout of shared memory depends on. */
function fingerprintOf(node: OperatorNode): string {
  const { id, name, kind, inputs, outputs, parallelism, replicas, fuse, source, state, tables, end, onTimer } = node;
  const { isInEventTime, onClock, eventTime, asking } = node;
  return JSON.stringify([
    id,
    name,
    kind.name,
    inputs.map(({ from, key, isUnordered, isOrdered, combined }) => [
      from,
      key,
      isUnordered,
      isOrdered === true,
      combined !== undefined,
    ]),
    outputs.map(({ name: named, schema, time, isOptional }) => [named, schema.toString(), time, isOptional === true]),
    parallelism,
    replicas,
    fuse,
    source?.kind,
    source && partitionsOf(source),
    state,
    tables,
    end !== undefined,
    onTimer !== undefined,
    isInEventTime,
    onClock !== undefined,
    eventTime,
    asking,
  ]);
}

/** The inputs of an operator share its state, or its replicas, by keys of the same types. */
function requireOneKey(flow: string, { name, inputs, state, replicas }: OperatorNode): void {
  if (state === undefined && replicas.max === 1) return;
  const typesOf = ({ schema, key = [] }: NodeInput): string =>
    key.map((field) => schema.fields[schema.indexOf(field)].codec.label).join(', ');
  const [first, ...others] = inputs.map(typesOf);
  const other = others.find((types) => types !== first);
  if (other === undefined) return;
  throw errors.badFlow(
    flow,
    `the inputs of operator '${name}' have keys of the types (${first}) and (${other}): key them alike`,
  );
}

/**
 * Checks a declared graph as a whole.
 * @throws MillraceError DUPLICATE_NAME, NO_CONSUMER, BAD_FLOW
 */
export function finishGraph(name: string, operators: readonly OperatorNode[]): Graph {
  if (operators.length === 0) throw errors.badFlow(name, 'declares no operator: begin with flow.source(…)');
  const seen = new Map<string, OperatorNode>();
  for (const node of operators) {
    const other = seen.get(node.name);
    if (other !== undefined) throw errors.duplicateName(name, node.name, [other.kind.name, node.kind.name]);
    seen.set(node.name, node);
  }
  const fingerprint = operators.map(fingerprintOf).join('\n');
  const graph = { name, operators, fingerprint };
  for (const node of operators) {
    for (const { operator, output } of node.inputs.flatMap(({ from }) => from)) {
      const read = operators[operator];
      if (read.outputs[output] === undefined) {
        throw errors.badFlow(
          name,
          `operator '${node.name}' reads '${read.name}', which has no output: give it an 'output' schema`,
        );
      }
    }
    const isRead = node.outputs.map((_, output) => consumersOf(graph, { operator: node.id, output }).length > 0);
    const isUnread = node.outputs.some(({ isOptional }, output) => !isRead[output] && isOptional !== true);
    if (isUnread || (isRead.length > 0 && !isRead.includes(true))) throw errors.noConsumer(name, node.name);
    requireOneKey(name, node);
  }
  return graph;
}
