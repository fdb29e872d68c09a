// Random flows as data: the cases of `npm run simulate`, and those that tests run without a simulation.
// Promises: a case depends on its seed alone.

import type { ParallelismRange } from '../../src/flow/operator-options.ts';
import { Random } from '../../src/testing/random.ts';

type SourceKind = 'generate' | 'array' | 'async' | 'bursts' | 'push';

export interface SourceCase {
  readonly kind: SourceKind;
  readonly tuples: number;
  readonly keys: number;
  /** Of generated tuples; undefined for as fast as possible. */
  readonly ratePerSecond: number | undefined;
  /** Tuples after which an async iterable pauses, or a reader of bursts says wait; 0 for never. */
  readonly burst: number;
  /** All tuples of a key are of one partition: there are as many keys, or a multiple of it. */
  readonly partitions: number;
  readonly parallelism: Parallelism;
}

/** A range for an elastic operator. */
export type Parallelism = number | Required<ParallelismRange>;

export type OperatorCase =
  | {
      readonly kind: 'map';
      readonly fuse: boolean;
      readonly parallelism: Parallelism;
      /** True if its tuples go to any replica, and so in no order: the last operator of a flow. */
      readonly isUnordered: boolean;
      /** True if its tuples go to any replica, and stay in their order. */
      readonly isOrdered?: boolean;
    }
  | { readonly kind: 'filter'; readonly fuse: boolean; readonly drop: number }
  | { readonly kind: 'flatMap'; readonly fuse: boolean; readonly parts: number }
  /** Hands all its tuples on, and puts some of them into an output of their own, and all of them into one that nobody reads. */
  | { readonly kind: 'fork'; readonly fuse: boolean; readonly sideEvery: number }
  | {
      /** The last operator of a flow: what it gives has no order. */
      readonly kind: 'aggregate';
      readonly parallelism: Parallelism;
      readonly combine: boolean;
      readonly combineMs: number;
    }
  | {
      readonly kind: 'process';
      readonly parallelism: Parallelism;
      readonly withTable: boolean;
      readonly atEnd: boolean;
      /** Tuples after which a key is removed; 0 for never. */
      readonly life: number;
    };

export interface FlowCase {
  /** Of poison and sinks. */
  readonly seed: number;
  /** Merged, if there are several: the tuples of each have keys of their own. */
  readonly sources: readonly SourceCase[];
  readonly operators: readonly OperatorCase[];
  /** Of how many tuples one is poison for an operator; 0 for none. */
  readonly poisonEvery: number;
  readonly failure: 'deadLetter' | 'escalate';
  /** True for a second reader of the last stream: a sink. */
  readonly withSink: boolean;
  /** Bytes of text that each tuple carries. */
  readonly textBytes: number;
  /** Closures throw an {@link Interruption} when this many more tuples have come to them. */
  readonly interruptAfter?: readonly number[];
  readonly strategy: 'one_for_one' | 'one_for_all' | 'rest_for_one';
}

/** What a test throws on purpose, to interrupt a batch anywhere. */
export class Interruption extends Error {}

/** Rings that a burst overfills, and batches that wait for more all the same. */
interface Tightness {
  readonly ringBytes: number;
  readonly lingerMs: number;
}

export interface SimulationCase {
  readonly flow: FlowCase;
  /** Undefined for rings and linger as simulate() draws them. */
  readonly tight: Tightness | undefined;
  /** True if tuples are left out in which workers die again and again. */
  readonly killers: boolean;
  readonly backup: { readonly everyMs: number; readonly restore: 'ifDamaged' | 'always' } | undefined;
  /** Virtual time after which the app ends the sources; undefined for never. */
  readonly stopAfterMs: number | undefined;
  /** Chance that a turn of a worker is followed by a change of replicas, key groups or workers. */
  readonly changes: number;
  /** How often the app reads state meanwhile. */
  readonly stateReads: number;
}

