// The allocator of one replica: extents of an operator's arenas, in size classes with free lists.
// Promises: whatever a transaction allocates or frees is undone with it; what it frees is not reused before it commits,
// because a rollback needs the old contents.
// Relies on: the undo log; extents that are freed are not written any more by the transaction.

import { allocateShared } from '../../mailbox/shared-memory.ts';
import type { UndoLog } from '../transaction/undo-log.ts';
import type { Arena } from './arena.ts';
import { ARENAS_MAX } from './arena.ts';

/** Sizes are 2^k times 1, 1.25, 1.5 or 1.75 words. */
const STEPS = 4;
const CLASSES = 31 * STEPS;
const FREE = 2;
const PENDING = FREE + CLASSES;
const PENDING_TRANSACTION = PENDING + CLASSES;
const BLOCK_CELLS = PENDING_TRANSACTION + CLASSES;
const BUMP = 0;
const BUMP_END = 1;
/** What the open transaction took from the arenas: a count, then {arena, address, size class} each. */
const TAKEN = ARENAS_MAX * BLOCK_CELLS;
const TAKEN_MAX = 4096;
const TAKEN_CELLS = 3;
/** Small extents are cut from chunks of this size. */
const CHUNK_WORDS = 1 << 13;
const SMALL_WORDS_MAX = CHUNK_WORDS >>> 3;
const EXTENT_WORDS_MIN = 2;

/** The size class of an extent of at least `words`. */
export function sizeClassOf(words: number): number {
  if (words <= STEPS) return Math.max(words, EXTENT_WORDS_MIN);
  const log = 31 - Math.clz32(words - 1);
  const step = 1 << (log - 2);
  return log * STEPS + ((words - (1 << log) + step - 1) >> (log - 2));
}

/** The words of a size class. */
export function sizeOfClass(sizeClass: number): number {
  if (sizeClass <= STEPS) return sizeClass;
  const log = (sizeClass / STEPS) | 0;
  return (1 << log) + (sizeClass % STEPS) * (1 << (log - 2));
}

export class Allocator {
  /** The allocator's own cells, which the undo log restores like an arena's. */
  readonly i32: Int32Array;
  /** The space number of {@link i32} in the undo log. */
  static readonly space = ARENAS_MAX;
  private readonly undo: UndoLog;
  private transaction = 0;

  constructor(buffer: SharedArrayBuffer, undo: UndoLog) {
    this.i32 = new Int32Array(buffer);
    this.undo = undo;
  }

  static allocate(): SharedArrayBuffer {
    return allocateShared({ of: 'the free lists of an actor' }, (TAKEN + 1 + TAKEN_MAX * TAKEN_CELLS) * 4);
  }

  begin(transaction: number): void {
    this.transaction = transaction;
    this.i32[TAKEN] = 0;
  }

  /**
   * After the undo log has restored this allocator's cells: what the transaction took from the arenas joins the free
   * lists. A crash in here loses an extent at the worst; it never lists one twice.
   */
  afterRollback(arenas: readonly Arena[]): void {
    const { i32 } = this;
    while (i32[TAKEN] > 0) {
      i32[TAKEN] -= 1;
      const at = TAKEN + 1 + i32[TAKEN] * TAKEN_CELLS;
      const arena = arenas[i32[at]];
      const head = arena.id * BLOCK_CELLS + FREE + i32[at + 2];
      arena.i32[i32[at + 1] << 1] = i32[head];
      i32[head] = i32[at + 1];
    }
  }

  /** An extent of at least `words`, zeroed. */
  allocate(arena: Arena, words: number): number {
    const sizeClass = sizeClassOf(words);
    const size = sizeOfClass(sizeClass);
    const recycled = this.pop(arena, sizeClass);
    if (recycled === 0 && size > SMALL_WORDS_MAX) return this.take(arena, sizeClass);
    const address = recycled === 0 ? this.bump(arena, size) : recycled;
    arena.i32.fill(0, address << 1, (address + size) << 1);
    return address;
  }

  private pop(arena: Arena, sizeClass: number): number {
    const block = arena.id * BLOCK_CELLS;
    this.recycle(block, sizeClass);
    const head = block + FREE + sizeClass;
    const address = this.i32[head];
    if (address === 0) return 0;
    this.undo.save(arena.id, arena.i32, address << 1, 1);
    this.set(head, arena.i32[address << 1]);
    return address;
  }

  /** Frees an extent that was allocated with `words`. Its memory is reused after the commit. */
  free(arena: Arena, address: number, words: number): void {
    const sizeClass = sizeClassOf(words);
    const block = arena.id * BLOCK_CELLS;
    this.recycle(block, sizeClass);
    const head = block + PENDING + sizeClass;
    this.undo.save(arena.id, arena.i32, address << 1, 1);
    arena.i32[address << 1] = this.i32[head];
    this.set(head, address);
    this.i32[block + PENDING_TRANSACTION + sizeClass] = this.transaction;
  }

  /** Moves extents that an earlier transaction has freed to the free list, once that is empty. */
  private recycle(block: number, sizeClass: number): void {
    const { i32 } = this;
    const pending = i32[block + PENDING + sizeClass];
    if (pending === 0 || i32[block + FREE + sizeClass] !== 0) return;
    if (i32[block + PENDING_TRANSACTION + sizeClass] === this.transaction) return;
    this.set(block + FREE + sizeClass, pending);
    this.set(block + PENDING + sizeClass, 0);
  }

  private bump(arena: Arena, words: number): number {
    const { i32 } = this;
    const block = arena.id * BLOCK_CELLS;
    if (i32[block + BUMP] + words > i32[block + BUMP_END]) {
      const chunkClass = sizeClassOf(CHUNK_WORDS);
      const chunk = this.pop(arena, chunkClass) || this.take(arena, chunkClass);
      this.set(block + BUMP, chunk);
      this.set(block + BUMP_END, chunk + CHUNK_WORDS);
    }
    const address = i32[block + BUMP];
    this.set(block + BUMP, address + words);
    return address;
  }

  /** Fresh memory, remembered until the commit in case the transaction is rolled back. */
  private take(arena: Arena, sizeClass: number): number {
    const address = arena.take(sizeOfClass(sizeClass));
    const { i32 } = this;
    if (i32[TAKEN] < TAKEN_MAX) {
      const at = TAKEN + 1 + i32[TAKEN] * TAKEN_CELLS;
      i32[at] = arena.id;
      i32[at + 1] = address;
      i32[at + 2] = sizeClass;
      i32[TAKEN] += 1;
    }
    return address;
  }

  private set(cell: number, value: number): void {
    this.undo.save(Allocator.space, this.i32, cell, 1);
    this.i32[cell] = value;
  }
}
