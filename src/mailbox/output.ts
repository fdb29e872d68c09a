// A writer's end of a ring, with its outbox: where the encoder of a stream puts finished frames.
// Promises: `reserve` never waits. What finds no room in the ring goes to the outbox, in order, and drains by commits
// before anything more is written to the ring. Nothing is visible before `publish`. Where `overflows` is set its writer reads on
// meanwhile, as those must that are read by themselves: what they wait for would wait for them.
// Relies on: positions before the committed head are never written again; the outbox range is part of the commit.

import { errors } from '../errors.ts';
import { NO_PLACE, writePlace } from './places.ts';
import { FRAME_HEADER_WORDS, FrameKind, type Ring } from './ring.ts';
import { allocateShared, growShared } from './shared-memory.ts';
import { type Views, viewsOf } from './views.ts';
import type { WakeWords } from './wake.ts';

/** Frames after which a batch commits, so that readers work while the writer goes on. */
const FRAMES_PER_COMMIT = 4;
/** A writer goes on only while this share of its ring is free. */
const BATCH_RING_SHARE = 8;
const OUTBOX_BYTES_FIRST = 1 << 16;
/** Byte offsets within an outbox are computed as int32. */
export const OUTBOX_BYTES_MAX = 2 ** 31 - 2 ** 16;

/** The committed state of an output: ring head, and the range of the outbox in words. */
export interface OutputMark {
  head: number;
  outboxStart: number;
  outboxEnd: number;
}

/**
 * The growable shared memory of one outbox.
 * @throws MillraceError BAD_OPTION above {@link OUTBOX_BYTES_MAX}
 */
export function allocateOutbox(limitBytes: number): SharedArrayBuffer {
  if (!(limitBytes >= 0 && limitBytes <= OUTBOX_BYTES_MAX)) {
    throw errors.badOption('outboxBytes', limitBytes, `a number from 0 to ${OUTBOX_BYTES_MAX}`);
  }
  return allocateShared(
    { of: 'an outbox', option: 'outboxBytes' },
    Math.min(OUTBOX_BYTES_FIRST, limitBytes),
    limitBytes,
  );
}

/** Writes frames into a ring, or beyond its room into the outbox. */
export class Output {
  readonly operator: string;
  readonly ring: Ring;
  /** The views that the last reserve() points into: the ring's or the outbox's. */
  target: Views;
  /** What its frames say of time: no tuple that is written from now on has an earlier one. */
  watermark = Number.NEGATIVE_INFINITY;
  /** What the last frame has said. */
  told = Number.NEGATIVE_INFINITY;
  /** What its frames say of places (places.ts): nothing that is written from now on comes from an earlier one. */
  place = NO_PLACE;
  /** What the last frame has said. */
  toldPlace = NO_PLACE;
  /** Largest frame, in words: half the ring, or padding could make it fit never. */
  readonly frameWordsMax: number;
  /** True if its writer goes on while output waits in the outbox: that then holds mail of many batches, up to its limit. */
  readonly overflows: boolean;
  private readonly outbox: SharedArrayBuffer;
  private outboxViews: Views;
  private head: number;
  private outboxStart: number;
  private outboxEnd: number;
  private unreleasedFrom: number;
  private frames = 0;

  constructor(operator: string, ring: Ring, outbox: SharedArrayBuffer, mark: OutputMark, overflows = false) {
    this.operator = operator;
    this.overflows = overflows;
    this.ring = ring;
    this.outbox = outbox;
    this.outboxViews = viewsOf(outbox, 0, outbox.byteLength & ~7);
    this.target = ring.data;
    this.frameWordsMax = ring.capacityWords >>> 1;
    this.head = mark.head;
    this.outboxStart = mark.outboxStart;
    this.outboxEnd = mark.outboxEnd;
    this.unreleasedFrom = (mark.head - ring.unreleasedWords(mark.head)) | 0;
  }

  /** True when enough is written for one commit, or output waits in the outbox: the batch ends here. */
  get isBatchFull(): boolean {
    return this.frames >= FRAMES_PER_COMMIT || this.spilled;
  }

  /** True while output waits in the outbox, and the operator must not read more input before it has drained. */
  get spilled(): boolean {
    return !this.overflows && this.isWaiting;
  }

