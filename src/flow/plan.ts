// The physical plan: which operators share an actor, and which rings connect the actors.
// Promises: computed from the graph alone, so every thread that builds the same graph computes the same plan.
// A stage is a chain of operators that run in one actor; each of its replicas writes one ring and reads all rings of the
// stages before it.

import { KEY_GROUPS } from '../mailbox/hash.ts';
import type { Schema } from '../mailbox/schema.ts';
import { type GroupSet, groupSet } from '../state/groups/group-set.ts';
import { consumersOf, type Graph, inputSchema, type OperatorNode } from './graph.ts';
import { partitionsOf } from './source.ts';

export interface Stage {
  readonly index: number;
  /** The chain, first to last; each but the first is stateless and reads only the one before it. */
  readonly operators: readonly OperatorNode[];
  /** Replicas at the start, and at most: the rings and actors that there is memory for. */
  readonly parallelism: number;
  readonly replicas: number;
  /** Where its actors run: on workers, or in the app's own thread (push sources and collect). */
  readonly place: 'worker' | 'app';
  /** Stages whose rings it reads. */
  readonly upstream: readonly number[];
  /** Schema of its input and of its output ring. */
  readonly input: Schema | undefined;
  readonly output: Schema | undefined;
  /** Indices of the input's fields that it is partitioned by; undefined if it needs no hash. */
  readonly key: readonly number[] | undefined;
  /** True if its replicas share the tuples by where these stand in their rings. */
  readonly isUnordered: boolean;
  /** Of its source, which its replicas share; 1 if there is no source, or one that is not cut. */
  readonly partitions: number;
  /** The distinct keys of the stages behind it: the hash columns of its frames. */
  readonly outputKeys: readonly (readonly number[])[];
}

export interface Plan {
  readonly graph: Graph;
  readonly stages: readonly Stage[];
}

/** The name of a stage: that of its first operator. */
export const stageName = (stage: Stage): string => stage.operators[0].name;

/** The counts that a stage's actors keep: tuples in, tuples out; handed to each further operator, and left out by each. */
export const countsOf = (stage: Stage): number => 2 + 2 * (stage.operators.length - 1);

const last = <Item>(items: readonly Item[]): Item => items[items.length - 1];

function runsInApp(node: OperatorNode): boolean {
  return node.kind === 'collect' || node.source?.kind === 'push';
}

/** True if an operator may run in the actor of the one before it. */
function fuses(graph: Graph, node: OperatorNode, before: OperatorNode, replicas: number): boolean {
  if (!node.fuse || node.inputs.length !== 1 || node.state !== undefined || node.replicas.max > 1) return false;
  if (runsInApp(node) || runsInApp(before)) return false;
  const isSink = node.kind === 'forEach' || node.kind === 'sink';
  if (replicas > 1 && isSink) return false;
  return consumersOf(graph, before).length === 1;
}

/** True if a stage reads its input by key: it has state, or shares it with other replicas. */
const isPartitioned = (head: OperatorNode): boolean => head.state !== undefined || head.replicas.max > 1;

function keyIndices(graph: Graph, head: OperatorNode): number[] | undefined {
  if (!isPartitioned(head) || head.key === undefined) return undefined;
  const schema = inputSchema(graph, head);
  return head.key.map((field) => schema.indexOf(field));
}

/** Computes the plan of a graph. Operators are declared after their inputs, so one pass in order suffices. */
export function planOf(graph: Graph): Plan {
  const chains: OperatorNode[][] = [];
  const chainOf = new Map<number, OperatorNode[]>();
  for (const node of graph.operators) {
    const before = node.inputs.length === 1 ? graph.operators[node.inputs[0]] : undefined;
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
  const indexOf = (id: number): number => chains.indexOf(chainOf.get(id) as OperatorNode[]);
  const keys = chains.map((chain) => keyIndices(graph, chain[0]));
  const stages = chains.map((chain, index): Stage => {
    const [head] = chain;
    const consumers = chains.filter((other) => other[0].inputs.includes(last(chain).id));
    return {
      index,
      operators: chain,
      parallelism: head.parallelism,
      replicas: head.replicas.max,
      place: runsInApp(head) ? 'app' : 'worker',
      upstream: head.inputs.map(indexOf),
      input: head.inputs.length === 0 ? undefined : inputSchema(graph, head),
      output: last(chain).output,
      key: keys[index],
      isUnordered: head.isUnordered && head.replicas.max > 1,
      partitions: head.source === undefined ? 1 : partitionsOf(head.source),
      outputKeys: distinctKeys(consumers.map((consumer) => keys[chains.indexOf(consumer)])),
    };
  });
  return { graph, stages };
}

function distinctKeys(keys: readonly (readonly number[] | undefined)[]): number[][] {
  const found = new Map<string, number[]>();
  for (const key of keys) if (key !== undefined) found.set(key.join(), [...key]);
  return [...found.values()];
}

/** The hash column of an upstream stage's frames that a stage reads; 0 if it reads none. */
export function hashColumnOf(stage: Stage, upstream: Stage): number {
  const wanted = stage.key?.join();
  return Math.max(
    0,
    upstream.outputKeys.findIndex((key) => key.join() === wanted),
  );
}

/** The stages that read a stage's rings. */
export const downstreamOf = (plan: Plan, stage: Stage): Stage[] =>
  plan.stages.filter((other) => other.upstream.includes(stage.index));

/** The reader slot, in every ring of `upstream`, of a replica of `stage`. */
export function readerSlotOf(plan: Plan, upstream: Stage, stage: Stage, replica: number): number {
  let slot = 0;
  for (const reader of downstreamOf(plan, upstream)) {
    if (reader.index === stage.index) return slot + replica;
    slot += reader.replicas;
  }
  return slot;
}

/** The number of reader slots that a stage's rings need. */
export const readerSlots = (plan: Plan, stage: Stage): number =>
  downstreamOf(plan, stage).reduce((sum, reader) => sum + reader.replicas, 0);

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
