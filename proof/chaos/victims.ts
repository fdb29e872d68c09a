// Tuples that may be left out: those that orders have struck, and what dead letters came.
// Promises: a tuple is excused from the moment at which a closure takes the order, which is before anything behind it can come
// out; each letter is expected once. A tuple that fails once may be a dead letter or not: it is one if it was tried alone.
// Relies on: the operators of the flow in their order (chaos-flow.ts).

import type { DeadLetter } from '../../src/index.ts';
import { type DrillOrders, TARGETS, type Target } from './drill-words.ts';
import { idOf, isBornPoison, keyNumber, PARTS } from './numbering.ts';
import type { Excuse, Violations } from './oracle.ts';
import { waking } from './waking.ts';

const BURIAL_LOOK_MS = 50;

/** Targets whose tuples are those of a source; the others have them spread. */
const OF_IDS: readonly Target[] = ['numbers', 'relay', 'spread'];

/** Targets at which a tuple is left out before `count` has counted it. */
const BEFORE_STATE: readonly Target[] = ['count', ...OF_IDS];

/** The tuple's number as the target counts it. */
const numberOf = (target: Target, uid: number): number => (OF_IDS.includes(target) ? idOf(uid) : uid);

export class Victims {
  private readonly orders: DrillOrders;
  private readonly violations: Violations;
  private readonly buried = new Map<Target, Set<number>>(TARGETS.map((target) => [target, new Set()]));
  /** Tuples that were ordered to fail once. */
  private readonly failed = new Map<Target, Set<number>>(TARGETS.map((target) => [target, new Set()]));
  private readonly bornPoison: boolean;
  private wake: () => void = () => {};

  /** @param bornPoison true if there are tuples that are poison by their number */
  constructor(orders: DrillOrders, violations: Violations, bornPoison: boolean) {
    this.orders = orders;
    this.violations = violations;
    this.bornPoison = bornPoison;
  }

  /** All tuples that are dead letters by plan. */
  get count(): number {
    return this.countOf(TARGETS);
  }

  /** Those of some targets. */
  countOf(targets: readonly Target[]): number {
    return targets.reduce((sum, target) => sum + (this.buried.get(target) as Set<number>).size, 0);
  }

  /** The tuple that has taken an order to fail once goes free, and may become a dead letter yet. */
  failsOnce(target: Target, number: number): void {
    this.failed.get(target)?.add(number);
  }

  private isStruck(target: Target, uid: number): boolean {
    const number = numberOf(target, uid);
    return this.mayDie(target, number) || this.buried.get(target)?.has(number) === true;
  }

  private mayDie(target: Target, number: number): boolean {
    if (this.isBorn(target, number)) return true;
    return this.orders.throwingVictim(target) === number || this.failed.get(target)?.has(number) === true;
  }

  private isBorn(target: Target, number: number): boolean {
    return this.bornPoison && (target === 'count' || target === 'total') && isBornPoison(target, number);
  }

  /** True if a tuple fails at each try, so that its effect on an operator is never committed. */
  isPoison(target: Target, uid: number): boolean {
    const number = numberOf(target, uid);
    if (this.isBorn(target, number)) return true;
    return this.orders.lastingVictim(target) === number || this.buried.get(target)?.has(number) === true;
  }

  /** The tuples of one end that are dead letters. */
  deadAt(targets: readonly Target[]): number[] {
    return targets.flatMap((target) => {
      const numbers = [...(this.buried.get(target) as Set<number>)];
      return OF_IDS.includes(target)
        ? numbers.flatMap((id) => Array.from({ length: PARTS }, (_, part) => id * PARTS + part))
        : numbers;
    });
  }

  /** For what comes out of `total`. Last operators first: a tuple that was struck there had passed those before. */
  readonly excuseOfOutput: Excuse = (uid) => {
    if (this.isStruck('total', uid)) return 'behind';
    return BEFORE_STATE.some((target) => this.isStruck(target, uid)) ? 'before' : undefined;
  };

  /** For what is written to the file, behind `line`. */
  readonly excuseOfFile: Excuse = (uid) => (this.isStruck('line', uid) ? 'behind' : this.excuseOfOutput(uid));

  /** A dead letter has come: it must be one that the plan asked for. */
  receive({ operator, key, tuple, error, position }: DeadLetter): void {
    const { id, uid, index } = (tuple ?? {}) as Partial<Record<'id' | 'uid' | 'index', number>>;
    const isOfEnd = tuple === undefined && operator === 'count';
    const number = isOfEnd ? keyNumber(String(key)) : ((id ?? uid ?? index) as number);
    const target = isOfEnd ? 'countEnd' : TARGETS.find((name) => name === operator);
    const what = `the dead letter of '${operator}' for ${JSON.stringify(tuple)} at ${position}`;
    if (target === undefined || this.buried.get(target)?.has(number)) {
      this.violations.add('doubled', `${what} came once more: ${error.message}`);
    } else if (!this.mayDie(target, number)) {
      this.violations.add('lost', `${what} was asked for by no drill: ${error.message}`);
    }
    if (target === undefined) return;
    this.buried.get(target)?.add(number);
    this.failed.get(target)?.delete(number);
    if (!this.isBorn(target, number)) this.orders.bury(target, number);
    this.wake();
  }

  /** Keys whose final state has become a dead letter. */
  get deadFinals(): ReadonlySet<number> {
    return this.buried.get('countEnd') as Set<number>;
  }

  /** Resolves with true when a target's victim is buried, or with false after a while. */
  async burial(target: Target, limitMs: number, isOver: () => boolean): Promise<boolean> {
    for (let leftMs = limitMs; this.orders.lastingVictim(target) !== undefined; ) {
      if (leftMs <= 0 || isOver()) return this.orders.lastingVictim(target) === undefined;
      leftMs -= await waking(BURIAL_LOOK_MS, (wake) => {
        this.wake = wake;
      });
    }
    return true;
  }
}
