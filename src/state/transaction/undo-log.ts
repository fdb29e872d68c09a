// The undo log of a replica: old images of everything its open transaction changes.
// Promises: after rollback, memory is as it was at the last commit; rolling back twice, or crashing in a rollback and
// rolling back again, changes nothing. Once all images are restored, the owner empties the log: what it does afterwards
// with memory that the transaction had used must not be overwritten by a second rollback.
// Relies on: an entry is complete before the count is raised, and the count is raised before the memory changes; the log
// is stamped with its transaction, count set to 0 first, then the stamp.

import { errors } from '../../errors.ts';
import { allocateShared, growShared, type Purpose } from '../../mailbox/shared-memory.ts';
import { LINE_I32 } from '../../mailbox/views.ts';

const TRANSACTION = 0;
const COUNT = 1;
const FIRST = LINE_I32;
const UNDO_BYTES_FIRST = 1 << 16;
const UNDO_BYTES_MAX = 2 ** 32 - 2 ** 16;
/** For what is saved of the owner's own: free lists, headers. */
const SLACK_BYTES = 1 << 26;
/** An entry is its image, then the index of its first cell, then its space and length. */
const UNDO_TRAILER_CELLS = 2;
const SPACE_SHIFT = 28;
const LENGTH_MASK = (1 << SPACE_SHIFT) - 1;

/** Something that the log can restore: the cells of an arena, or of an allocator's block. */
export interface UndoSpace {
  readonly i32: Int32Array;
}

const PURPOSE: Purpose = { of: 'an undo log', option: 'stateBytes' };

export class UndoLog {
  /** The log's cells; replaced when it grows. */
  i32: Int32Array;
  /** How many there are. Kept here: to ask the typed array for it costs more than all else in {@link ensure}. */
  private cells: number;
  /** Where the next entry goes. */
  end = FIRST;
  private readonly buffer: SharedArrayBuffer;

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.i32 = new Int32Array(buffer, 0, buffer.byteLength >>> 2);
    this.cells = this.i32.length;
    this.end = FIRST + this.i32[COUNT];
  }

  /** @param savedBytes that one transaction can change, at most: each of them is saved once, with its entry around it */
  static allocate(savedBytes: number): SharedArrayBuffer {
    return allocateShared(PURPOSE, UNDO_BYTES_FIRST, Math.min(UNDO_BYTES_MAX, 4 * savedBytes + SLACK_BYTES));
  }

  /** The transaction that the entries belong to. */
  transaction(): number {
    return this.i32[TRANSACTION];
  }

  begin(transaction: number): void {
    this.i32[COUNT] = 0;
    this.i32[TRANSACTION] = transaction;
    this.end = FIRST;
  }

  /** Makes room for an entry of `cells` image cells. Call it before {@link end} is used. */
  ensure(cells: number): void {
    const needed = this.end + cells + UNDO_TRAILER_CELLS;
    if (needed > this.cells) this.grow(needed * 4);
  }

  private grow(neededBytes: number): void {
    const { buffer } = this;
    const limit = buffer.maxByteLength;
    if (neededBytes > limit) throw errors.invariant(`a transaction saves at most ${limit} bytes of state`);
    const bytes = Math.min(limit, 2 ** Math.ceil(Math.log2(neededBytes)));
    growShared(buffer, bytes, PURPOSE);
    this.refresh();
  }

  /** Takes up what another thread, which had this log before, has grown. */
  private refresh(): void {
    if (this.i32.byteLength === this.buffer.byteLength) return;
    this.i32 = new Int32Array(this.buffer, 0, this.buffer.byteLength >>> 2);
    this.cells = this.i32.length;
  }

  /** Saves `length` cells from `index` of a space. */
  save(space: number, from: Int32Array, index: number, length: number): void {
    this.ensure(length);
    const { i32, end } = this;
    for (let i = 0; i < length; i++) i32[end + i] = from[index + i];
    i32[end + length] = index;
    i32[end + length + 1] = (space << SPACE_SHIFT) | length;
    this.end = end + length + UNDO_TRAILER_CELLS;
    i32[COUNT] = this.end - FIRST;
  }

  /** Restores the images, last to first. The log stays as it is: after a crash in here the next rollback finds them. */
  rollback(spaces: readonly UndoSpace[]): void {
    this.refresh();
    const { i32 } = this;
    let at = FIRST + i32[COUNT];
    while (at > FIRST) {
      const index = i32[at - 2];
      const length = i32[at - 1] & LENGTH_MASK;
      const to = spaces[i32[at - 1] >>> SPACE_SHIFT].i32;
      at -= length + UNDO_TRAILER_CELLS;
      for (let i = 0; i < length; i++) to[index + i] = i32[at + i];
    }
  }

  /** Forgets the images, but not whose they were: the rollback is complete. */
  empty(): void {
    this.i32[COUNT] = 0;
    this.end = FIRST;
  }
}

/** Source text that saves one row of `cells` cells at `p` of `i32` (an arena with `id`) to `undo`: save(), unrolled. */
export function saveRowCode(cells: number): string {
  const images = Array.from({ length: cells }, (_, i) => `log[end + ${i}] = i32[p + ${i}];`).join(' ');
  return `undo.ensure(${cells});
const log = undo.i32, end = undo.end;
${images}
log[end + ${cells}] = p;
log[end + ${cells + 1}] = (id << ${SPACE_SHIFT}) | ${cells};
undo.end = end + ${cells + UNDO_TRAILER_CELLS};
log[${COUNT}] = end + ${cells + UNDO_TRAILER_CELLS - FIRST};`;
}
