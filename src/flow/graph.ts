// The logical dataflow: operators and their streams, as the user's build function declares them.
// Promises: a graph that `finishGraph` returns is complete and consistent; it holds the user's closures, so it is built
// anew on every thread, and its fingerprint says whether two threads built the same one.

import { errors } from '../errors.ts';
import type { Schema, Shape } from '../mailbox/schema.ts';
import type { TableDefinition } from '../state/rows/row-layout.ts';
import type { CheckedSupervision, FailurePolicy } from './failure-policy.ts';
import type { SinkDefinition } from './sink.ts';
import { type AnySource, partitionsOf } from './source.ts';

export type OperatorKind = 'source' | 'map' | 'filter' | 'flatMap' | 'process' | 'collect' | 'forEach' | 'sink';

// biome-ignore lint/complexity/noBannedTypes: user closures of every shape; the typed API in dataflow.ts guards their use
type Closure = Function;

interface ReplicaBounds {
  readonly min: number;
  readonly max: number;
}

/** One operator of the logical dataflow. */
export interface OperatorNode {
  readonly id: number;
  readonly name: string;
  readonly kind: OperatorKind;
  /** Ids of the operators whose streams it reads. */
  readonly inputs: readonly number[];
  /** Fields of the input that it is keyed by. */
  readonly key: readonly string[] | undefined;
  /** True if its replicas may share its input without a key. */
  readonly isUnordered: boolean;
  /** Of its output; undefined for sinks. */
  readonly output: Schema | undefined;
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
  readonly sink?: SinkDefinition<never>;
  readonly closure?: Closure;
  readonly state?: Shape;
  readonly tables?: Readonly<Record<string, TableDefinition>>;
  /** Runs for each key at the end of the stream. */
  readonly end?: Closure;
}

export interface Graph {
  readonly name: string;
  readonly operators: readonly OperatorNode[];
  /** Equal on all threads that built the same flow. */
  readonly fingerprint: string;
}

/** The operator that a stream comes from. */
const inputNodes = (graph: Graph, node: OperatorNode): OperatorNode[] => node.inputs.map((id) => graph.operators[id]);

/** The schema of an operator's input: that of the streams it reads, which are all equal. */
export function inputSchema(graph: Graph, node: OperatorNode): Schema {
  const [first] = inputNodes(graph, node);
  if (first?.output === undefined) throw errors.invariant(`operator '${node.name}' reads a stream`);
  return first.output;
}

/** The operators that read an operator's stream. */
export const consumersOf = (graph: Graph, node: OperatorNode): OperatorNode[] =>
  graph.operators.filter((other) => other.inputs.includes(node.id));

const isSink = (node: OperatorNode): boolean => node.output === undefined;

/** Everything of an operator that the plan or the layout of shared memory depends on. */
function fingerprintOf(node: OperatorNode): string {
  const { id, name, kind, inputs, key, isUnordered, output, parallelism, replicas, fuse, source, state, tables, end } =
    node;
  const schema = output?.toString();
  return JSON.stringify([
    id,
    name,
    kind,
    inputs,
    key,
    isUnordered,
    schema,
    parallelism,
    replicas,
    fuse,
    source?.kind,
    source && partitionsOf(source),
    state,
    tables,
    end !== undefined,
  ]);
}

/**
 * Checks a declared graph as a whole.
 * @throws MillraceError DUPLICATE_NAME, NO_CONSUMER, BAD_FLOW
 */
export function finishGraph(name: string, operators: readonly OperatorNode[]): Graph {
  if (operators.length === 0) throw errors.badFlow(name, 'declares no operator: begin with flow.source(…)');
  const seen = new Set<string>();
  for (const node of operators) {
    if (seen.has(node.name)) throw errors.duplicateName(name, node.name);
    seen.add(node.name);
  }
  const fingerprint = operators.map(fingerprintOf).join('\n');
  const graph = { name, operators, fingerprint };
  for (const node of operators) {
    for (const input of inputNodes(graph, node)) {
      if (isSink(input)) {
        throw errors.badFlow(
          name,
          `operator '${node.name}' reads '${input.name}', which has no output: give it an 'output' schema`,
        );
      }
    }
    if (!isSink(node) && consumersOf(graph, node).length === 0) throw errors.noConsumer(name, node.name);
  }
  return graph;
}
