// Where the replicas of a system are to be reached: shared memory in which each replica names one key group that it owns.
// Promises: mail that is sent to a replica's key group, as the app or another replica reads it here, is answered behind all that the
// replica had emitted before it was read: also if the group has moved on meanwhile, or the replica has died.
// Relies on: a replica stores a key group of its own before it emits anything as its owner, and before it emits anything as one that
// owns the group before no more (`moved`, at each hand-over and each start). See docs/actors.md#how-actors-move.
//
// Why one cell a replica is enough: let a replica r have emitted spawn mail S, and let its cell be read afterwards as group g. If r
// still owns g when the question comes, r answers, behind S in its own stream. Else r has given g away behind a fence. S stands before
// that fence: had r emitted S behind it, r would have stored another group before S. Whoever answers now has g from r, directly or
// by others, so the answer stands behind a fence that waits for r's: whoever reads both reads S first.

import { initialOwner } from '../flow/plan.ts';
import { KEY_GROUPS } from '../mailbox/hash.ts';
import { allocateShared } from '../mailbox/shared-memory.ts';

export class Placement {
  private readonly cells: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.cells = new Int32Array(memory);
  }

  /** As the key groups are spread at the start. @throws MillraceError OUT_OF_MEMORY */
  static allocate(replicas: number): SharedArrayBuffer {
    const memory = allocateShared({ of: 'the places of actors', option: 'workers' }, replicas * 4);
    const cells = new Int32Array(memory);
    for (let group = KEY_GROUPS - 1; group >= 0; group--) cells[initialOwner(group, replicas)] = group;
    return memory;
  }

  get replicas(): number {
    return this.cells.length;
  }

  /** A key group whose owner answers behind all that a replica has emitted so far. */
  groupOf(replica: number): number {
    return Atomics.load(this.cells, replica);
  }

  /**
   * A replica owns these groups now. One without any keeps the group that it has given away last: until it is given another one it
   * emits nothing.
   */
  moved(replica: number, groups: readonly number[]): void {
    const before = this.groupOf(replica);
    if (groups.length > 0 && !groups.includes(before)) Atomics.store(this.cells, replica, groups[0]);
  }
}
