// The plan of a chaos run: how its flow is laid out and run, and the endless list of its drills.
// Promises: both depend on the seed alone. When a drill strikes is up to the machine.

import type { RunOptions } from '../../src/index.ts';
import { Random } from '../../src/testing/random.ts';
import { LASTING, type Order, type Target, When } from './drill-words.ts';

type SourceKind = 'generate' | 'reader' | 'push';

/** Of the part that aggregates. */
export interface SumSettings {
  readonly ratePerSecond: number;
  readonly emit: 'end' | 'changes';
  readonly combineMs: number;
}

/** What the flow is built from, besides the memory of orders. */
export interface FlowSettings {
  readonly source: SourceKind;
  /** Of the main source; undefined for as fast as possible. */
  readonly ratePerSecond: number | undefined;
  /** True for a second source, which the app pushes. */
  readonly pushed: boolean;
  /** True if the stateless operators run in the source's actor. */
  readonly fuse: boolean;
  readonly onRelayError: 'deadLetter' | 'escalate';
  /** Replicas of the second keyed operator, at first. */
  readonly totals: number;
  readonly strategy: 'one_for_one' | 'one_for_all' | 'rest_for_one';
  /** Every how many keys one is written to the file. */
  readonly fileEvery: number;
  /**
   * True if tuples are poison for the keyed operators by their number, and not by an order: state that is restored from a
   * backup processes tuples again, and an order that a tuple takes only then would make the operators nondeterministic.
   */
  readonly bornPoison: boolean;
  readonly sums: SumSettings;
}

/** What the job is run with. */
type RunSettings = Required<Pick<RunOptions, 'ringBytes' | 'lingerMs' | 'spares'>> & {
  readonly backup: { readonly everyMs: number; readonly restore: 'ifDamaged' | 'always' } | undefined;
};

export interface Settings {
  readonly flow: FlowSettings;
  readonly run: RunSettings;
}

/** Ways to strike: an order to a closure, or threads that are terminated from outside. */
export type DrillKind = Order | 'terminate' | 'terminateTwo' | 'terminateSpare';

/** What the next drill waits for. */
export type Comeback = 'recovered' | 'adoption' | 'crash';

export interface Drill {
  readonly kind: DrillKind;
  /** The operator of a closure that is ordered to fail; undefined if threads are terminated. */
  readonly target: Target | undefined;
  readonly when: When;
  /** A number to choose the worker to terminate by. */
  readonly choice: number;
  /** True if a worker is terminated at the same moment. */
  readonly doubled: boolean;
  readonly until: Comeback;
  /** A pause after that. */
  readonly pauseMs: number;
}

const WEIGHTS: Readonly<Record<DrillKind, number>> = {
  throw: 10,
  throwOften: 0,
  poison: 8,
  exit: 16,
  reject: 10,
  timer: 10,
  loop: 3,
  heap: 0.6,
  killer: 2,
  terminate: 24,
  terminateTwo: 8,
  terminateSpare: 3,
};

const COMEBACKS: Readonly<Record<Comeback, number>> = { recovered: 5, adoption: 3, crash: 1 };
const PAUSE_CHANCE = 0.3;
const PAUSE_MS_MAX = 60;
const DOUBLED_CHANCE = 0.06;

export function settingsOf(seed: number): Settings {
  const random = new Random(seed);
  const source = random.weighted<SourceKind>({ generate: 5, reader: 3, push: 2 });
  const ratePerSecond = random.pick([5_000, 20_000, 40_000, undefined]);
  const fuse = random.chance(0.5);
  const backup = random.chance(0.3)
    ? { everyMs: random.pick([20, 100, 500]), restore: random.pick(['ifDamaged', 'always'] as const) }
    : undefined;
  const sums = {
    ratePerSecond: random.pick([2_000, 8_000, 20_000]),
    emit: random.pick(['end', 'changes'] as const),
    combineMs: random.pick([0, 30, 1000, 1000]),
  };
  return {
    flow: {
      source,
      ratePerSecond,
      pushed: random.chance(0.4),
      fuse,
      onRelayError: fuse || random.chance(0.6) ? 'deadLetter' : 'escalate',
      totals: random.pick([1, 2]),
      strategy: random.weighted({ one_for_one: 4, one_for_all: 1, rest_for_one: 1 }),
      fileEvery: ratePerSecond === undefined ? 8 : 1,
      bornPoison: backup?.restore === 'always',
      sums,
    },
    run: {
      ringBytes: 2 ** (13 + random.below(5)),
      lingerMs: random.pick([0, 0, 0, 2]),
      spares: random.pick([1, 2, 2, 3]),
      backup,
    },
  };
}

