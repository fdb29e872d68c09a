// Where the app's new actors begin: on the workers that have time, more on those that have more.
// Promises: ids whose key groups are those of the replica whose turn it is; turns are in proportion to the time that replicas had
// left lately, so a burst of spawns between two looks does not all go to one. The same looks give the same turns.
// Relies on: key groups may move between a look and the spawn: then an actor begins elsewhere, which is no fault.

import { hashDouble, KEY_GROUPS, keyGroupOf } from '../../mailbox/hash.ts';
import { type GroupSet, hasGroup } from '../../state/groups/group-set.ts';

/** What is seen of the replicas at one look. */
export interface ReplicaLook {
  /** Share of its time in which each one was busy since the look before. */
  readonly busy: readonly number[];
  /** The key groups of each. */
  readonly groups: readonly Readonly<GroupSet>[];
}

/** A look costs about as much as a hundred spawns. */
const LOOK_MS = 100;
/** Also a replica without time gets some: whoever is busy with little may be free soon. */
const SHARE_MIN = 0.05;
/** Each id has the right key group with a chance of one in as many as there are workers, if groups are spread evenly. */
const TRIES_MAX = 4096;

export class IdleShare {
  readonly #look: () => ReplicaLook;
  readonly #now: () => number;
  readonly #owners = new Int32Array(KEY_GROUPS);
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #shares: number[] = [];
  #credits: number[] = [];

  constructor(look: () => ReplicaLook, now: () => number) {
    this.#look = look;
    this.#now = now;
  }

  /** A new id on the replica whose turn it is. */
  id(takeId: () => number): number {
    const nowMs = this.#now();
    if (nowMs - this.#lookedAtMs >= LOOK_MS) this.#refresh(nowMs);
    const replica = this.#turn();
    let id = takeId();
    for (let left = TRIES_MAX; left > 0 && this.#owners[keyGroupOf(hashDouble(id))] !== replica; left--) id = takeId();
    return id;
  }

  #refresh(nowMs: number): void {
    this.#lookedAtMs = nowMs;
    const { busy, groups } = this.#look();
    groups.forEach((set, replica) => {
      for (let group = 0; group < KEY_GROUPS; group++) if (hasGroup(set, group)) this.#owners[group] = replica;
    });
    const owners = new Set(this.#owners);
    // Nobody begins where no key group is.
    this.#shares = groups.map((_, replica) =>
      owners.has(replica) ? Math.max(SHARE_MIN, 1 - (busy[replica] ?? 0)) : 0,
    );
    if (this.#credits.length !== groups.length) this.#credits = groups.map(() => 0);
  }

  /** Smooth weighted round robin: the one with most credit, which pays for it what all have got. */
  #turn(): number {
    let best = 0;
    let total = 0;
    for (const [replica, share] of this.#shares.entries()) {
      this.#credits[replica] += share;
      total += share;
      if (share > 0 && (this.#shares[best] === 0 || this.#credits[replica] > this.#credits[best])) best = replica;
    }
    this.#credits[best] -= total;
    return best;
  }
}