  /** True while output waits in the outbox. */
  get isWaiting(): boolean {
    return this.outboxStart !== this.outboxEnd;
  }

  /** True if what waits in the outbox takes more than half of what it may. */
  get isNearLimit(): boolean {
    return (this.outboxEnd - this.outboxStart) * 16 > this.outbox.maxByteLength;
  }

  /** True if the ring has room for another batch; what that writes beyond the room goes to the outbox. */
  get hasRoomForBatch(): boolean {
    return this.overflows || this.hasRoom(this.ring.capacityWords / BATCH_RING_SHARE);
  }

  /** True if the ring has room for `words` and the padding that they may need. Never true while output waits. */
  hasRoom(words: number): boolean {
    return !this.isWaiting && this.fits(words);
  }

  private fits(words: number): boolean {
    const { capacityWords } = this.ring;
    const needed = words + this.paddingBefore(words);
    if (((this.head - this.unreleasedFrom) | 0) + needed <= capacityWords) return true;
    this.unreleasedFrom = (this.head - this.ring.unreleasedWords(this.head)) | 0;
    return ((this.head - this.unreleasedFrom) | 0) + needed <= capacityWords;
  }

  private paddingBefore(words: number): number {
    const left = this.ring.capacityWords - (this.head & this.ring.mask);
    return words > left ? left : 0;
  }

  /**
   * Room for one frame of `words`, at the returned word index of {@link target}. Grows the outbox if the ring is full.
   * @throws MillraceError OUTBOX_FULL beyond the outbox's limit
   */
  reserve(words: number): number {
    this.frames++;
    if (words > this.frameWordsMax) throw errors.invariant(`a frame of ${words} words is at most half of its ring`);
    if (this.hasRoom(words)) {
      this.target = this.ring.data;
      return this.take(words);
    }
    const end = this.outboxEnd + words;
    if (end * 8 > this.outboxViews.u8.byteLength) this.growOutbox(end * 8);
    const index = this.outboxEnd;
    this.outboxEnd = end;
    this.target = this.outboxViews;
    return index;
  }

  private take(words: number): number {
    const { ring } = this;
    const padding = this.paddingBefore(words);
    if (padding > 0) {
      const at = (this.head & ring.mask) << 1;
      ring.data.i32[at] = padding;
      ring.data.i32[at + 1] = FrameKind.padding;
      this.head = (this.head + padding) | 0;
    }
    const index = this.head & ring.mask;
    this.head = (this.head + words) | 0;
    return index;
  }

  private growOutbox(neededBytes: number): void {
    const limit = this.outbox.maxByteLength;
    if (neededBytes > limit) throw errors.outboxFull(this.operator, neededBytes, limit);
    const bytes = Math.min(limit, 2 ** Math.ceil(Math.log2(neededBytes)));
    growShared(this.outbox, bytes, { of: `the outbox of operator '${this.operator}'`, option: 'outboxBytes' });
    this.outboxViews = viewsOf(this.outbox, 0, this.outbox.byteLength & ~7);
  }

  /** Writes the end-of-stream frame. */
  writeEnd(): void {
    this.watermark = Number.POSITIVE_INFINITY;
    this.writeHeader(FrameKind.endOfStream, 0, 0);
  }

  /** Frames have said this of time. */
  tell(watermark: number): void {
    this.watermark = watermark;
    this.told = watermark;
  }

  /** Says how far time has come, and the place, unless a frame has said so. */
  tellTime(): void {
    if (this.told !== this.watermark || this.toldPlace !== this.place) this.writeHeader(FrameKind.time, 0, 0);
  }

  /**
   * Writes the fence of a hand-over.
   * @param other for the receiver's the giver, after whose fence of the same number it is read; for the giver's {@link takenBy} whom
   */
  writeFence(handOver: number, other: number): void {
    this.writeHeader(FrameKind.fence, handOver, other);
  }

  /** Says in the header of the frame at a word of {@link target} where its tuples come from. */
  writePlace(index: number): void {
    writePlace(this.target.i32, index, this.place);
    this.toldPlace = this.place;
  }

  /** Writes a frame that is only a header. */
  private writeHeader(kind: FrameKind, first: number, second: number): void {
    const index = this.reserve(FRAME_HEADER_WORDS);
    const { i32, f64 } = this.target;
    i32[index << 1] = FRAME_HEADER_WORDS;
    i32[(index << 1) + 1] = kind;
    i32[(index << 1) + 2] = first;
    i32[(index << 1) + 3] = second;
    f64[index + 2] = this.watermark;
    this.told = this.watermark;
    if (kind === FrameKind.time && this.place !== NO_PLACE) this.writePlace(index);
  }

