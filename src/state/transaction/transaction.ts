// A replica's open transaction on its operator's state: begin, rollback, and the stamps that say which rows are saved.
// Promises: a row's image is saved at its first touch in a transaction, once; after rollback everything is as committed.
// Relies on: only the owner of a key group touches it. A group's stamp counter grows with every transaction that touches
// the group, whoever owns it, and is never rolled back: no stale stamp in a row can equal the current one.

import { KEY_GROUPS } from '../../mailbox/hash.ts';
import { Allocator } from '../memory/allocator.ts';
import { Arena, arenaShiftOf, GROUP_REMOVALS, GROUP_ROOT, GROUP_STAMP, groupHeader } from '../memory/arena.ts';
import { UndoLog, type UndoSpace } from './undo-log.ts';

const ROOT_CELLS = 4;
/** More than a core's share of the caches, on the machines of today. */
const LARGE_STATE_BYTES = 1 << 22;

/** Shared memory for the state of one replica, besides the operator's arenas. */
export interface TransactionMemory {
  readonly arenas: readonly SharedArrayBuffer[];
  readonly undo: SharedArrayBuffer;
  readonly allocator: SharedArrayBuffer;
}

export function allocateTransaction(arenas: readonly SharedArrayBuffer[]): TransactionMemory {
  const stateBytes = arenas.reduce((sum, { maxByteLength }) => sum + maxByteLength, 0);
  return { arenas, undo: UndoLog.allocate(stateBytes), allocator: Allocator.allocate() };
}

export class Transaction {
  readonly arenas: readonly Arena[];
  /** A key group's number shifted right by this is the number of its arena. */
  readonly arenaShift: number;
  readonly undo: UndoLog;
  readonly allocator: Allocator;
  /** The stamp of each group in the open transaction; 0 if it has not touched the group yet. */
  readonly stamps = new Int32Array(KEY_GROUPS);
  /** The stamp of the group whose row is in work. */
  stamp = 0;
  /** True if the state is larger than the processor's caches. */
  isLarge = false;
  /** Counts everything that moves or deletes rows: references to rows from before must find them again. */
  moves = 0;
  /** Counts what moves or deletes rows of the operator's keyed state itself. */
  rowMoves = 0;
  /** The same per group. */
  readonly groupMoves = new Int32Array(KEY_GROUPS);
  /** Sets the stamps of all rows of a group to 0: needed once in 2^32 transactions of the group. */
  clearStamps: (group: number) => void = () => {};

  constructor(operator: string, memory: TransactionMemory) {
    this.arenas = memory.arenas.map((buffer, id) => new Arena(id, operator, buffer));
    this.arenaShift = arenaShiftOf(this.arenas.length);
    this.undo = new UndoLog(memory.undo);
    this.allocator = new Allocator(memory.allocator, this.undo);
  }

  /** What the undo log restores, by the number of the space. */
  private get spaces(): UndoSpace[] {
    const spaces: UndoSpace[] = [...this.arenas];
    spaces[Allocator.space] = this.allocator;
    return spaces;
  }

  /** Opens transaction `number`. The allocator first: if the undo log is not stamped yet, nothing is rolled back. */
  begin(number: number): void {
    for (const arena of this.arenas) arena.refresh();
    this.allocator.begin(number);
    this.undo.begin(number);
    this.isLarge = this.arenas[0].usedBytes * this.arenas.length > LARGE_STATE_BYTES;
    this.stamps.fill(0);
    this.stamp = 0;
  }

  /** The arena of a key group. */
  arenaOf(group: number): Arena {
    return this.arenas[group >>> this.arenaShift];
  }

  /** First touch of a group in the open transaction: saves the group's root, and returns the group's stamp. */
  openGroup(group: number): number {
    const arena = this.arenaOf(group);
    const header = groupHeader(group);
    let stamp = (arena.i32[header + GROUP_STAMP] + 1) | 0;
    if (stamp === 0) {
      this.clearStamps(group);
      stamp = 1;
      // The stamps no longer tell which rows are new: as after a removal, a backup takes all of them.
      arena.i32[header + GROUP_REMOVALS] += 1;
    }
    arena.i32[header + GROUP_STAMP] = stamp;
    this.undo.save(arena.id, arena.i32, header + GROUP_ROOT, ROOT_CELLS);
    this.stamps[group] = stamp;
    return stamp;
  }

  /** A group is this replica's from now on: what is known of its rows is from before, if anything. */
  gain(group: number): void {
    this.moves++;
    this.rowMoves++;
    this.groupMoves[group]++;
  }

  /** Undoes the open transaction, or one that a dead worker left open after `committed` transactions. */
  rollback(committed: number): void {
    if (this.undo.transaction() !== ((committed + 1) | 0)) return;
    for (const arena of this.arenas) arena.refresh();
    this.undo.rollback(this.spaces);
    // Before the allocator recycles extents: a second rollback would write old images into its free lists.
    this.undo.empty();
    this.allocator.afterRollback(this.arenas);
    this.stamps.fill(0);
    this.moves++;
    this.rowMoves++;
    for (let group = 0; group < KEY_GROUPS; group++) this.groupMoves[group]++;
  }
}