const OPERATORS_MAX = 4;
const REPLICAS_MAX = 4;
const UNORDERED_CHANCE = 0.2;
const AGGREGATE_CHANCE = 0.3;
const ORDERED_CHANCE = 0.3;
const FORK_CHANCE = 0.3;
const PARTITIONED_CHANCE = 0.3;
const PARTITIONS_MAX = 7;
const TIGHT_CHANCE = 0.3;
/** What a tuple of a simulated flow takes in its ring beside its text: half a ring must hold both. */
const TUPLE_BYTES_BESIDE_TEXT = 160;
const BURST_MAX = 24;
const TUPLES_MIN = 20;
const TUPLES_MAX = 500;

export const replicasMax = (parallelism: Parallelism): number =>
  typeof parallelism === 'number' ? parallelism : parallelism.max;

function range(random: Random): Required<ParallelismRange> {
  const max = 2 + random.below(REPLICAS_MAX - 1);
  const min = random.pick([1, 1, 1, 2]);
  return { min, max, start: min + random.below(max - min + 1) };
}

export const parallelismOf = (random: Random): Parallelism => random.pick([1, 1, 2, 3, range(random), range(random)]);

function sourceCase(random: Random): SourceCase {
  const kind = random.weighted<SourceKind>({ generate: 4, array: 2, async: 2, push: 2 });
  const tuples = Math.floor(TUPLES_MIN * (TUPLES_MAX / TUPLES_MIN) ** random.next());
  const ratePerSecond = random.pick([undefined, undefined, 20_000, 2000]);
  return { kind, tuples, keys: random.pick([1, 3, 10, 60]), ratePerSecond, burst: 0, partitions: 1, parallelism: 1 };
}

/** The same source, or one of several partitions that replicas share. */
function partitioned(random: Random, source: SourceCase): SourceCase {
  if (source.kind === 'push' || !random.chance(PARTITIONED_CHANCE)) return source;
  const partitions = 2 + random.below(PARTITIONS_MAX - 1);
  const keys = Math.ceil(source.keys / partitions) * partitions;
  const drawn = parallelismOf(random);
  return { ...source, keys, partitions, parallelism: replicasMax(drawn) > partitions ? partitions : drawn };
}

/** The same source, or one that waits between its tuples. */
function waiting(random: Random, source: SourceCase): SourceCase {
  const kind = random.pick<SourceKind>([source.kind, 'async', 'bursts', 'bursts']);
  const burst = 1 + random.below(BURST_MAX);
  return source.kind === 'push' ? source : { ...source, kind, burst };
}

/** The same case, or one whose sources wait, whose batches linger, and whose rings hold few of its tuples, or one or two. */
function tightened(random: Random, drawn: SimulationCase): SimulationCase {
  if (!random.chance(TIGHT_CHANCE)) return drawn;
  const ringBytes = random.pick([1 << 12, 1 << 13, 1 << 14]);
  const lingerMs = random.pick([1, 5, 20, 1000]);
  const textBytes = random.pick([drawn.flow.textBytes, ringBytes >> 3, (ringBytes >> 1) - TUPLE_BYTES_BESIDE_TEXT]);
  const backup = drawn.backup ?? random.pick([undefined, { everyMs: random.pick([2, 20, 200]), restore: 'ifDamaged' }]);
  const sources = drawn.flow.sources.map((source) => waiting(random, source));
  return { ...drawn, flow: { ...drawn.flow, sources, textBytes }, tight: { ringBytes, lingerMs }, backup };
}

/** What operators are drawn from. */
interface OperatorRanges {
  readonly parallelism: (random: Random) => Parallelism;
  /** Of five tuples a filter drops this many at least, and four at most. */
  readonly dropMin: number;
  readonly partsMin: number;
  readonly partsMax: number;
}

const SIMULATED: OperatorRanges = { parallelism: parallelismOf, dropMin: 1, partsMin: 2, partsMax: 4 };

function operatorCase(random: Random, { parallelism, dropMin, partsMin, partsMax }: OperatorRanges): OperatorCase {
  const fuse = random.chance(0.5);
  switch (random.weighted({ map: 3, filter: 1, flatMap: 2, process: 5 })) {
    case 'map':
      return { kind: 'map', fuse, parallelism: parallelism(random), isUnordered: false };
    case 'filter':
      return { kind: 'filter', fuse, drop: dropMin + random.below(5 - dropMin) };
    case 'flatMap':
      return { kind: 'flatMap', fuse, parts: partsMin + random.below(partsMax - partsMin + 1) };
    case 'process':
      return {
        kind: 'process',
        parallelism: parallelism(random),
        withTable: random.chance(0.5),
        atEnd: random.chance(0.4),
        life: random.pick([0, 0, 0, 7]),
      };
  }
}

