// The physical plan: which operators share an actor, and which rings connect the actors.
// Promises: computed from the graph alone, so every thread that builds the same graph computes the same plan.
// A stage is a chain of operators that run in one actor; each of its replicas writes a ring for each of its outputs, and reads all
// rings of the streams that its inputs are made of. Outputs of a stage are those of any of its operators that other stages read.

import { errors } from '../errors.ts';
import { KEY_GROUPS } from '../mailbox/hash.ts';
import type { Schema } from '../mailbox/schema.ts';
import { type GroupSet, groupSet } from '../state/groups/group-set.ts';
import type { StreamTime } from './event-time.ts';
import { type Combined, consumersOf, type Graph, type NodeInput, type OperatorNode, type StreamRef } from './graph.ts';
import { partitionsOf } from './source.ts';

/** One input of a stage: the first operator of its chain reads it. */
export interface StageInput {
  readonly schema: Schema;
  /** Indices of the fields that it is partitioned by; undefined if it needs no hash. */
  readonly key: readonly number[] | undefined;
  /** True if replicas share the tuples by where these stand in their rings. */
  readonly isUnordered: boolean;
  /** True if they do so block by block, and what they write is read in the order of what they have read. */
  readonly isOrdered: boolean;
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

/** Which output of which operator of a chain, both from 0 on. */
interface ChainOutput {
  readonly operator: number;
  readonly output: number;
}

/** One output of a stage: what one of its operators writes for other stages. */
export interface StageOutput extends ChainOutput {
  readonly name: string;
  /** The stream of the graph that it is; a combiner writes in the place of the operator before it. */
  readonly stream: StreamRef;
  readonly schema: Schema;
  /** The distinct keys of the inputs behind it: the hash columns of its frames. */
  readonly keys: readonly (readonly number[])[];
  /** What is known of the event times that its tuples travel with; undefined if they have none. */
  readonly time: StreamTime | undefined;
}

export interface Stage {
  readonly index: number;
  /** The chain, first to last; each but the first is stateless and reads only one output of the one before it. */
  readonly operators: readonly OperatorNode[];
  /** Replicas at the start, and at most: the rings and actors that there is memory for. */
  readonly parallelism: number;
  readonly replicas: number;
  /** Where its actors run: on workers, or in the app's own thread (push sources and collect). */
  readonly place: 'worker' | 'app';
  readonly inputs: readonly StageInput[];
  /** The streams that it reads, those of its first input first. */
  readonly upstream: readonly Upstream[];
  /** Those of its operators that are not handed on in the chain, in the order of the chain. */
  readonly outputs: readonly StageOutput[];
  /** Optional outputs of its operators that nobody reads: what goes there is counted. */
  readonly unread: readonly ChainOutput[];
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

/** True of a stage whose replicas keep the order of its input together. */
export const keepsOrder = ({ inputs }: Pick<Stage, 'inputs'>): boolean => inputs.some(({ isOrdered }) => isOrdered);

/** True if replicas can share an input: by its key, or by where its tuples stand. */
export const isShareable = ({
  key,
  isUnordered,
  isOrdered,
}: Pick<NodeInput, 'isUnordered' | 'isOrdered'> & { readonly key: unknown }): boolean =>
  key !== undefined || isUnordered || isOrdered === true;

/** The name of a stage: that of its first operator. */
export const stageName = (stage: Stage): string => stage.operators[0].name;

const last = <Item>(items: readonly Item[]): Item => items[items.length - 1];

/** Chains of operators that share an actor, by the ids of their operators. */
type Chains = ReadonlyMap<number, OperatorNode[]>;

/** The chain whose last operator writes a stream, if nothing is behind it yet. */
function chainBehind({ operator }: StreamRef, chainOf: Chains): OperatorNode[] | undefined {
  const chain = chainOf.get(operator);
  // A combiner has the id of the operator before it.
  return chain !== undefined && last(chain).id === operator && last(chain).holder === undefined ? chain : undefined;
}

/** The chain that an operator may run at the end of: it reads one stream, alone, and the first of those that may is the one that does. */
function chainBefore(graph: Graph, node: OperatorNode, chainOf: Chains): OperatorNode[] | undefined {
  const [stream, ...others] = node.inputs.flatMap(({ from }) => from);
  if (stream === undefined || others.length > 0) return undefined;
  if (!node.fuse || node.state !== undefined || node.replicas.max > 1 || node.kind.place !== 'worker') return undefined;
  const chain = chainBehind(stream, chainOf);
  if (chain === undefined || last(chain).kind.place !== 'worker') return undefined;
  if (chain[0].replicas.max > 1 && node.kind.role === 'sink') return undefined;
  return consumersOf(graph, stream).length === 1 ? chain : undefined;
}

/** True of a chain whose replicas keep the order of its input together. */
const isInOrder = ([{ inputs, replicas }]: readonly OperatorNode[]): boolean =>
  replicas.max > 1 && inputs.some(({ isOrdered }) => isOrdered === true);

/** The chains that write an input, if each has room for a combiner of its tuples: otherwise each writes for this input alone. */
function chainsToCombine(graph: Graph, { from }: NodeInput, chainOf: Chains): OperatorNode[][] | undefined {
  const chains = from.flatMap((stream) => {
    const chain = chainBehind(stream, chainOf);
    // What is combined has no order any more that the replicas could keep.
    const hasRoom = chain !== undefined && last(chain).kind.place === 'worker' && !isInOrder(chain);
    return hasRoom && consumersOf(graph, stream).length === 1 ? [chain] : [];
  });
  return new Set(chains).size === from.length ? chains : undefined;
}

/** How the inputs are combined whose writers do so. */
type CombinedInputs = ReadonlyMap<NodeInput, Combined>;

function stageInput(head: OperatorNode, input: NodeInput, combinedInputs: CombinedInputs): StageInput {
  // What has state, or shares its input with other replicas, reads by key.
  const isPartitioned = head.state !== undefined || head.replicas.max > 1;
  const { key, isUnordered, isOrdered } = input;
  const combined = combinedInputs.get(input);
  const { closure } = combined ?? input;
  const schema = combined?.operator.outputs[0].schema ?? input.schema;
  return {
    schema,
    key: isPartitioned ? key?.map((field) => schema.indexOf(field)) : undefined,
    isUnordered: isUnordered && head.replicas.max > 1,
    isOrdered: isOrdered === true && head.replicas.max > 1,
    closure,
  };
}

/** What operators of a chain write for others, and what of it nobody reads though it might. */
function outputsOf(graph: Graph, chain: readonly OperatorNode[], combinedInputs: CombinedInputs) {
  const outputs: StageOutput[] = [];
  const unread: ChainOutput[] = [];
  chain.forEach((node, operator) => {
    const handedOn = chain[operator + 1]?.inputs[0].from[0].output;
    node.outputs.forEach(({ name, schema, time, isOptional }, output) => {
      if (output === handedOn) return;
      const isCombiner = operator > 0 && node.id === chain[operator - 1].id;
      const stream = isCombiner ? node.inputs[0].from[0] : { operator: node.id, output };
      const consumers = consumersOf(graph, stream);
      if (consumers.length === 0 && isOptional === true) unread.push({ operator, output });
      else {
        const keys = consumers.map((consumer) => stageInput(consumer.node, consumer.input, combinedInputs).key);
        outputs.push({ operator, output, name, stream, schema, keys: distinctKeys(keys), time });
      }
    });
  });
  return { outputs, unread };
}

/** Computes the plan of a graph. Operators are declared after their inputs, so one pass in order suffices. */
export function planOf(graph: Graph): Plan {
  const chains: OperatorNode[][] = [];
  const chainOf = new Map<number, OperatorNode[]>();
  for (const node of graph.operators) {
    const before = chainBefore(graph, node, chainOf);
    const chain = before ?? [];
    if (before === undefined) chains.push(chain);
    chain.push(node);
    chainOf.set(node.id, chain);
  }
  const combinedInputs = new Map<NodeInput, Combined>();
  for (const input of graph.operators.flatMap(({ inputs }) => inputs)) {
    const { combined, from } = input;
    const writers = combined && chainsToCombine(graph, input, chainOf);
    if (writers === undefined || combined === undefined) continue;
    combinedInputs.set(input, combined);
    writers.forEach((chain, writer) => {
      // It writes in the place of the operator before it, and readings tell the combiners of merged streams apart by their names.
      const name = from.length === 1 ? combined.operator.name : `${combined.operator.name}-${writer + 1}`;
      const inputs = combined.operator.inputs.map((each) => ({ ...each, from: [from[writer]] }));
      chain.push({ ...combined.operator, inputs, id: from[writer].operator, name });
    });
  }
  const written = chains.map((chain) => outputsOf(graph, chain, combinedInputs));
  const upstreamOf = ({ operator, output }: StreamRef, input: number): Upstream => {
    const stage = chains.indexOf(chainOf.get(operator) as OperatorNode[]);
    const { outputs } = written[stage];
    return {
      stage,
      output: outputs.findIndex(({ stream: of }) => of.operator === operator && of.output === output),
      input,
    };
  };
  const stages = chains.map((chain, index): Stage => {
    const [head] = chain;
    return {
      index,
      operators: chain,
      parallelism: head.parallelism,
      replicas: head.replicas.max,
      place: head.kind.place,
      inputs: head.inputs.map((input) => stageInput(head, input, combinedInputs)),
      upstream: head.inputs.flatMap(({ from }, input) => from.map((stream) => upstreamOf(stream, input))),
      ...written[index],
      partitions: head.source === undefined ? 1 : partitionsOf(head.source),
    };
  });
  requireJudged(graph, stages);
  requireOneRing(stages);
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

/** Places are those of one ring (src/mailbox/places.ts). */
function requireOneRing(stages: readonly Stage[]): void {
  for (const stage of stages) {
    const rings = stage.upstream.reduce((sum, { stage: index }) => sum + stages[index].replicas, 0);
    if (keepsOrder(stage) && rings !== 1) {
      throw errors.invariant(`'${stageName(stage)}' keeps the order of one ring, and reads ${rings}`);
    }
  }
}

function isAtSource(stages: readonly Stage[], { operators, upstream, replicas }: Stage): boolean {
  if (operators[0].source !== undefined) return true;
  return replicas === 1 && upstream.length === 1 && stages[upstream[0].stage].place === 'app';
}

/** Where the tuples of an output go: to the next operator of the chain, to an output of the stage, or nowhere, and are counted. */
export type Destination = { readonly to: 'next' } | { readonly to: 'port' | 'nowhere'; readonly index: number };

/** @param at an operator of the stage's chain, and one of its outputs */
export function destinationOf({ outputs, unread }: Pick<Stage, 'outputs' | 'unread'>, at: ChainOutput): Destination {
  const isIt = ({ operator, output }: ChainOutput): boolean => operator === at.operator && output === at.output;
  const port = outputs.findIndex(isIt);
  if (port >= 0) return { to: 'port', index: port };
  const index = unread.findIndex(isIt);
  return index >= 0 ? { to: 'nowhere', index } : { to: 'next' };
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
