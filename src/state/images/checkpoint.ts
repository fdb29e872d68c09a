// Checkpoints: the logical image of key groups at a commit, and what the library does with it: restore, partition, merge.
// Promises: a checkpoint is plain data that shares nothing with the state, nor with the checkpoint that it was made of: its
// buffers can be transferred. Partitioning and merging go by key group and leave no group out.
// Relies on: no transaction is open on the groups, and what a dead owner left open is rolled back.

import { isDeepStrictEqual } from 'node:util';
import { errors } from '../../errors.ts';
import { KEY_GROUPS } from '../../mailbox/hash.ts';
import { GROUP_REMOVALS, GROUP_ROOT, groupHeader } from '../memory/arena.ts';
import { LOG_ROWS_DISCARDED } from '../memory/table.ts';
import type { KeyedState } from '../rows/keyed-state.ts';
import { ROOT_ADDRESS, ROOT_LIVE, ROOT_LOG_ROWS, ROOT_USED } from '../rows/row-layout.ts';
import type { CommitRecord } from '../transaction/commit-record.ts';
import { cellsMinOf, cellsOf, copyImages, type GroupImage, GroupImageWriter } from './group-images.ts';
import { EVERY_ROW, type RowFormat } from './row-image.ts';

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
 * The rows of key groups as they are now, which must be at a commit. O(rows).
 * @param marks the record of the last commit; copied
 * @param sequence its number
 * @throws MillraceError INVARIANT if a transaction is open, or a table's counts are wrong
 */
export function checkpoint(
  state: KeyedState,
  groups: Iterable<number>,
  marks: CommitRecord,
  sequence: number,
): Checkpoint {
  const ascending = ascendingGroups(groups);
  requireCommitted(state, sequence);
  const cells = ascending.reduce((sum, group) => sum + cellsMinOf(state, group), 0);
  const writer = new GroupImageWriter(state, cells);
  for (const group of ascending) writer.add(group, EVERY_ROW);
  return { format: state.images.format, sequence, marks: structuredClone(marks), groups: writer.finish() };
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

/**
 * Splits a checkpoint by the owner of each key group.
 * @param ownerOf the part, from 0, that a group goes to
 * @throws MillraceError INVARIANT for an owner that is no part: no group is left out
 */
export function partition(
  { format, sequence, marks, groups }: Checkpoint,
  ownerOf: (group: number) => number,
  parts: number,
): Checkpoint[] {
  const split = Array.from({ length: parts }, (): GroupImage[] => []);
  for (const image of groups) {
    const owner = ownerOf(image.group);
    if (!(owner in split)) throw errors.invariant(`key group ${image.group} goes to part ${owner} of ${parts}`);
    split[owner].push(image);
  }
  return split.map((images) => ({ format, sequence, marks: structuredClone(marks), groups: copyImages(images) }));
}

/**
 * Puts checkpoints of replicas of one operator together. What it says of anything but groups and inputs is that of the first.
 * @throws MillraceError INVARIANT if their inputs were not read equally far, or two have the same key group; BAD_BACKUP if
 * their rows have different layouts
 */
export function merge(checkpoints: readonly Checkpoint[]): Checkpoint {
  const [first] = checkpoints;
  if (first === undefined) throw errors.invariant('there is no checkpoint to merge');
  for (const { format, marks } of checkpoints) {
    requireFormat('the checkpoints to merge', format, first.format);
    if (!isDeepStrictEqual(marks.cursors.inputs, first.marks.cursors.inputs)) {
      throw errors.invariant('checkpoints to merge have read their inputs to different positions');
    }
  }
  const images = checkpoints.flatMap(({ groups }) => groups);
  const byGroup = new Map(images.map((image) => [image.group, image]));
  const ascending = ascendingGroups(images.map(({ group }) => group)).map((group) => byGroup.get(group) as GroupImage);
  return {
    format: first.format,
    sequence: first.sequence,
    marks: structuredClone(first.marks),
    groups: copyImages(ascending),
  };
}

/** @throws MillraceError BAD_BACKUP if images of the two formats mean different things */
export function requireFormat(whose: string, found: RowFormat, expected: RowFormat): void {
  if (found.fingerprint !== expected.fingerprint) {
    throw errors.backupLayout(whose, found.fingerprint, expected.fingerprint);
  }
}

/**
 * Takes up what other threads have grown.
 * @throws MillraceError INVARIANT if this thread's transaction after the last commit has touched a key group
 */
export function requireCommitted({ transaction }: KeyedState, sequence: number): void {
  for (const arena of transaction.arenas) arena.refresh();
  const isOpen = transaction.undo.transaction() === ((sequence + 1) | 0) && transaction.stamps.some((s) => s !== 0);
  if (isOpen) throw errors.invariant('rows are copied at a commit, and a transaction is open');
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