/** The same case, or one whose tuples are aggregated in the end. A combined row is many tuples: none is left out by itself. */
function aggregated(random: Random, drawn: SimulationCase): SimulationCase {
  if (!random.chance(AGGREGATE_CHANCE)) return drawn;
  const operator: OperatorCase = {
    kind: 'aggregate',
    parallelism: parallelismOf(random),
    combine: random.chance(0.8),
    combineMs: random.pick([0, 1, 5, 200]),
  };
  return { ...drawn, flow: { ...drawn.flow, operators: [...drawn.flow.operators, operator] }, killers: false };
}

/** The same flow, or one in which an operator somewhere has several outputs. What is in no order stays behind it. */
export function forked(random: Random, flow: FlowCase): FlowCase {
  if (!random.chance(FORK_CHANCE)) return flow;
  const operators = [...flow.operators];
  const ordered = operators.findIndex((operator) => operator.kind === 'map' && operator.isUnordered);
  const places = ordered < 0 ? operators.length : ordered;
  const fork: OperatorCase = { kind: 'fork', fuse: random.chance(0.7), sideEvery: random.pick([1, 2, 7]) };
  operators.splice(random.below(places + 1), 0, fork);
  return { ...flow, operators };
}

/** The same flow, or one in which replicas of an operator somewhere keep the order together, before what is in no order. */
function inOrder(random: Random, flow: FlowCase, parallelism: Parallelism): FlowCase {
  if (!random.chance(ORDERED_CHANCE)) return flow;
  const operators = [...flow.operators];
  const unordered = operators.findIndex((operator) => operator.kind === 'map' && operator.isUnordered);
  const places = unordered < 0 ? operators.length : unordered;
  const operator: OperatorCase = { kind: 'map', fuse: false, parallelism, isUnordered: false, isOrdered: true };
  operators.splice(random.below(places + 1), 0, operator);
  return { ...flow, operators };
}

export function caseOf(seed: number): SimulationCase {
  const drawn = caseWithout(seed);
  const random = new Random(seed ^ 0x0de2);
  const flow = inOrder(random, forked(new Random(seed ^ 0x51de), drawn.flow), range(random));
  return aggregated(new Random(seed ^ 0xa66), { ...drawn, flow });
}

function caseWithout(seed: number): SimulationCase {
  const random = new Random(seed ^ 0xf10f);
  const sources = Array.from({ length: random.pick([1, 1, 1, 2, 3]) }, () => sourceCase(random));
  const operators = Array.from({ length: random.below(OPERATORS_MAX + 1) }, () => operatorCase(random, SIMULATED));
  if (random.chance(UNORDERED_CHANCE)) {
    operators.push({ kind: 'map', fuse: false, parallelism: range(random), isUnordered: true });
  }
  const backup = random.chance(0.4)
    ? { everyMs: random.pick([2, 20, 200]), restore: random.pick(['ifDamaged', 'always'] as const) }
    : undefined;
  // Restored state processes tuples again: one that a worker died in twice, and that was left out, would then be processed.
  const failure = backup?.restore === 'always' ? 'escalate' : 'deadLetter';
  const drawn: SimulationCase = {
    flow: {
      seed,
      sources,
      operators,
      poisonEvery: failure === 'deadLetter' ? random.pick([0, 0, 30, 300]) : 0,
      failure,
      withSink: random.chance(0.3),
      textBytes: random.pick([0, 0, 10, 200]),
      strategy: random.weighted({ one_for_one: 4, one_for_all: 1, rest_for_one: 1 }),
    },
    tight: undefined,
    killers: random.chance(0.5),
    backup,
    stopAfterMs: random.chance(0.15) ? random.next() * 300 : undefined,
    stateReads: random.pick([0, 0, 1, 5]),
    changes: random.pick([0, 0.05, 0.1, 0.2]),
  };
  const tight = tightened(new Random(seed ^ 0x71f7), drawn);
  // Of a source that is stopped it is not known which partition has come how far.
  if (tight.stopAfterMs !== undefined) return tight;
  const ofSources = new Random(seed ^ 0x9a57);
  const { flow } = tight;
  return { ...tight, flow: { ...flow, sources: flow.sources.map((source) => partitioned(ofSources, source)) } };
}

