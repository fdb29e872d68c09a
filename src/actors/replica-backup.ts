// Backups of one actor's state: when they are due, and how far its inputs may be released meanwhile.
// Promises: an input is released only up to the last backup that the store has, so that what the backup does not reflect can
// be read again. One backup is under way at a time; the next is taken when it is due, or when half of a ring is held back.
// Relies on: the store answers every backup with `stored` or `failed`.

import type { RingReader } from '../mailbox/ring-reader.ts';
import type { WakeWords } from '../mailbox/wake.ts';
import { type Backup, BackupWriter } from '../state/images/backup.ts';
import type { KeyedState } from '../state/rows/keyed-state.ts';
import type { CommitRecord } from '../state/transaction/commit-record.ts';

export class ReplicaBackup {
  private readonly writer: BackupWriter;
  private readonly readers: readonly RingReader[];
  private readonly everyMs: number;
  private readonly ship: (backup: Backup) => void;
  /** Where each input may be released up to. */
  private readonly kept: number[];
  private underWay: { sequence: number; positions: number[] } | undefined;
  /** The commit that the last backup is of. */
  private lastSequence: number | undefined;
  private dueMs: number;

  constructor(
    state: KeyedState,
    groups: readonly number[],
    readers: readonly RingReader[],
    everyMs: number,
    nowMs: number,
    ship: (backup: Backup) => void,
  ) {
    this.writer = new BackupWriter(state, groups);
    this.readers = readers;
    this.everyMs = everyMs;
    this.ship = ship;
    this.kept = readers.map(({ ring, slot }) => ring.released(slot));
    this.dueMs = nowMs + everyMs;
  }

  /** The actor owns other key groups from now on. */
  own(groups: readonly number[]): void {
    this.writer.own(groups);
  }

  /** Where input `index` may be released up to, instead of where it was read to. */
  releasable(index: number): number {
    return this.kept[index];
  }

  /** When the next backup is due, if there is something new by then. */
  wakeAtMs(sequence: number): number {
    return this.underWay === undefined && sequence !== this.lastSequence ? this.dueMs : Number.POSITIVE_INFINITY;
  }

  /** Takes a backup if one is due. Call it at a commit. */
  takeIfDue(committed: CommitRecord, sequence: number, nowMs: number): void {
    if (this.underWay !== undefined || sequence === this.lastSequence) return;
    if (nowMs < this.dueMs && !this.holdsMuch(committed)) return;
    this.dueMs = nowMs + this.everyMs;
    this.ship(this.writer.take(committed, sequence));
    this.lastSequence = sequence;
    this.underWay = { sequence, positions: committed.cursors.inputs.map(({ position }) => position) };
  }

  /** True if the writer of an input may soon have to wait for a backup. */
  private holdsMuch({ cursors: { inputs } }: CommitRecord): boolean {
    return this.readers.some(({ ring }, i) => ((inputs[i].position - this.kept[i]) | 0) > ring.capacityWords >>> 1);
  }

  /** The store has the backup of this commit: what it reflects need not be read again. */
  stored(sequence: number, wakeWords: WakeWords): void {
    const { underWay } = this;
    if (underWay?.sequence !== sequence) return;
    this.underWay = undefined;
    this.readers.forEach((reader, i) => {
      this.kept[i] = underWay.positions[i];
      reader.release(this.kept[i], wakeWords);
    });
  }

  /** The store could not take the backup of this commit: the next one is a full one. */
  failed(sequence: number): void {
    if (this.underWay?.sequence !== sequence) return;
    this.underWay = undefined;
    this.lastSequence = undefined;
    this.writer.restart();
  }
}
