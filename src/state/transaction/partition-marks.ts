// Where each partition of a source stands, in shared memory that the source's replicas share: a mark belongs to the replica
// that owns the partition.
// Promises: a mark's old image is saved at its first change in a transaction; after rollback all marks are as committed, so they
// are part of the commit without being copied by it. A partition changes hands with nothing moved.
// Relies on: only the owner of a partition changes its mark; the undo log's argument (undo-log.ts).

import { allocateShared } from '../../mailbox/shared-memory.ts';
import { LINE_BYTES } from '../../mailbox/views.ts';
import type { CommitRecord } from './commit-record.ts';
import { equalPositions, POSITION_CELLS, readPosition, writePosition } from './position.ts';
import { UndoLog, type UndoSpace } from './undo-log.ts';

/**
 * Each mark has lines of its own: the position, the largest event time seen, and whether the partition has ended; and, outside of transactions, whether it has come to
 * its end in one that may yet be rolled back, for the other replicas. Only that is used by several threads, and always by Atomics.
 */
const SEEN = POSITION_CELLS;
const ENDED = 2 * (SEEN + 1);
const MARK_CELLS = ENDED + 1;
const REACHED = MARK_CELLS;
const MARK_BYTES = Math.ceil(((REACHED + 1) * 4) / LINE_BYTES) * LINE_BYTES;
const PER_MARK_F64 = MARK_BYTES / 8;
const PER_MARK_I32 = MARK_BYTES / 4;

/** The marks of a source, and the undo log of one of its replicas. */
export interface PartitionMemory {
  readonly marks: SharedArrayBuffer;
  readonly undo: SharedArrayBuffer;
}

/** Where a source, or one of its partitions, goes on: as in a commit's record. */
export type SourceMark = CommitRecord['progress']['source'];

export class PartitionMarks implements UndoSpace {
  readonly partitions: number;
  readonly i32: Int32Array;
  /** True if the open transaction has changed a mark. */
  isChanged = false;
  private readonly f64: Float64Array;
  private readonly undo: UndoLog;
  /** 1 for each partition whose image the open transaction has saved. */
  private readonly saved: Uint8Array;

  constructor({ marks, undo }: PartitionMemory) {
    this.partitions = marks.byteLength / MARK_BYTES;
    this.i32 = new Int32Array(marks);
    this.f64 = new Float64Array(marks);
    this.undo = new UndoLog(undo);
    this.saved = new Uint8Array(this.partitions);
  }

  /** Shared memory for marks that stand at the beginning. */
  static allocate(partitions: number): SharedArrayBuffer {
    const marks = allocateShared({ of: 'the positions of a source' }, partitions * MARK_BYTES);
    const f64 = new Float64Array(marks);
    for (let partition = 0; partition < partitions; partition++) {
      f64[partition * PER_MARK_F64 + SEEN] = Number.NEGATIVE_INFINITY;
    }
    return marks;
  }

  /** Opens transaction `number`. */
  begin(number: number): void {
    this.undo.begin(number);
    if (!this.isChanged) return;
    this.saved.fill(0);
    this.isChanged = false;
  }

  /** Undoes the open transaction, or one that a dead worker left open after `committed` transactions. */
  rollback(committed: number): void {
    if (this.undo.transaction() === ((committed + 1) | 0)) {
      this.undo.rollback([this]);
      this.undo.empty();
    }
    this.saved.fill(0);
    this.isChanged = false;
  }

  /** Reads where a partition stands into `mark`. */
  read(partition: number, mark: SourceMark): void {
    mark.position = readPosition(this.f64, partition * PER_MARK_F64);
    mark.seen = this.seen(partition);
  }

  /** Moves a partition, within the open transaction. */
  write(partition: number, { position, seen }: SourceMark): void {
    const { f64 } = this;
    const at = partition * PER_MARK_F64;
    if (equalPositions(readPosition(f64, at), position) && f64[at + SEEN] === seen) return;
    this.save(partition);
    writePosition(f64, at, position);
    f64[at + SEEN] = seen;
  }

  /** The largest event time that a partition has given; for its owner. */
  seen(partition: number): number {
    return this.f64[partition * PER_MARK_F64 + SEEN];
  }

  /** A partition has come to its end. Of two replicas that end their last partitions one sees both: {@link haveAllEnded}. */
  end(partition: number): void {
    this.save(partition);
    this.i32[partition * PER_MARK_I32 + ENDED] = 1;
    Atomics.store(this.i32, partition * PER_MARK_I32 + REACHED, 1);
  }

  /** True if a partition has ended; for its owner. */
  hasEnded(partition: number): boolean {
    return this.i32[partition * PER_MARK_I32 + ENDED] === 1;
  }

  /** True if a partition has come to its end, be it in a transaction that is rolled back: it comes to the same end again. For everyone. */
  hasReachedEnd(partition: number): boolean {
    return Atomics.load(this.i32, partition * PER_MARK_I32 + REACHED) === 1;
  }

  get haveAllEnded(): boolean {
    for (let partition = 0; partition < this.partitions; partition++) if (!this.hasReachedEnd(partition)) return false;
    return true;
  }

  private save(partition: number): void {
    if (this.saved[partition] === 1) return;
    this.saved[partition] = 1;
    this.isChanged = true;
    this.undo.save(0, this.i32, partition * PER_MARK_I32, MARK_CELLS);
  }
}
