// The physical plan: which operators share an actor, and which rings connect the actors.
// Promises: computed from the graph alone, so every thread that builds the same graph computes the same plan.
// A stage is a chain of operators that run in one actor; each of its replicas writes a ring for each of its outputs, and reads all
// rings of the streams that its inputs are made of.

import { errors } from '../errors.ts';
import { KEY_GROUPS } from '../mailbox/hash.ts';
import type { Schema } from '../mailbox/schema.ts';
import { type GroupSet, groupSet } from '../state/groups/group-set.ts';
import type { StreamTime } from './event-time.ts';
import { type Combined, consumersOf, type Graph, type NodeInput, type OperatorNode } from './graph.ts';
import { partitionsOf } from './source.ts';

/** One input of a stage: the first operator of its chain reads it. */
export interface StageInput {
  readonly schema: Schema;
  /** Indices of the fields that it is partitioned by; undefined if it needs no hash. */
  readonly key: readonly number[] | undefined;
  /** True if replicas share the tuples by where these stand in their rings. */
  readonly isUnordered: boolean;
  readonly closure: NodeInput['closure'];
}

/** A stream that a stage reads, ring by ring. */
interface Upstream {
  readonly stage: number;
  /** Which of that stage's outputs. */
  readonly output: number;
  /** Which of the reading stage's inputs it belongs to. */
  readonly input: number;
}

/** One output of a stage: the last operator of its chain writes it. */
export interface StageOutput {
  readonly name: string;
  readonly schema: Schema;
  /** The distinct keys of the inputs behind it: the hash columns of its frames. */
  readonly keys: readonly (readonly number[])[];
  /** What is known of the event times that its tuples travel with; undefined if they have none. */
  readonly time: StreamTime | undefined;
}

export interface Stage {
  readonly index: number;
  /** The chain, first to last; each but the first is stateless and reads only the one before it. */
  readonly operators: readonly OperatorNode[];
  /** Replicas at the start, and at most: the rings and actors that there is memory for. */
  readonly parallelism: number;
  readonly replicas: number;
  /** Where its actors run: on workers, or in the app's own thread (push sources and collect). */
  readonly place: 'worker' | 'app';
  readonly inputs: readonly StageInput[];
  /** The streams that it reads, those of its first input first. */
  readonly upstream: readonly Upstream[];
  readonly outputs: readonly StageOutput[];
  /** Of its source, which its replicas share; 1 if there is no source, or one that is not cut. */
  readonly partitions: number;
}

export interface Plan {
  readonly graph: Graph;
  readonly stages: readonly Stage[];
}

/** True of a stage that reads what it writes. */
export const readsItself = ({ index, upstream }: Pick<Stage, 'index' | 'upstream'>): boolean =>
  upstream.some(({ stage }) => stage === index);

/** The name of a stage: that of its first operator. */
export const stageName = (stage: Stage): string => stage.operators[0].name;

/** The counts that a stage's actors keep: tuples in, tuples out; handed to each further operator, and left out by each. */
export const countsOf = (stage: Stage): number => 2 + 2 * (stage.operators.length - 1);

const last = <Item>(items: readonly Item[]): Item => items[items.length - 1];

/** True if an operator may run in the actor of the one before it. */
function fuses(graph: Graph, node: OperatorNode, before: OperatorNode, replicas: number): boolean {
  if (!node.fuse || node.state !== undefined || node.replicas.max > 1) return false;
  if (node.kind.place !== 'worker' || before.kind.place !== 'worker') return false;
  if (replicas > 1 && node.kind.role === 'sink') return false;
  return before.outputs.length === 1 && consumersOf(graph, { operator: before.id, output: 0 }).length === 1;
}

/** The operator that an operator is alone in reading one stream of, if it reads nothing else. */
function onlyInput({ operators }: Graph, { inputs }: OperatorNode): OperatorNode | undefined {
  return inputs.length === 1 && inputs[0].from.length === 1 ? operators[inputs[0].from[0].operator] : undefined;
}

/** How the chains that write an input combine its tuples; undefined if one of them does not: each writes for this input alone then. */
function combinedOf(graph: Graph, { from, combined }: NodeInput): Combined | undefined {
  const hasRoom = from.every((stream) => {
    const { kind, outputs } = graph.operators[stream.operator];
    return kind.place === 'worker' && outputs.length === 1 && consumersOf(graph, stream).length === 1;
  });
  return hasRoom ? combined : undefined;
}

function stageInput(graph: Graph, head: OperatorNode, input: NodeInput): StageInput {
  // What has state, or shares its input with other replicas, reads by key.
  const isPartitioned = head.state !== undefined || head.replicas.max > 1;
  const { key, isUnordered } = input;
  const combined = combinedOf(graph, input);
  const { closure } = combined ?? input;
  const schema = combined?.operator.outputs[0].schema ?? input.schema;
  return {
    schema,
    key: isPartitioned ? key?.map((field) => schema.indexOf(field)) : undefined,
    isUnordered: isUnordered && head.replicas.max > 1,
    closure,
  };
}

