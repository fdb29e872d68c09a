// A reader's end of a ring: a cursor (frame position and row in that frame) that moves privately and is released at commits.
// Promises: sees only published frames; what lies before `released` may be overwritten, nothing else. A control frame (fence, end
// of stream) stays current until its reader is told to pass it: alignment.ts decides when.

import { errors } from '../errors.ts';
import { hasPlace, readPlace } from './places.ts';
import { FrameKind, KIND_MASK, type Ring } from './ring.ts';
import type { WakeWords } from './wake.ts';

/** A cursor: everything before it is read. */
export interface ReadMark {
  position: number;
  row: number;
  ended: boolean;
  /** The hand-over of the last fence that was passed. */
  fence: number;
  /** Of the last frame that was read: no tuple behind it has an earlier time. */
  watermark: number;
  /** The time that counts in place of a later one until the fence of hand-over `heldUntil` has been passed. */
  heldAt: number;
  heldUntil: number;
  /** Of the last frame that was read: no tuple behind it comes from an earlier place (places.ts). */
  place: number;
  /** The place that counts in place of a later one, as {@link heldAt} does. */
  placeHeldAt: number;
  /** How often the position has come round to 0: with it, a place in the ring is like no other. */
  laps: number;
}

/** True if one place is behind another, on the same ring and at most one ring away. */
export function isBehind(place: Pick<ReadMark, 'position' | 'row'>, than: Pick<ReadMark, 'position' | 'row'>): boolean {
  const words = (place.position - than.position) | 0;
  return words < 0 || (words === 0 && place.row < than.row);
}

/** Where a reader of a new ring stands. */
export const startMark = (position = 0): ReadMark => ({
  position,
  row: 0,
  ended: false,
  fence: 0,
  watermark: Number.NEGATIVE_INFINITY,
  heldAt: Number.POSITIVE_INFINITY,
  heldUntil: 0,
  place: 0,
  placeHeldAt: Number.POSITIVE_INFINITY,
  laps: 0,
});

/** Reads frames in order. The fields after {@link load} describe the current frame. */
export class RingReader {
  readonly ring: Ring;
  readonly slot: number;
  /** Position of the current frame. */
  position: number;
  /** Rows of the current frame that are already processed. */
  row = 0;
  /** True once the end-of-stream frame has been passed. */
  ended = false;
  /** The hand-over of the last fence that was passed. */
  fence = 0;
  /** Of the last frame that was read: no tuple behind it has an earlier time. */
  watermark = Number.NEGATIVE_INFINITY;
  /** See {@link holdAt}. */
  heldAt = Number.POSITIVE_INFINITY;
  heldUntil = 0;
  /** Of the last frame that was read: no tuple behind it comes from an earlier place. */
  place = 0;
  placeHeldAt = Number.POSITIVE_INFINITY;
  /** How often the position has come round to 0. */
  laps = 0;
  /** Of the current frame: index of its first word in the data, and its row count. */
  frameIndex = 0;
  count = 0;
  /** The cell of its kind. */
  private header = 0;
  private seenPublished: number;
  private releasedAt: number;

  constructor(ring: Ring, slot: number, mark: ReadMark) {
    this.ring = ring;
    this.slot = slot;
    this.position = mark.position;
    this.seenPublished = mark.position;
    this.releasedAt = ring.released(slot);
    this.reset(mark);
  }

  /** Moves to where a commit said; everything after it is read again. */
  reset(mark: ReadMark): void {
    const { position, row, ended, fence, watermark, heldAt, heldUntil, place, placeHeldAt, laps } = mark;
    this.position = position;
    this.row = row;
    this.ended = ended;
    this.fence = fence;
    this.watermark = watermark;
    this.heldAt = heldAt;
    this.heldUntil = heldUntil;
    this.place = place;
    this.placeHeldAt = placeHeldAt;
    this.laps = laps;
    this.seenPublished = position;
    this.count = 0;
  }

  /** Copies the cursor into a mark. */
  save(mark: ReadMark): void {
    mark.position = this.position;
    mark.row = this.row;
    mark.ended = this.ended;
    mark.fence = this.fence;
    mark.watermark = this.watermark;
    mark.heldAt = this.heldAt;
    mark.heldUntil = this.heldUntil;
    mark.place = this.place;
    mark.placeHeldAt = this.placeHeldAt;
    mark.laps = this.laps;
  }

  /** The time that this input has come to: no tuple that is still to be read has an earlier one. */
  get time(): number {
    return this.fence < this.heldUntil ? Math.min(this.watermark, this.heldAt) : this.watermark;
  }

  /**
   * What its writer is given in a hand-over may be as early as `time`, and of as early a `place`, which it says itself in its own fence
   * and behind it only.
   */
  holdAt(time: number, place: number, handOver: number): void {
    const isHeld = this.fence < this.heldUntil;
    this.heldAt = isHeld ? Math.min(this.heldAt, time) : time;
    this.placeHeldAt = isHeld ? Math.min(this.placeHeldAt, place) : place;
    this.heldUntil = handOver;
  }

