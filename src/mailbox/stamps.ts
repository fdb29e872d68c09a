// Stamps in a ring: from when the tuples before a position are, as their source has read them. They stand beside the ring's `published`,
// in its line, and not in headers of frames: those have no cell left where replicas keep an order (places.ts), and a frame of one tuple
// would grow by a third.
// Promises: a stamp and its position belong together, whenever they are read; a reader keeps to the stamp that it has seen until it has
// passed it, so that a slow one, whose latency matters most, misses no turn; a stamp is told to whoever reads past it, in the very turn in
// which that is read, or never: else it would be told with tuples that come later; nothing waits, and nothing depends on stamps but
// figures.
// Relies on: one writer at a time; positions within one ring of each other, as all of a ring.

import type { Ring } from './ring.ts';

/** Ticks to a millisecond: as int32 they come round in 9 hours. */
export const TICKS_PER_MS = 128;

/** Cells of a ring's stamps: how many there were, and two of them in turn, each a position and a time. */
const COUNT = 0;
const FIRST = 1;
const POSITION = 0;
const TIME = 1;
const STAMP_CELLS = 2;

const cellOf = (count: number): number => FIRST + (count & 1) * STAMP_CELLS;

/** Milliseconds as ticks, which are compared by signed difference. */
export const ticksOf = (ms: number): number => Math.round(ms * TICKS_PER_MS) | 0;

/** The older of two times, where one may be missing. */
export const older = (one: number | undefined, other: number | undefined): number | undefined => {
  if (one === undefined || other === undefined) return one ?? other;
  return ((one - other) | 0) < 0 ? one : other;
};

/** The writer's end of a ring's stamps. */
export class StampWriter {
  private readonly cells: Int32Array;
  private head: number;
  /** Of what waits in the outbox: it stands behind all that is published. */
  private held: number | undefined;

  constructor(ring: Ring) {
    this.cells = ring.stampCells;
    this.head = ring.published();
  }

  /**
   * What is written up to `head` is about to be published.
   * @param time since when its tuples are under way; undefined if that is not known
   * @param waits true if some of it waits for room
   * @returns true if anything was written
   */
  tell(head: number, time: number | undefined, waits: boolean): boolean {
    const hasMoved = head !== this.head;
    this.head = head;
    if (waits) {
      this.held = older(this.held, time);
      return hasMoved;
    }
    const told = older(this.held, time);
    this.held = undefined;
    if (hasMoved && told !== undefined) this.store(head, told);
    return hasMoved;
  }

  private store(position: number, time: number): void {
    const { cells } = this;
    const count = (Atomics.load(cells, COUNT) + 1) | 0;
    const at = cellOf(count);
    Atomics.store(cells, at + POSITION, position);
    Atomics.store(cells, at + TIME, time);
    Atomics.store(cells, COUNT, count);
  }
}

/** A reader's end of a ring's stamps. */
export class StampReader {
  private readonly cells: Int32Array;
  private count = 0;
  private position = 0;
  private time = 0;
  /** True while it has seen a stamp that it has not passed. */
  private isAhead = false;

  constructor(ring: Ring) {
    this.cells = ring.stampCells;
  }

  /**
   * A turn of the reader begins: looks for a stamp, unless it has one before it.
   * @param position where the reader stands: what was told of tuples before that is not for this turn
   */
  look(position: number): void {
    if (this.isAhead && this.isBehind(position)) this.isAhead = false;
    if (!this.isAhead && this.take()) this.isAhead = !this.isBehind(position);
  }

  /**
   * The turn ends: the time of the stamp that the reader has passed by being at `position`; undefined if it has passed none. What was
   * published in the middle of the turn, and read in it, has its stamp looked for here.
   */
  passed(position: number): number | undefined {
    if (!this.isAhead) this.isAhead = this.take();
    if (!this.isAhead || !this.isBehind(position)) return undefined;
    this.isAhead = false;
    return this.time;
  }

  /** The turn ends elsewhere than where it began: what lies between has been read by others, and the next turn looks anew. */
  skip(): void {
    this.isAhead = false;
    this.count = 0;
  }

  /** True if the stamp is of what lies before `position`. */
  private isBehind(position: number): boolean {
    return ((position - this.position) | 0) >= 0;
  }

  /** Takes up the latest stamp; false if that is known. */
  private take(): boolean {
    const { cells } = this;
    const count = Atomics.load(cells, COUNT);
    if (count === this.count) return false;
    const at = cellOf(count);
    const position = Atomics.load(cells, at + POSITION);
    const time = Atomics.load(cells, at + TIME);
    // The writer has gone on, and may be at these cells: the next look finds it at rest. Nobody can have read what it is about to publish.
    if (Atomics.load(cells, COUNT) !== count) return false;
    this.count = count;
    this.position = position;
    this.time = time;
    return true;
  }
}
