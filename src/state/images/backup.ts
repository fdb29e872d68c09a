// Backups: an actor ships what has changed since it did so last; a store keeps it, and gives it back as a checkpoint.
// Promises: what a store assembles is the state at the commit of the last backup that it was given. Taking one costs time by
// the groups that were touched: their rows are scanned, and those that were touched are copied.
// Relies on: stamp and removal counters of key groups, which only grow, whoever owns the group; one writer per actor and
// life: after a recovery nobody knows what the store has, so a new writer begins with a full backup.

import { errors } from '../../errors.ts';
import { refuseSurplus } from '../../surplus.ts';
import { GROUP_REMOVALS, GROUP_STAMP, groupHeader } from '../memory/arena.ts';
import type { KeyedState } from '../rows/keyed-state.ts';
import { newestRows } from '../rows/newest-rows.ts';
import type { CommitRecord } from '../transaction/commit-record.ts';
import { ascendingGroups, type Checkpoint, requireFormat } from './checkpoint.ts';
import { cellsMinOf, copyImages, type GroupImage, GroupImageWriter } from './group-images.ts';
import { EVERY_ROW, type RowFormat, rowsAfter } from './row-image.ts';

/** What a backup says of a key group. */
interface GroupBackup extends GroupImage {
  /** True if these are all rows of the group; false if others are as they were. */
  readonly whole: boolean;
}

/** What has changed since the backup before. Plain data: `buffersOf` gives its buffers for a transfer. */
export interface Backup {
  /** True if it follows no other: every group is whole. */
  readonly full: boolean;
  /** The commit of the backup that it follows; its own if it is full. */
  readonly after: number;
  /** The number of the commit at which it was taken. */
  readonly sequence: number;
  /** The record of that commit. Its content is for Millrace: a store keeps it as it is. */
  readonly marks: CommitRecord;
  /** The layout of the rows. For Millrace: a store keeps it as it is. */
  readonly format: RowFormat;
  /** All groups that the actor owns, in ascending order: a store forgets others. */
  readonly owned: readonly number[];
  /** Those that have changed, in ascending order. */
  readonly groups: readonly GroupBackup[];
}

/**
 * Where the backups of actors are kept. Writes for one actor come in their order, each when the one before is done. If one
 * fails, the next must be a full one.
 */
export interface BackupStore {
  /**
   * Takes over a backup, and its buffers.
   * @throws MillraceError BAD_BACKUP for an increment that does not follow what the store has
   */
  write(actor: string, backup: Backup): void | Promise<void>;
  /** The state at the actor's last backup, the caller's own; undefined if there is none. */
  read(actor: string): Checkpoint | undefined | Promise<Checkpoint | undefined>;
  /** Forgets an actor. */
  remove(actor: string): void | Promise<void>;
}

/** An increment is expected to be larger than the last one by this factor at most: otherwise its buffer grows. */
const SPARE_SHARE = 1.25;

/** Takes the backups of one actor's state, on the thread that owns it. */
export class BackupWriter {
  private readonly state: KeyedState;
  private owned: readonly number[];
  /** What the last backup has seen: by group, its stamp and removal counters. */
  private seen = new Map<number, { readonly stamp: number; readonly removals: number }>();
  private isFull = true;
  private lastSequence = 0;
  private lastCells = 0;

  /** @param groups the key groups that the actor owns */
  constructor(state: KeyedState, groups: Iterable<number>) {
    this.state = state;
    this.owned = ascendingGroups(groups);
  }

  /** The actor owns other groups from now on. Those that are new are shipped as wholes. */
  own(groups: Iterable<number>): void {
    this.owned = ascendingGroups(groups);
    const owned = new Set(this.owned);
    for (const group of this.seen.keys()) if (!owned.has(group)) this.seen.delete(group);
  }

  /** The next backup is full: the store may not have got the last one. */
  restart(): void {
    this.isFull = true;
  }

