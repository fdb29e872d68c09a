// Checkpoints: the logical image of key groups at a commit, which a store of backups gives back; and how a state is made of one.
// Promises: a checkpoint is plain data without addresses. A restore is part of a transaction, and leaves rows of the checkpoint
// and no others in its groups, or throws.
// Relies on: what a dead owner left open is rolled back.

import { errors } from '../../errors.ts';
import { KEY_GROUPS } from '../../mailbox/hash.ts';
import { GROUP_REMOVALS, GROUP_ROOT, groupHeader } from '../memory/arena.ts';
import { LOG_ROWS_DISCARDED } from '../memory/table.ts';
import type { KeyedState } from '../rows/keyed-state.ts';
import { ROOT_ADDRESS, ROOT_LIVE, ROOT_LOG_ROWS, ROOT_USED } from '../rows/row-layout.ts';
import type { CommitRecord } from '../transaction/commit-record.ts';
import { cellsOf, type GroupImage } from './group-images.ts';
import type { RowFormat } from './row-image.ts';

/** All rows of some key groups as they were at one commit of a replica. */
export interface Checkpoint {
  /** The layout of the rows. */
  readonly format: RowFormat;
  /** The number of that commit. */
  readonly sequence: number;
  /** The commit itself: how much of the inputs the rows reflect. */
  readonly marks: CommitRecord;
  /** In ascending order; a group without a row is among them. */
  readonly groups: readonly GroupImage[];
}

/**
 * Makes the groups of a checkpoint hold its rows and no others, within the open transaction: a rollback undoes it. What
 * becomes of the marks is the caller's business.
 * @throws MillraceError BAD_BACKUP for rows of another layout, or bytes that are no rows; STATE_FULL
 */
export function restore(state: KeyedState, { format, groups }: Checkpoint): void {
  const { transaction, table, images } = state;
  const { operator } = transaction.arenas[0];
  requireFormat(operator, format, images.format);
  for (const image of groups) {
    const { group, rows } = image;
    const stamp = transaction.stamps[group] || transaction.openGroup(group);
    const arena = transaction.arenaOf(group);
    const root = groupHeader(group) + GROUP_ROOT;
    if (arena.i32[root + ROOT_LOG_ROWS] === LOG_ROWS_DISCARDED) arena.i32[root + ROOT_LOG_ROWS] = 0;
    else table.clear(arena, root);
    const cells = cellsOf(operator, image);
    const end = images.decode(arena, root, group, rows, stamp, cells, 0);
    if (end !== cells.length) throw errors.backupDamaged(operator, 'it has more bytes than rows');
  }
}

/**
 * Forgets the rows of key groups without looking at them, for a live image that is damaged: {@link restore} them in a
 * transaction afterwards. Whatever the replica's open transaction was is forgotten, too, and its allocator begins anew:
 * memory that the groups and its free lists held is not used again before the job ends.
 *
 * It is no transaction. Until a restore commits, the groups are marked, and `checkState` says so: whoever adopts the
 * replica after a crash in between finds that it must restore.
 */
export function discardGroups({ transaction }: KeyedState, groups: Iterable<number>): void {
  const ascending = ascendingGroups(groups);
  const mark = (group: number): void => {
    transaction.arenaOf(group).i32[groupHeader(group) + GROUP_ROOT + ROOT_LOG_ROWS] = LOG_ROWS_DISCARDED;
  };
  // Marked before the undo log is emptied, and again after: a rollback in between brings back the old root, not half of one.
  for (const group of ascending) mark(group);
  transaction.allocator.i32.fill(0);
  transaction.undo.empty();
  for (const group of ascending) {
    mark(group);
    const { i32 } = transaction.arenaOf(group);
    const header = groupHeader(group);
    for (const cell of [ROOT_ADDRESS, ROOT_LIVE, ROOT_USED]) i32[header + GROUP_ROOT + cell] = 0;
    i32[header + GROUP_REMOVALS] += 1;
  }
}

/** @throws MillraceError BAD_BACKUP if images of the two formats mean different things */
export function requireFormat(whose: string, found: RowFormat, expected: RowFormat): void {
  if (found.fingerprint !== expected.fingerprint) {
    throw errors.backupLayout(whose, found.fingerprint, expected.fingerprint);
  }
}

/** @throws MillraceError INVARIANT for a number that is no key group, or is given twice */
export function ascendingGroups(groups: Iterable<number>): number[] {
  const ascending = [...groups].sort((a, b) => a - b);
  ascending.forEach((group, i) => {
    if (!(Number.isInteger(group) && group >= 0 && group < KEY_GROUPS)) {
      throw errors.invariant(`a key group is 0 to ${KEY_GROUPS - 1}, not ${group}`);
    }
    if (group === ascending[i - 1]) throw errors.invariant(`key group ${group} is given twice`);
  });
  return ascending;
}
