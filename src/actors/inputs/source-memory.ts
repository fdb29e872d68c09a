// Shared memory of a source, partition by partition: cells that its readers keep, and how far they have come.
// Promises: progress outlives its reader and is no part of a commit: after a crash or a hand-over it stands still until the reader has
// come as far again. Anybody may read it; each value is one aligned number, so nobody sees half of one.
// Relies on: only the owner of a partition writes there.

import { MEMORY_CELLS } from '../../flow/source.ts';
import { checkProgress, type SourceProgress } from '../../flow/source-progress.ts';
import { allocateShared } from '../../mailbox/shared-memory.ts';
import { LINE_BYTES } from '../../mailbox/views.ts';

const KEPT_BYTES = MEMORY_CELLS * Int32Array.BYTES_PER_ELEMENT;
/** What is kept, and a line for the progress. */
const MEMORY_BYTES = KEPT_BYTES + LINE_BYTES;

/** Shared memory for so many partitions. */
export const allocateMemory = (partitions: number): SharedArrayBuffer =>
  allocateShared({ of: 'the memory of a source' }, partitions * MEMORY_BYTES);

/** What readers of a partition keep. */
export const keptCells = (memory: SharedArrayBuffer, partition: number): Int32Array =>
  new Int32Array(memory, partition * MEMORY_BYTES, MEMORY_CELLS);

/** 1 once there is any. */
const KNOWN = 0;
const DONE = 1;
const TOTAL = 2;
const CELLS = 3;

const progressCells = (memory: SharedArrayBuffer, partition: number): Float64Array =>
  new Float64Array(memory, partition * MEMORY_BYTES + KEPT_BYTES, CELLS);

/** How far a partition has come, for its owner. */
export class PartitionProgress {
  readonly #cells: Float64Array;

  constructor(memory: SharedArrayBuffer, partition: number) {
    this.#cells = progressCells(memory, partition);
  }

  /**
   * Moves on to what a reader says, and never back.
   * @throws MillraceError SOURCE_CONTRACT
   */
  tell(source: string, given: unknown): void {
    const progress = checkProgress(source, given);
    if (progress === undefined) return;
    const cells = this.#cells;
    const { done, total }: SourceProgress = progress;
    // In this order, so that nobody sees more done than there is.
    if (total > cells[TOTAL]) cells[TOTAL] = total;
    if (done > cells[DONE]) cells[DONE] = done;
    cells[KNOWN] = 1;
  }

  /** There is nothing more: what was left does not exist. */
  end(): void {
    this.#cells[DONE] = this.#cells[TOTAL];
  }
}

/** The share of a source that has been read, from 0 to 1; undefined if the end of a partition is not known. */
export function progressOf(memory: SharedArrayBuffer): number | undefined {
  let [done, total] = [0, 0];
  for (let partition = 0; partition * MEMORY_BYTES < memory.byteLength; partition++) {
    const cells = progressCells(memory, partition);
    if (cells[KNOWN] === 0) return undefined;
    done += cells[DONE];
    total += cells[TOTAL];
  }
  return total === 0 ? 1 : Math.min(1, done / total);
}