  /** The place that this input has come to: no tuple that is still to be read comes from an earlier one. Looks ahead, and stays. */
  get front(): number {
    if (this.ended) return Number.POSITIVE_INFINITY;
    const { i32 } = this.ring.data;
    const end = this.ring.published();
    let { place } = this;
    for (let at = this.position; at !== end; ) {
      const index = at & this.ring.mask;
      const kind = i32[(index << 1) + 1] & KIND_MASK;
      if (kind === FrameKind.endOfStream) return Number.POSITIVE_INFINITY;
      if (hasPlace(i32, index)) place = readPlace(i32, index);
      if (kind !== FrameKind.padding && kind !== FrameKind.time) break;
      at = (at + i32[index << 1]) | 0;
    }
    return this.fence < this.heldUntil ? Math.min(place, this.placeHeldAt) : place;
  }

  /** True if the next frame has tuples, or says that others go on with what its writer had: those keep to the order. Stays where it is. */
  get needsTurn(): boolean {
    const { i32 } = this.ring.data;
    const end = this.ring.published();
    for (let at = this.position; at !== end; ) {
      const index = at & this.ring.mask;
      const kind = i32[(index << 1) + 1] & KIND_MASK;
      if (kind === FrameKind.fence) return i32[(index << 1) + 3] < 0;
      if (kind !== FrameKind.padding) return kind === FrameKind.data;
      at = (at + i32[index << 1]) | 0;
    }
    return false;
  }

  /** True if nothing more comes, unless another replica hands groups over to the ring's writer, or has. */
  get isOver(): boolean {
    // First whether anyone writes: what was published before is then all there is.
    return this.ended || (this.ring.isDormant() && this.position === this.ring.published());
  }

  /** True if a frame (or the rest of one) has been published. */
  hasInput(): boolean {
    if (this.ended) return false;
    if (this.position !== this.seenPublished) return true;
    this.seenPublished = this.ring.published();
    return this.position !== this.seenPublished;
  }

  /**
   * Makes the next frame that says something the current one: data with unread rows, or a control frame, which stays current
   * until {@link pass}. Skips padding.
   * @returns undefined if there is none
   */
  load(): FrameKind | undefined {
    const { i32 } = this.ring.data;
    while (this.hasInput()) {
      const index = this.position & this.ring.mask;
      const at = index << 1;
      this.header = i32[at + 1];
      const kind = (this.header & KIND_MASK) as FrameKind;
      this.frameIndex = index;
      if (kind === FrameKind.data) {
        this.count = i32[at + 2];
        if (this.row < this.count) return kind;
        this.leave();
      } else if (kind === FrameKind.padding) {
        this.goOn(i32[at]);
      } else if (kind >= FrameKind.endOfStream && kind <= FrameKind.time) return kind;
      else throw errors.invariant(`frame kind ${kind} at position ${this.position} is known`);
    }
    return undefined;
  }

  /** Of the current frame, which is a fence: its hand-over, and the other replica as the fence names it. */
  get fenceInWork(): { readonly handOver: number; readonly other: number } {
    const { i32 } = this.ring.data;
    const at = this.frameIndex << 1;
    return { handOver: i32[at + 2], other: i32[at + 3] };
  }

  /** The rows of the frame at the cursor, of which some must be processed: it is there whether it is loaded or not. */
  get countAtCursor(): number {
    return this.ring.data.i32[((this.position & this.ring.mask) << 1) + 2];
  }

  /** What the current frame says of time. */
  get timeInWork(): number {
    return this.ring.data.f64[this.frameIndex + 2];
  }

  /** Goes on behind the current frame, which is a control frame. */
  pass(): void {
    const { i32 } = this.ring.data;
    const at = this.frameIndex << 1;
    if (i32[at + 1] === FrameKind.fence) this.fence = i32[at + 2];
    else if (i32[at + 1] === FrameKind.endOfStream) this.ended = true;
    this.leave();
  }

  private leave(): void {
    const { i32, f64 } = this.ring.data;
    this.watermark = f64[this.frameIndex + 2];
    if (this.header > KIND_MASK) this.place = readPlace(i32, this.frameIndex);
    this.goOn(i32[this.frameIndex << 1]);
  }

  private goOn(words: number): void {
    const next = (this.position + words) | 0;
    if (this.position < 0 && next >= 0) this.laps++;
    this.position = next;
    this.row = 0;
  }

  /** Marks rows of the current frame as processed; leaves the frame when it is done. */
  advance(row: number): void {
    if (row < this.count) {
      this.row = row;
      return;
    }
    this.leave();
  }

  /** Releases everything before the cursor's frame, and wakes the writer if that is what it waits for. */
  release(position: number, wakeWords: WakeWords): void {
    if (position === this.releasedAt) return;
    this.releasedAt = position;
    const { ring } = this;
    ring.release(this.slot, position);
    const needs = ring.writerNeeds();
    if (needs !== 0 && ring.capacityWords - ring.unreleasedWords(ring.published()) >= needs) {
      wakeWords.wake(ring.writerHost());
    }
  }
}