  /**
   * What has changed since the last call; call it at a commit.
   * @param marks the record of the last commit; copied
   * @param sequence its number
   * @throws MillraceError INVARIANT if a transaction is open, or the tables' counts are wrong; the next backup is then full
   */
  take(marks: CommitRecord, sequence: number): Backup {
    const { state, owned, isFull: full, lastSequence } = this;
    requireCommitted(state, sequence);
    // Until all is copied: an error on the way leaves a store without these changes.
    this.isFull = true;
    const changes = this.noteChanges(full);
    const wholeCells = changes.reduce(
      (sum, { group, from }) => sum + (from === EVERY_ROW ? cellsMinOf(state, group) : 0),
      0,
    );
    const writer = new GroupImageWriter(state, wholeCells + this.lastCells * SPARE_SHARE);
    for (const { group, from } of changes) writer.add(group, from);
    const whole = new Set(changes.filter(({ from }) => from === EVERY_ROW).map(({ group }) => group));
    const groups = writer.finish().map((image): GroupBackup => ({ ...image, whole: whole.has(image.group) }));
    this.lastCells = groups.reduce((sum, { whole, image }) => sum + (whole ? 0 : image.length / 4), 0);
    this.lastSequence = sequence;
    this.isFull = false;
    return {
      full,
      after: full ? sequence : lastSequence,
      sequence,
      marks: structuredClone(marks),
      format: state.images.format,
      owned,
      groups,
    };
  }

  /** The groups that have changed since the last call, and which of their rows are wanted. */
  private noteChanges(full: boolean): { group: number; from: number }[] {
    const { state, seen } = this;
    const changes: { group: number; from: number }[] = [];
    if (full) seen.clear();
    for (const group of this.owned) {
      const { i32 } = state.transaction.arenaOf(group);
      const stamp = i32[groupHeader(group) + GROUP_STAMP];
      const removals = i32[groupHeader(group) + GROUP_REMOVALS];
      const last = seen.get(group);
      if (last !== undefined && last.stamp === stamp && last.removals === removals) continue;
      // A counter that has come to 0 in the meantime has cleared all stamps, and has counted that as a removal.
      changes.push({ group, from: last?.removals === removals ? rowsAfter(last.stamp) : EVERY_ROW });
      seen.set(group, { stamp, removals });
    }
    return changes;
  }
}

/**
 * Takes up what other threads have grown.
 * @throws MillraceError INVARIANT if this thread's transaction after the last commit has touched a key group
 */
function requireCommitted({ transaction }: KeyedState, sequence: number): void {
  for (const arena of transaction.arenas) arena.refresh();
  const isOpen = transaction.undo.transaction() === ((sequence + 1) | 0) && transaction.stamps.some((s) => s !== 0);
  if (isOpen) throw errors.invariant('rows are copied at a commit, and a transaction is open');
}

/** A key group in a {@link MemoryBackup}. */
interface HeldGroup {
  base: GroupImage;
  /** The oldest first. */
  increments: GroupImage[];
  incrementBytes: number;
}

interface Change {
  readonly whole: boolean;
  readonly image: GroupImage;
}

interface HeldActor {
  readonly actor: string;
  readonly format: RowFormat;
  readonly sequence: number;
  readonly marks: CommitRecord;
  readonly groups: ReadonlyMap<number, HeldGroup>;
}

/** What holding an image costs besides its bytes, about. */
const IMAGE_BYTES = 256;
/** A group whose increments take less is left as it is. */
const INCREMENT_BYTES_MIN = 1 << 12;

const bytesOf = ({ image }: GroupImage): number => image.length + IMAGE_BYTES;

/** An image that pins no other: groups are replaced one by one, and one buffer may hold many. */
const separate = ({ group, rows, image }: GroupImage): GroupImage => ({
  group,
  rows,
  image: image.length === image.buffer.byteLength ? image : image.slice(),
});

/** Backups in memory, on the thread that made the store: they survive the actors' workers, not the process. */
export class MemoryBackup implements BackupStore {
  private readonly actors = new Map<string, HeldActor>();
  private readonly later: (task: () => void) => void;
  /** Groups whose increments outweigh their base. */
  private readonly due = new Map<HeldGroup, HeldActor>();
  private isScheduled = false;

