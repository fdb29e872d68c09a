// A reader's end of a ring: a cursor (frame position and row in that frame) that moves privately and is released at commits.
// Promises: sees only published frames; what lies before `released` may be overwritten, nothing else. What comes after a fence
// is seen when the reader of the ring that it names has passed the fence of the same number.

import { errors } from '../errors.ts';
import { FrameKind, type Ring } from './ring.ts';
import type { WakeWords } from './wake.ts';

/** A cursor: everything before it is read. */
export interface ReadMark {
  position: number;
  row: number;
  ended: boolean;
  /** The hand-over of the last fence that was passed. */
  fence: number;
}

/** Where a reader of a new ring stands. */
export const startMark = (position = 0): ReadMark => ({ position, row: 0, ended: false, fence: 0 });

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
  /** The readers of all rings of the operator that is read, by replica: fences name them. */
  siblings: readonly RingReader[] = [];
  /** The fence that the cursor stands at, and may not pass yet. */
  private waitsFor: { readonly reader: RingReader; readonly fence: number } | undefined;
  /** Of the current frame: index of its first word in the data, and its row count. */
  frameIndex = 0;
  count = 0;
  private seenPublished: number;
  private releasedAt: number;

  constructor(ring: Ring, slot: number, { position, row, ended, fence }: ReadMark) {
    this.ring = ring;
    this.slot = slot;
    this.position = position;
    this.row = row;
    this.ended = ended;
    this.fence = fence;
    this.seenPublished = position;
    this.releasedAt = ring.released(slot);
  }

  /** Moves to where a commit said; everything after it is read again. */
  reset({ position, row, ended, fence }: ReadMark): void {
    this.position = position;
    this.row = row;
    this.ended = ended;
    this.fence = fence;
    this.waitsFor = undefined;
    this.seenPublished = position;
    this.count = 0;
  }

  /** Copies the cursor into a mark. */
  save(mark: ReadMark): void {
    mark.position = this.position;
    mark.row = this.row;
    mark.ended = this.ended;
    mark.fence = this.fence;
  }

  /** True if nothing more comes, unless another replica hands groups over to the ring's writer, or has. */
  get isOver(): boolean {
    // First whether anyone writes: what was published before is then all there is.
    return this.ended || (this.ring.isDormant() && this.position === this.ring.published());
  }

  /** True if a frame (or the rest of one) can be read now. */
  hasInput(): boolean {
    if (this.ended || this.isFenced()) return false;
    if (this.position !== this.seenPublished) return true;
    this.seenPublished = this.ring.published();
    return this.position !== this.seenPublished;
  }

  /** True while the cursor stands at a fence that it may not pass. */
  private isFenced(): boolean {
    const { waitsFor } = this;
    if (waitsFor === undefined) return false;
    if (waitsFor.reader.fence < waitsFor.fence) return true;
    this.waitsFor = undefined;
    return false;
  }

  /**
   * Makes the next data frame with unread rows the current one. Skips padding, and passes fences and the end of the stream.
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
      if (kind > FrameKind.fence) throw errors.invariant(`frame kind ${kind} at position ${this.position} is known`);
      if (kind === FrameKind.fence && !this.passFence(i32[at + 2], i32[at + 3])) return false;
      this.position = (this.position + i32[at]) | 0;
      this.row = 0;
      if (kind === FrameKind.endOfStream) {
        this.ended = true;
        return false;
      }
    }
    return false;
  }

  /** Passes a fence, unless that of the same number on the ring of replica `waitsFor` is still to come. */
  private passFence(fence: number, waitsFor: number): boolean {
    const reader = waitsFor < 0 ? undefined : this.siblings[waitsFor];
    if (reader !== undefined && reader.fence < fence) {
      this.waitsFor = { reader, fence };
      return false;
    }
    this.fence = fence;
    return true;
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

/** Fences name rings by the replica that writes them: those of one upstream operator stand one after the other, in order. */
export function connectSiblings(inputs: readonly { readonly reader: RingReader; readonly upstream: number }[]): void {
  for (const { reader, upstream } of inputs) {
    reader.siblings = inputs.filter((other) => other.upstream === upstream).map((other) => other.reader);
  }
}