/** A filter may keep all, a flatMap may drop all; replicas are as many at the end as at the start. */
const UNSIMULATED: OperatorRanges = {
  parallelism: (random) => random.pick([1, 1, 1, 2, 3, 4]),
  dropMin: 0,
  partsMin: 0,
  partsMax: 3,
};

/** How large a flow is. */
export interface FlowSize {
  /** Tuples of all sources, about. */
  readonly tuplesMin: number;
  readonly tuplesMax: number;
  readonly operatorsMax: number;
}

/** A flow for whoever has no simulation: of sources that never wait, without poison, sinks and aggregates. */
export function flowOf(random: Random, { tuplesMin, tuplesMax, operatorsMax }: FlowSize): FlowCase {
  const sources = random.pick([1, 1, 2]);
  const flow: FlowCase = {
    seed: 0,
    sources: Array.from({ length: sources }, () => {
      const tuples = Math.floor((tuplesMin + random.below(tuplesMax - tuplesMin)) / sources);
      const keys = 1 + random.below(random.pick([1, 10, 1000]));
      return { kind: 'generate', tuples, keys, ratePerSecond: undefined, burst: 0, partitions: 1, parallelism: 1 };
    }),
    operators: Array.from({ length: 1 + random.below(operatorsMax) }, () => operatorCase(random, UNSIMULATED)),
    poisonEvery: 0,
    failure: 'escalate',
    withSink: false,
    textBytes: random.pick([0, 0, 10, 200]),
    strategy: 'one_for_one',
  };
  return inOrder(random, flow, 2 + random.below(REPLICAS_MAX - 1));
}

function parallelText(parallelism: Parallelism): string {
  if (typeof parallelism !== 'number') return ` ×${parallelism.min}…${parallelism.start}…${parallelism.max}`;
  return parallelism > 1 ? ` ×${parallelism}` : '';
}

/** One line of a case. */
export function describeCase({ flow, tight, backup, stopAfterMs }: SimulationCase): string {
  const sources = flow.sources.map(({ kind, tuples, keys, ratePerSecond, burst, partitions, parallelism }) => {
    const cut = partitions > 1 ? `/${partitions}${parallelText(parallelism)}` : '';
    const rate = kind === 'generate' && ratePerSecond !== undefined ? ` at ${ratePerSecond}/s` : '';
    const bursts = (kind === 'async' || kind === 'bursts') && burst > 0 ? ` by ${burst}` : '';
    return `${kind}${cut} ${tuples}/${keys}${rate}${bursts}`;
  });
  const operators = flow.operators.map((operator) => {
    const isFused = 'fuse' in operator && operator.fuse;
    const unordered = 'isUnordered' in operator && operator.isUnordered ? 'unordered ' : '';
    const ordered = 'isOrdered' in operator && operator.isOrdered ? 'ordered ' : '';
    return `${isFused ? '+' : ''}${unordered}${ordered}${operator.kind}${'parallelism' in operator ? parallelText(operator.parallelism) : ''}`;
  });
  return [
    `(${sources.join(', ')}) → ${[...operators, flow.withSink ? 'out, sink' : 'out'].join(' → ')}`,
    flow.poisonEvery > 0 && `poison 1/${flow.poisonEvery}`,
    tight && `rings of ${tight.ringBytes} for texts up to ${flow.textBytes}, linger ${tight.lingerMs} ms`,
    backup && `backup ${backup.everyMs} ms ${backup.restore}`,
    flow.strategy !== 'one_for_one' && flow.strategy,
    stopAfterMs !== undefined && 'stopped',
  ]
    .filter((part) => typeof part === 'string')
    .join(', ');
}
