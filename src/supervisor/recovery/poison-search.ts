// The search for a tuple that kills or hangs its worker, of one replica: by long batches if it has such, batch by batch, then tuple
// by tuple, then without it.
// Promises: a tuple that ends its worker is condemned after DEATHS_MAX deaths, so a search has an end.
// Relies on: an actor notes in its work block what it is at (vitals.ts), and tries tuples alone when it is told to.

import type { Condemned, Resumption } from '../../actors/actor-descriptor.ts';
import { BATCH_TUPLES_MAX } from '../../actors/batch.ts';
import { NO_ROW, WorkCell } from '../../actors/vitals/vitals.ts';
import { errors, toRecord } from '../../errors.ts';
import { declaredName } from '../../flow/graph.ts';
import type { Replica } from '../replicas/replica.ts';
import { markOf } from '../replicas/tuple-in-work.ts';

/** Deaths of a worker in one and the same tuple, tried alone, after which it is not tried again. */
const DEATHS_MAX = 2;

/** How a replica begins again: tuple by tuple or not, and without which tuples. */
export type SearchOrder = Pick<Resumption, 'isolate' | 'isCareful' | 'condemned'>;

const NOTHING_SPECIAL: SearchOrder = { isolate: false, isCareful: false, condemned: [] };
const CAREFUL: SearchOrder = { isolate: false, isCareful: true, condemned: [] };

export class PoisonSearch {
  readonly #replica: Replica;
  /** Deaths in one tuple that was tried alone, and what tells it from others. */
  #deaths = 0;
  #suspect = '';
  /** Which operator of its chain it died in, and which of the tuples that this one got on behalf of the suspect. */
  #suspectOfItsTuple = '';
  #next = NOTHING_SPECIAL;
  /** How it was resumed last, and the last commit before that. */
  #last = NOTHING_SPECIAL;
  #lastAt = 0;
  /** True once it has died in a long batch: it may have one again as soon as it is not careful. */
  #hasLong = false;

  constructor(replica: Replica) {
    this.#replica = replica;
  }

  /**
   * Its worker died while the replica was in work. Returns true if this death belongs to the search, which has a bound of its own, and
   * not to the supervisor's count.
   */
  blamed(reason: Error): boolean {
    const { work, operatorInWork: operator } = this.#replica;
    const suspect = markOf(this.#replica);
    const ofItsTuple = [work[WorkCell.operator], work[WorkCell.nth]].join();
    const wasAlone = work[WorkCell.isolating] === 1 && work[WorkCell.row] !== NO_ROW;
    const isSame = suspect === this.#suspect && ofItsTuple === this.#suspectOfItsTuple;
    // Of one tuple, several may kill on their way through the chain, one after the other.
    const before = wasAlone && suspect === this.#suspect ? this.#last.condemned : [];
    this.#deaths = wasAlone ? (isSame ? this.#deaths + 1 : 1) : 0;
    this.#suspect = suspect;
    this.#suspectOfItsTuple = ofItsTuple;
    const escalates = operator.failure === 'escalate';
    if (work[WorkCell.long] === 1 && work[WorkCell.isolating] === 0) {
      this.#hasLong = true;
      this.#next = CAREFUL;
      return false;
    }
    const isCondemned = this.#deaths >= DEATHS_MAX && !escalates;
    const condemned: Condemned = {
      input: work[WorkCell.input],
      operator: work[WorkCell.operator],
      nth: work[WorkCell.nth],
      slot: work[WorkCell.row],
      error: toRecord(errors.tupleKilledWorker(declaredName(operator), this.#deaths, reason)),
    };
    // A long batch has been gone through once more in short ones.
    const isNarrower = this.#last.isCareful && !this.#last.isolate && !wasAlone;
    this.#next = { isolate: true, isCareful: true, condemned: isCondemned ? [...before, condemned] : before };
    return (isNarrower || (wasAlone && this.#deaths <= DEATHS_MAX)) && !escalates;
  }

  /** Another replica's death, or a drill, has interrupted this one: it goes on with the search for a tuple of its own. */
  interrupted(): void {
    const commits = (this.#replica.log.sequence() - this.#lastAt) | 0;
    const { isolate, isCareful } = this.#last;
    if (this.#replica.work[WorkCell.long] === 1) this.#hasLong = true;
    if (isolate && commits < BATCH_TUPLES_MAX)
      this.#next = { isolate: true, isCareful, condemned: commits === 0 ? this.#last.condemned : [] };
    // What a long batch had read is read again in short ones, so that the first commit does not take as long as that batch would have.
    else if (this.#hasLong) this.#next = CAREFUL;
  }

  /** True if the replica is to try tuples alone when it begins again. */
  get isOn(): boolean {
    return this.#next.isolate;
  }

  /** How the replica is to begin again, which it does now. */
  begin(): SearchOrder {
    this.#last = this.#next;
    this.#lastAt = this.#replica.log.sequence();
    this.#next = NOTHING_SPECIAL;
    return this.#last;
  }
}