/** Computes the plan of a graph. Operators are declared after their inputs, so one pass in order suffices. */
export function planOf(graph: Graph): Plan {
  const chains: OperatorNode[][] = [];
  const chainOf = new Map<number, OperatorNode[]>();
  for (const node of graph.operators) {
    const before = onlyInput(graph, node);
    const chain = before && chainOf.get(before.id);
    if (before !== undefined && chain !== undefined && fuses(graph, node, before, chain[0].replicas.max)) {
      chain.push(node);
      chainOf.set(node.id, chain);
    } else {
      const started = [node];
      chains.push(started);
      chainOf.set(node.id, started);
    }
  }
  // Nobody else reads what they write, so nothing has come behind them in their chains.
  for (const input of graph.operators.flatMap(({ inputs }) => inputs)) {
    const combined = combinedOf(graph, input);
    if (combined === undefined) continue;
    input.from.forEach(({ operator }, writer) => {
      // It writes in the place of the operator before it, and readings tell the combiners of merged streams apart by their names.
      const name = input.from.length === 1 ? combined.operator.name : `${combined.operator.name}-${writer + 1}`;
      chainOf.get(operator)?.push({ ...combined.operator, id: operator, name });
    });
  }
  const indexOf = (id: number): number => chains.indexOf(chainOf.get(id) as OperatorNode[]);
  const stages = chains.map((chain, index): Stage => {
    const [head] = chain;
    const { id, outputs } = last(chain);
    return {
      index,
      operators: chain,
      parallelism: head.parallelism,
      replicas: head.replicas.max,
      place: head.kind.place,
      inputs: head.inputs.map((input) => stageInput(graph, head, input)),
      upstream: head.inputs.flatMap(({ from }, input) =>
        from.map(({ operator, output }) => ({ stage: indexOf(operator), output, input })),
      ),
      outputs: outputs.map(({ name, schema, time }, output) => {
        const consumers = consumersOf(graph, { operator: id, output });
        const keys = consumers.map(({ node, input }) => stageInput(graph, node, input).key);
        return { name, schema, keys: distinctKeys(keys), time };
      }),
      partitions: head.source === undefined ? 1 : partitionsOf(head.source),
    };
  });
  requireJudged(graph, stages);
  return { graph, stages };
}

/**
 * Tuples are judged in the order of a partition: by the stage that reads it, or by the only replica behind the app's own thread.
 * @throws MillraceError BAD_FLOW
 */
function requireJudged(graph: Graph, stages: readonly Stage[]): void {
  for (const stage of stages) {
    const k = stage.operators.findIndex(({ eventTime }) => eventTime !== undefined);
    if (k < 0 || isAtSource(stages, stage)) continue;
    throw errors.lateEventTime(graph.name, stage.operators[k].name, stageName(stage));
  }
}

function isAtSource(stages: readonly Stage[], { operators, upstream, replicas }: Stage): boolean {
  if (operators[0].source !== undefined) return true;
  return replicas === 1 && upstream.length === 1 && stages[upstream[0].stage].place === 'app';
}

function distinctKeys(keys: readonly (readonly number[] | undefined)[]): number[][] {
  const found = new Map<string, number[]>();
  for (const key of keys) if (key !== undefined) found.set(key.join(), [...key]);
  return [...found.values()];
}

/** What a stage reads of an upstream stream: which output it is, as which input, and where its hashes are. */
export interface ReadStream {
  readonly from: Stage;
  readonly written: StageOutput;
  readonly input: StageInput;
  /** Which of the input this is. */
  readonly inputIndex: number;
  /** The hash column that the stage reads of its frames; 0 if it reads none. */
  readonly hashColumn: number;
}

/** The streams that a stage reads, in the order of {@link Stage.upstream}. */
export const streamsOf = (plan: Plan, stage: Stage): ReadStream[] =>
  stage.upstream.map(({ stage: index, output, input }) => {
    const from = plan.stages[index];
    const written = from.outputs[output];
    const wanted = stage.inputs[input].key?.join();
    const hashColumn = Math.max(
      0,
      written.keys.findIndex((key) => key.join() === wanted),
    );
    return { from, written, input: stage.inputs[input], inputIndex: input, hashColumn };
  });

/** Who reads the rings of one of a stage's outputs: a stage, and as which of its upstream streams. */
export interface StreamReader {
  readonly stage: Stage;
  readonly upstream: number;
  /** The reader slot of its first replica, in every ring of the output. */
  readonly slot: number;
}

export function readersOf(plan: Plan, writer: Stage, output: number): StreamReader[] {
  let slot = 0;
  return plan.stages.flatMap((stage) =>
    stage.upstream.flatMap((read, upstream): StreamReader[] => {
      if (read.stage !== writer.index || read.output !== output) return [];
      const found = { stage, upstream, slot };
      slot += stage.replicas;
      return [found];
    }),
  );
}

/** The reader slot, in every ring of its upstream stream, of a replica of `stage`. */
export function readerSlotOf(plan: Plan, stage: Stage, upstream: number, replica: number): number {
  const { stage: writer, output } = stage.upstream[upstream];
  const found = readersOf(plan, plan.stages[writer], output).find(
    (reader) => reader.stage === stage && reader.upstream === upstream,
  );
  return (found?.slot ?? 0) + replica;
}

/** The number of reader slots that the rings of an output need. */
export const readerSlots = (plan: Plan, writer: Stage, output: number): number =>
  readersOf(plan, writer, output).reduce((sum, { stage }) => sum + stage.replicas, 0);

/** What the replicas of a stage share: its key groups, or the partitions of its source, numbered from 0. */
export const groupCount = ({ partitions }: Stage): number => (partitions > 1 ? partitions : KEY_GROUPS);

/** Who owns a key group at the start: contiguous ranges of nearly equal size. */
export const initialOwner = (group: number, parallelism: number, groups = KEY_GROUPS): number =>
  Math.floor((group * parallelism) / groups);

/** The key groups that a replica owns at the start, unless it begins dormant. */
export function initialGroups(replica: number, parallelism: number, count = KEY_GROUPS): GroupSet | 'dormant' {
  if (replica >= parallelism) return 'dormant';
  const groups = Array.from({ length: count }, (_, group) => group);
  return groupSet(groups.filter((group) => initialOwner(group, parallelism, count) === replica));
}
