// Tuples that were left out by plan: what each lasting order has struck, and whether its dead letter came.
// Promises: a tuple is excused from the moment at which a closure takes the order, which is before anything behind it can come
// out; each letter is expected once.
// Relies on: the operators of the flow in their order (chaos-flow.ts).

import type { DeadLetter } from '../../src/index.ts';
import { type DrillOrders, type Target, TARGETS } from './drill-words.ts';
import { idOf, isPushed } from './numbering.ts';
import type { Excuse, Violations } from './oracle.ts';

/** Targets whose tuples are those of a source; the others have them spread. */
const OF_IDS: readonly Target[] = ['numbers', 'relay', 'spread'];

/** The tuple's number as the target counts it. */
const numberOf = (target: Target, uid: number): number => (OF_IDS.includes(target) ? idOf(uid) : uid);

export class Victims {
  private readonly orders: DrillOrders;
  private readonly violations: Violations;
  private readonly buried = new Map<Target, Set<number>>(TARGETS.map((target) => [target, new Set()]));
  private wake: () => void = () => {};

  constructor(orders: DrillOrders, violations: Violations) {
    this.orders = orders;
    this.violations = violations;
  }

  /** All tuples that are dead letters by plan. */
  get count(): number {
    return [...this.buried.values()].reduce((sum, ids) => sum + ids.size, 0);
  }

  /** Those of some targets; of pushed tuples only, or of others only, if asked. */
  countOf(targets: readonly Target[], pushed?: boolean): number {
    let count = 0;
    for (const target of targets) {
      for (const number of this.buried.get(target) as Set<number>) {
        const id = OF_IDS.includes(target) ? number : idOf(number);
        if (pushed === undefined || isPushed(id) === pushed) count++;
      }
    }
    return count;
  }

  /** The tuples that were left out at a target. */
  at(target: Target): readonly number[] {
    return [...(this.buried.get(target) as Set<number>)];
  }

  private isStruck(target: Target, uid: number): boolean {
    const number = numberOf(target, uid);
    return this.orders.lastingVictim(target) === number || (this.buried.get(target) as Set<number>).has(number);
  }

  /** For what comes out of `total`. */
  readonly excuseOfOutput: Excuse = (uid) => {
    if (OF_IDS.some((target) => this.isStruck(target, uid)) || this.isStruck('count', uid)) return 'before';
    return this.isStruck('total', uid) ? 'behind' : undefined;
  };

  /** For what is written to the file, behind `line`. */
  readonly excuseOfFile: Excuse = (uid) => {
    return this.excuseOfOutput(uid) ?? (this.isStruck('line', uid) ? 'behind' : undefined);
  };

  /** A dead letter has come: it must be one that the plan asked for. */
  receive({ operator, tuple, error, position }: DeadLetter): void {
    const { id, uid, index, line } = (tuple ?? {}) as Partial<Record<'id' | 'uid' | 'index', number>> & { line?: string };
    const number = id ?? uid ?? index ?? Number(line?.split(' ')[1]);
    const target = TARGETS.find((name) => name === operator);
    if (target === undefined || this.orders.lastingVictim(target) !== number) {
      const again = target !== undefined && this.buried.get(target)?.has(number) ? ' once more' : '';
      this.violations.add(
        again === '' ? 'lost' : 'doubled',
        `dead letter of '${operator}' for ${JSON.stringify(tuple)} at ${position}${again}, which no drill asked for: ${error.message}`,
      );
      return;
    }
    this.buried.get(target)?.add(number);
    this.orders.bury(target, number);
    this.wake();
  }

  /** Resolves with true when a target's victim is buried, or with false after a while. */
  async burial(target: Target, limitMs: number, isOver: () => boolean): Promise<boolean> {
    const until = performance.now() + limitMs;
    while (this.orders.lastingVictim(target) !== undefined) {
      if (performance.now() > until || isOver()) return this.orders.lastingVictim(target) === undefined;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 50);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return true;
  }
}