/** The operators whose closure can obey an order, in a flow of these settings. */
function targetsOf({ source, onRelayError, bornPoison }: FlowSettings, order: Order): Target[] {
  // At a second failure a tuple is a dead letter, or its supervisor's: only the latter lets it try once more.
  if (order === 'throwOften') return ['relay'];
  const targets: Target[] = ['line', 'spread', 'weigh', 'weigh'];
  if (!bornPoison || !isLeavingOut(order)) targets.push('count', 'count', 'count', 'total', 'total');
  const isAnError = order === 'throw' || order === 'poison';
  // A reader that throws is no tuple's fault, and its tuple cannot be left out.
  if (source === 'generate' || (source === 'reader' && !isAnError && !LASTING.has(order))) targets.push('numbers');
  // What is escalated is tried for ever.
  if (onRelayError === 'deadLetter' || !LASTING.has(order)) targets.push('relay');
  return targets;
}

/** True for orders by which a tuple may become a dead letter. */
const isLeavingOut = (order: Order): boolean => LASTING.has(order) || order === 'throw';

/** Operators that can be struck after they have changed something, too. */
const WITH_EFFECTS: readonly Target[] = ['spread', 'count', 'total'];

/** The drills of a seed, one after the other. */
export function* drillsOf(seed: number, { flow }: Settings): Generator<Drill, never> {
  const random = new Random(~seed);
  const weights = { ...WEIGHTS, throwOften: flow.onRelayError === 'escalate' ? WEIGHTS.throw : 0 };
  for (;;) {
    const kind = random.weighted(weights);
    const isOutside = kind === 'terminate' || kind === 'terminateTwo' || kind === 'terminateSpare';
    const target = isOutside ? undefined : random.pick(targetsOf(flow, kind));
    const isLate = random.chance(0.5) && target !== undefined && WITH_EFFECTS.includes(target);
    yield {
      kind,
      target,
      when: isLate ? When.after : When.before,
      choice: random.next(),
      doubled: !isOutside && random.chance(DOUBLED_CHANCE),
      until: random.weighted(COMEBACKS),
      pauseMs: random.chance(PAUSE_CHANCE) ? random.below(PAUSE_MS_MAX) : 0,
    };
  }
}

/** The order that strikes at the end of the stream. */
export function lastOrderOf(seed: number): Order {
  return new Random(seed ^ 0x5eed).pick(['throw', 'exit', 'reject', 'timer', 'loop']);
}

const count = (number: number): string => number.toLocaleString('en-US');

export function describeSettings({ flow, run }: Settings): string {
  const rate = flow.ratePerSecond === undefined ? 'as fast as possible' : `${count(flow.ratePerSecond)} tuples/s`;
  return [
    `${flow.source} at ${rate}${flow.pushed ? ' and a pushed source' : ''}`,
    flow.fuse ? 'fused' : 'not fused',
    `relay: ${flow.onRelayError}`,
    `2 + ${flow.totals} keyed replicas at first`,
    flow.strategy,
    `sums of ${count(flow.sums.ratePerSecond)} tuples/s, combined for ${flow.sums.combineMs} ms, at ${flow.sums.emit === 'end' ? 'the end' : 'changes'}`,
    `rings of ${run.ringBytes / 1024} KiB`,
    `linger ${run.lingerMs} ms`,
    `${run.spares} spares`,
    run.backup === undefined ? 'no backup' : `backup each ${run.backup.everyMs} ms, restored ${run.backup.restore}`,
  ].join(', ');
}

export function describeDrill({ kind, target, when, doubled, until, pauseMs }: Drill): string {
  const where = target === undefined ? '' : `@${target}${when === When.after ? ' (after)' : ''}`;
  return `${kind}${where}${doubled ? ' + terminate' : ''} → ${until}${pauseMs > 0 ? ` + ${pauseMs} ms` : ''}`;
}
