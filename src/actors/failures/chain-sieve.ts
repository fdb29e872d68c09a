// What becomes of tuples that fail within a fused chain, while one tuple of the actor's input is tried alone.
// Promises: each is a dead letter of the operator that failed, with the tuple that this operator got; the others of the same input
// tuple go on. A tuple that has ended its worker too often is given up without being tried. What a sink fails at cannot be taken
// back by itself: the batch is rolled back, and run again without that tuple.
// Relies on: chain.ts counts the tuples of each operator in the order in which they come, which is the same at the next try.

import { fromRecord } from '../../errors.ts';
import { type Stage, stageName } from '../../flow/plan.ts';
import type { Condemned } from '../actor-descriptor.ts';
import type { Sieve } from '../program/chain.ts';
import { WorkCell } from '../vitals/vitals.ts';
import { type Failure, keyOf, mayBeOfTuple, type Whereabouts } from './failure.ts';

/** Thrown to roll the batch back, and to try its tuple again: now it is known what it is to go without. */
export class TryAgain extends Error {}

/** A tuple that is not tried: which one of those that an operator gets on behalf of a tuple of the actor's input. */
interface GivenUp extends Pick<Condemned, 'input' | 'operator' | 'nth' | 'slot'> {
  readonly error: unknown;
}

export class ChainSieve implements Sieve {
  private readonly stage: Stage;
  private readonly work: Int32Array;
  private readonly whereabouts: () => Whereabouts;
  private readonly letter: (failure: Failure) => void;
  private givenUpOnes: readonly GivenUp[];

  /**
   * @param condemned tuples that have ended their worker
   * @param whereabouts of the tuple of the actor's input that is tried
   * @param letter writes a dead letter into the open batch
   */
  constructor(
    stage: Stage,
    work: Int32Array,
    condemned: readonly Condemned[],
    whereabouts: () => Whereabouts,
    letter: (failure: Failure) => void,
  ) {
    this.stage = stage;
    this.work = work;
    this.whereabouts = whereabouts;
    this.letter = letter;
    this.givenUpOnes = condemned.filter(({ nth }) => nth > 0).map((one) => ({ ...one, error: fromRecord(one.error) }));
  }

  /** True while a tuple is known that is not to be tried. */
  get isExpecting(): boolean {
    return this.givenUpOnes.length > 0;
  }

  givenUp(operator: number, nth: number): GivenUp | undefined {
    return this.givenUpOnes.find((one) => this.isInWork(one) && one.operator === operator && one.nth === nth);
  }

  failed(operator: number, nth: number, tuple: unknown, error: unknown): void {
    const { work } = this;
    const node = this.stage.operators[operator];
    if (!mayBeOfTuple(error) || node.failure !== 'deadLetter') throw error;
    if (node.kind.writesOutside === true && this.givenUp(operator, nth) === undefined) {
      const [input, slot] = [work[WorkCell.input], work[WorkCell.row]];
      this.givenUpOnes = [
        ...this.givenUpOnes.filter((one) => this.isInWork(one)),
        { input, slot, operator, nth, error },
      ];
      throw new TryAgain();
    }
    const { position } = this.whereabouts();
    const [head] = this.stage.operators;
    const maker = operator === 1 ? '' : ` for '${node.name}'`;
    const isOfSource = operator === 1 && head.kind.role === 'source';
    const made = isOfSource ? '' : `, tuple ${nth} that '${stageName(this.stage)}' made of it${maker}`;
    const where = { key: keyOf(node, tuple), tuple, position: `${position}${made}` };
    this.letter({ operator: node, policy: node.failure, where, cause: error, isOfTuple: true });
  }

  /** The tuple in work has been committed: what was known of it is of no use for others. */
  committed(): void {
    if (this.givenUpOnes.length > 0) this.givenUpOnes = this.givenUpOnes.filter((one) => !this.isInWork(one));
  }

  /** At the end of the input the row in work is a key's slot; elsewhere it is the next one, or only tells that a source moves on. */
  private isInWork({ input, slot }: GivenUp): boolean {
    const { work } = this;
    if (input !== work[WorkCell.input]) return false;
    return this.stage.operators[0].kind.role === 'source' || slot === work[WorkCell.row];
  }
}