  constructor(later: (task: () => void) => void) {
    this.later = later;
  }

  /** About what all backups take. */
  get bytes(): number {
    let sum = 0;
    for (const { groups } of this.actors.values()) {
      for (const { base, incrementBytes } of groups.values()) sum += bytesOf(base) + incrementBytes;
    }
    return sum;
  }

  write(actor: string, { full, after, sequence, marks, format, owned, groups }: Backup): void {
    const before = this.actors.get(actor);
    const known = full ? undefined : before;
    if (!full && known?.sequence !== after) throw errors.backupGap(actor, after, known?.sequence);
    if (known !== undefined) requireFormat(actor, format, known.format);
    const changes = new Map(
      groups.map((image): [number, Change] => [image.group, { whole: image.whole, image: separate(image) }]),
    );
    const missing = owned.find((group) => !known?.groups.has(group) && changes.get(group)?.whole !== true);
    if (missing !== undefined) throw errors.backupDamaged(actor, `key group ${missing} is missing`);
    const ownMarks = structuredClone(marks);
    // Nothing fails from here on: the backup counts wholly or not at all.
    const held = new Map<number, HeldGroup>();
    const next: HeldActor = { actor, format, sequence, marks: ownMarks, groups: held };
    for (const group of owned) {
      const change = changes.get(group);
      const kept = change?.whole ? undefined : known?.groups.get(group);
      held.set(group, kept ?? { base: (change as Change).image, increments: [], incrementBytes: 0 });
      if (kept === undefined || change === undefined) continue;
      kept.increments.push(change.image);
      kept.incrementBytes += bytesOf(change.image);
      if (kept.incrementBytes > Math.max(INCREMENT_BYTES_MIN, kept.base.image.length)) this.due.set(kept, next);
    }
    for (const [group, old] of before?.groups ?? []) if (held.get(group) !== old) this.due.delete(old);
    this.actors.set(actor, next);
    this.schedule();
  }

  read(actor: string): Checkpoint | undefined {
    const held = this.actors.get(actor);
    if (held === undefined) return undefined;
    const { format, sequence, marks, groups } = held;
    for (const group of groups.values()) this.compact(group, held);
    const images = copyImages([...groups.values()].map(({ base }) => base));
    return { format, sequence, marks: structuredClone(marks), groups: images };
  }

  remove(actor: string): void {
    for (const group of this.actors.get(actor)?.groups.values() ?? []) this.due.delete(group);
    this.actors.delete(actor);
  }

  private schedule(): void {
    if (this.isScheduled || this.due.size === 0) return;
    this.isScheduled = true;
    this.later(() => {
      this.isScheduled = false;
      // One group at a time: the app's thread has other things to do.
      const [first] = this.due;
      if (first !== undefined) this.tryCompact(...first);
      this.schedule();
    });
  }

  /** A failure here is nobody's: the group stays in parts, and whoever reads it meets the same error. */
  private tryCompact(group: HeldGroup, held: HeldActor): void {
    try {
      this.compact(group, held);
    } catch {
      this.due.delete(group);
    }
  }

  private compact(group: HeldGroup, { actor, format }: HeldActor): void {
    if (group.increments.length === 0) return;
    group.base = newestRows(actor, format, [group.base, ...group.increments]);
    this.due.delete(group);
    group.increments = [];
    group.incrementBytes = 0;
  }
}

/**
 * A store in the memory of the thread that calls this. It keeps a full image of each key group and increments to it, and
 * puts them together when the increments outweigh the image: group by group, between other events.
 * @param later runs a task soon, but not at once; by default after the events that are due
 */
export function memoryBackup(
  later: (task: () => void) => void = (task) => void setImmediate(task).unref(),
  ...surplus: readonly never[]
): MemoryBackup {
  refuseSurplus('memoryBackup(later)', 1, surplus);
  return new MemoryBackup(later);
}
