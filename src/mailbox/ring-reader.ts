// A reader's end of a ring: a cursor (frame position and row in that frame) that moves privately and is released at commits.
// Promises: sees only published frames; what lies before `released` may be overwritten, nothing else.

import { errors } from '../errors.ts';
import { FrameKind, type Ring } from './ring.ts';
import type { WakeWords } from './wake.ts';

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
  /** Of the current frame: index of its first word in the data, and its row count. */
  frameIndex = 0;
  count = 0;
  private seenPublished: number;
  private releasedAt: number;

  constructor(ring: Ring, slot: number, position: number, row = 0, ended = false) {
    this.ring = ring;
    this.slot = slot;
    this.position = position;
    this.row = row;
    this.ended = ended;
    this.seenPublished = position;
    this.releasedAt = ring.released(slot);
  }

  /** Moves to where a commit said; everything after it is read again. */
  reset(position: number, row: number, ended: boolean): void {
    this.position = position;
    this.row = row;
    this.ended = ended;
    this.seenPublished = position;
    this.count = 0;
  }

  /** True if a frame (or the rest of one) can be read now. */
  hasInput(): boolean {
    if (this.ended) return false;
    if (this.position !== this.seenPublished) return true;
    this.seenPublished = this.ring.published();
    return this.position !== this.seenPublished;
  }

  /**
   * Makes the next data frame with unread rows the current one. Skips padding and passes the end of the stream.
   * @returns false if there is none
   */
  load(): boolean {
    const { i32 } = this.ring.data;
    while (this.hasInput()) {
      const index = this.position & this.ring.mask;
      const at = index << 1;
      const kind = i32[at + 1];
      if (kind === FrameKind.data) {
        this.frameIndex = index;
        this.count = i32[at + 2];
        if (this.row < this.count) return true;
      }
      if (kind > FrameKind.endOfStream)
        throw errors.invariant(`frame kind ${kind} at position ${this.position} is known`);
      this.position = (this.position + i32[at]) | 0;
      this.row = 0;
      if (kind === FrameKind.endOfStream) {
        this.ended = true;
        return false;
      }
    }
    return false;
  }

  /** Marks rows of the current frame as processed; leaves the frame when it is done. */
  advance(row: number): void {
    if (row < this.count) {
      this.row = row;
      return;
    }
    this.position = (this.position + this.ring.data.i32[this.frameIndex << 1]) | 0;
    this.row = 0;
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