  /**
   * Moves whole frames from the outbox into the ring, as far as there is room.
   * @returns true if any moved: the caller must commit
   */
  drain(): boolean {
    const from = this.outboxViews;
    let moved = false;
    while (this.outboxStart !== this.outboxEnd) {
      const words = from.i32[this.outboxStart << 1];
      if (!this.fits(words)) break;
      const index = this.take(words);
      const start = this.outboxStart * 8;
      this.ring.data.u8.set(from.u8.subarray(start, start + words * 8), index * 8);
      this.outboxStart += words;
      moved = true;
    }
    return moved;
  }

  /** The words that must be free before this output goes on: half the ring, or the frame that waits. */
  private wantedWords(): number {
    const half = this.ring.capacityWords >>> 1;
    if (!this.isWaiting) return half;
    const words = this.outboxViews.i32[this.outboxStart << 1];
    return Math.max(half, words + this.paddingBefore(words));
  }

  /** True if at least as much is free as a parked writer waits for. */
  isDrained(): boolean {
    return this.freeWords() >= this.wantedWords();
  }

  private freeWords(): number {
    return this.ring.capacityWords - this.ring.unreleasedWords(this.head);
  }

  /** Announces that the writer parks until half of the ring is free. Re-check {@link isDrained} afterwards. */
  announceWait(): void {
    this.ring.setWriterNeeds(this.wantedWords());
  }

  /** True while the writer has announced that it waits, and there is less room than it waits for. */
  get waits(): boolean {
    return this.ring.writerNeeds() !== 0 && !this.isDrained();
  }

  withdrawWait(): void {
    if (this.ring.writerNeeds() !== 0) this.ring.setWriterNeeds(0);
  }

  /** Words that readers have not released: how full the ring is. */
  depthWords(): number {
    return this.ring.unreleasedWords(this.ring.published());
  }

  /**
   * Copies what a commit must record into `mark`; a new batch begins. An emptied outbox begins again here and not in drain(): until the commit,
   * its last committed range must not be written, since a rollback brings it back.
   */
  save(mark: OutputMark): void {
    if (this.outboxStart === this.outboxEnd) {
      this.outboxStart = 0;
      this.outboxEnd = 0;
    } else if (this.outboxEnd - this.outboxStart <= mark.outboxStart) this.moveToFront();
    mark.head = this.head;
    mark.outboxStart = this.outboxStart;
    mark.outboxEnd = this.outboxEnd;
    this.frames = 0;
  }

  /**
   * Begins the outbox again with what waits in it, where that fits before all that the last commit had there: one that is never empty would
   * grow for ever.
   */
  private moveToFront(): void {
    const words = this.outboxEnd - this.outboxStart;
    this.outboxViews.f64.copyWithin(0, this.outboxStart, this.outboxEnd);
    this.outboxStart = 0;
    this.outboxEnd = words;
  }

  /** Returns to a commit: everything written since is forgotten. */
  restore(mark: OutputMark): void {
    this.head = mark.head;
    this.outboxStart = mark.outboxStart;
    this.outboxEnd = mark.outboxEnd;
    this.frames = 0;
    // Without readers it had followed the head, which has just gone back.
    this.unreleasedFrom = (mark.head - this.ring.unreleasedWords(mark.head)) | 0;
  }

  /** Makes everything up to `head` visible, and wakes the readers that are parked. */
  publish(head: number, wakeWords: WakeWords): void {
    const { ring } = this;
    if (ring.published() === head) return;
    ring.publish(head);
    for (let slot = 0; slot < ring.readers; slot++) {
      if (ring.isActive(slot)) wakeWords.wake(ring.readerHost(slot));
    }
  }

  /** Wakes all readers, whatever they have announced: after a crash nobody knows what they were told. */
  wakeReaders(wakeWords: WakeWords): void {
    for (let slot = 0; slot < this.ring.readers; slot++) {
      if (this.ring.isActive(slot)) wakeWords.wakeUnconditionally(this.ring.readerHost(slot));
    }
  }
}
