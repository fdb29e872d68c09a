// A ring: the shared buffer that one replica writes its output stream into, and that many readers read.
// Promises: positions count 8-byte words modulo 2^32 and are compared by signed difference, only when they lie within
// one ring of each other. The writer may overwrite only what every active reader has released; a reader that is activated
// while the writer looks is seen.
// Relies on: one writer at a time; readers release in order; whoever activates a slot while the ring is in use holds a slot of
// its own at that position until it has; every hot word has a line of its own.

import { errors } from '../errors.ts';
import { allocateShared } from './shared-memory.ts';
import { LINE_BYTES, LINE_I32, type Views, viewsOf } from './views.ts';

export const READERS_MAX = 64;
export const RING_BYTES_MIN = 1 << 12;
export const RING_BYTES_MAX = 1 << 30;

const PUBLISHED = 0;
/** On the line of `published`, since they are written before it and read behind it. */
const STAMPS = 1;
const STAMPS_CELLS = 5;
const WRITER_NEEDS = LINE_I32;
const WRITER_HOST = 2 * LINE_I32;
/** How many slots there are, how often one was activated, and whether nobody writes. */
const READERS = WRITER_HOST + 1;
const ACTIVATIONS = WRITER_HOST + 2;
const DORMANT = WRITER_HOST + 3;
const SLOTS = 3 * LINE_I32;
const SLOT_RELEASED = 0;
const SLOT_ACTIVE = 1;
const SLOT_HOST = 2;
const CONTROL_BYTES = (3 + READERS_MAX) * LINE_BYTES;

/** Kinds of frames, in the low byte of their cell. */
export const FrameKind = { padding: 0, data: 1, endOfStream: 2, fence: 3, time: 4 } as const;
export type FrameKind = (typeof FrameKind)[keyof typeof FrameKind];

/** Masks the kind in its cell. */
export const KIND_MASK = 0xff;

/**
 * Header: i32 {words, kind}, i32 {count, reserved}, f64 watermark: no tuple behind the frame has an earlier time. The reserved cell, and
 * what the kind leaves of its own, have a place where a stage keeps the order of its input (places.ts). A padding frame may be its first
 * word only. A frame of the kind *time* is its header: it says how far time, or the place, has come where no tuple does. A fence has the
 * number of a hand-over in place of the count, and then the other replica: `giver` if it is the receiver's, which waits for the giver's
 * fence of the same number, and -1 - `receiver` if it is the giver's.
 */
export const FRAME_HEADER_WORDS = 3;

/** What the fence of a hand-over's giver names: the replica that takes. That of the receiver names the giver as it is. */
export const takenBy = (receiver: number): number => -1 - receiver;

/** The bytes of a ring that is to have at least so many: the next power of two. */
export const ringCapacity = (bytes: number): number => 2 ** Math.ceil(Math.log2(bytes));

/** A ring's shared memory, seen from one thread. */
export class Ring {
  readonly buffer: SharedArrayBuffer;
  readonly data: Views;
  readonly capacityWords: number;
  readonly mask: number;
  /** How many reader slots there are. */
  readonly readers: number;
  /** See stamps.ts. */
  readonly stampCells: Int32Array;
  private readonly control: Int32Array;

  constructor(buffer: SharedArrayBuffer) {
    const capacityBytes = buffer.byteLength - CONTROL_BYTES;
    this.buffer = buffer;
    this.control = new Int32Array(buffer, 0, CONTROL_BYTES >>> 2);
    this.data = viewsOf(buffer, CONTROL_BYTES, capacityBytes);
    this.capacityWords = capacityBytes >>> 3;
    this.mask = this.capacityWords - 1;
    this.readers = this.control[READERS];
    this.stampCells = this.control.subarray(STAMPS, STAMPS + STAMPS_CELLS);
  }

  /** Shared memory for a ring of at least `capacityBytes`, rounded up to a power of two, with slots for `readers`. */
  static allocate(capacityBytes: number, readers = READERS_MAX): SharedArrayBuffer {
    if (!(capacityBytes >= RING_BYTES_MIN && capacityBytes <= RING_BYTES_MAX)) {
      throw errors.badOption('ringBytes', capacityBytes, `a number from ${RING_BYTES_MIN} to ${RING_BYTES_MAX}`);
    }
    const buffer = allocateShared({ of: 'a ring', option: 'ringBytes' }, CONTROL_BYTES + ringCapacity(capacityBytes));
    new Int32Array(buffer)[READERS] = readers;
    return buffer;
  }

  get capacityBytes(): number {
    return this.capacityWords * 8;
  }

  /** The position up to which frames are visible to readers. */
  published(): number {
    return Atomics.load(this.control, PUBLISHED);
  }

  publish(position: number): void {
    Atomics.store(this.control, PUBLISHED, position);
  }

  /** The words that the parked writer waits for; 0 if it does not wait. */
  writerNeeds(): number {
    return Atomics.load(this.control, WRITER_NEEDS);
  }

  setWriterNeeds(words: number): void {
    Atomics.store(this.control, WRITER_NEEDS, words);
  }

  writerHost(): number {
    return Atomics.load(this.control, WRITER_HOST);
  }

  setWriterHost(host: number): void {
    Atomics.store(this.control, WRITER_HOST, host);
  }

  /** True while the ring has no writer, and none can come but by a hand-over from another replica of its operator. */
  isDormant(): boolean {
    return Atomics.load(this.control, DORMANT) === 1;
  }

  setDormant(isDormant: boolean): void {
    Atomics.store(this.control, DORMANT, isDormant ? 1 : 0);
  }

  /**
   * Activates a reader slot at a position that somebody holds, who goes on when this returns. `released` is stored before
   * `active`: the writer never sees it unset.
   */
  activate(slot: number, position: number): void {
    if (slot >= this.readers) throw errors.invariant(`reader slot ${slot} is below ${this.readers}`);
    const at = SLOTS + slot * LINE_I32;
    Atomics.store(this.control, at + SLOT_RELEASED, position);
    Atomics.store(this.control, at + SLOT_ACTIVE, 1);
    Atomics.add(this.control, ACTIVATIONS, 1);
  }

  /** Takes a slot out of use: the writer no longer waits for it. */
  deactivate(slot: number): void {
    Atomics.store(this.control, SLOTS + slot * LINE_I32 + SLOT_ACTIVE, 0);
  }

  isActive(slot: number): boolean {
    return Atomics.load(this.control, SLOTS + slot * LINE_I32 + SLOT_ACTIVE) === 1;
  }

  released(slot: number): number {
    return Atomics.load(this.control, SLOTS + slot * LINE_I32 + SLOT_RELEASED);
  }

  release(slot: number, position: number): void {
    Atomics.store(this.control, SLOTS + slot * LINE_I32 + SLOT_RELEASED, position);
  }

  readerHost(slot: number): number {
    return Atomics.load(this.control, SLOTS + slot * LINE_I32 + SLOT_HOST);
  }

  setReaderHost(slot: number, host: number): void {
    Atomics.store(this.control, SLOTS + slot * LINE_I32 + SLOT_HOST, host);
  }

  /**
   * Words before `position` that some active reader has not released yet. Looks again if a slot was activated meanwhile: it may have
   * passed that slot before, and then seen what the reader that had held the position released.
   */
  unreleasedWords(position: number): number {
    for (;;) {
      const activations = Atomics.load(this.control, ACTIVATIONS);
      const most = this.mostHeld(position);
      if (Atomics.load(this.control, ACTIVATIONS) === activations) return most;
    }
  }

  private mostHeld(position: number): number {
    let most = 0;
    for (let slot = 0; slot < this.readers; slot++) {
      const at = SLOTS + slot * LINE_I32;
      if (Atomics.load(this.control, at + SLOT_ACTIVE) === 0) continue;
      const held = (position - Atomics.load(this.control, at + SLOT_RELEASED)) | 0;
      if (held > most) most = held;
    }
    return most;
  }
}
