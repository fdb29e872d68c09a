// How far the sources have come whose streams meet: shared memory in which each replica of them tells its watermark.
// Promises: a replica of which all partitions are idle learns how far the others are that are not; so it says a time that it knows, and
// when its partitions come back it judges by that.
// Relies on: each replica tells after its commit what the commit says; telling it again changes nothing.

import { allocateShared } from '../../mailbox/shared-memory.ts';

/** A time beyond all times, so that infinities are numbers. */
const BEYOND_MS = 9_000_000_000_000_000;
/** Of a replica that keeps nobody back: it is idle, has ended, or has no partition. */
const OUT = -(2n ** 63n);

/** Where a replica tells, and of whom it reads: cells of the memory. */
export interface BoardPlace {
  readonly memory: SharedArrayBuffer;
  readonly own: number;
  readonly others: readonly number[];
}

const cellOf = (watermark: number): bigint => BigInt(Math.max(-BEYOND_MS, Math.min(BEYOND_MS, watermark)));

export class TimeBoard {
  private readonly cells: BigInt64Array;
  private readonly place: BoardPlace;

  constructor(place: BoardPlace) {
    this.cells = new BigInt64Array(place.memory);
    this.place = place;
  }

  /** @param active for each cell whether somebody tells there at the start: of them nothing is known yet */
  static allocate(active: readonly boolean[]): SharedArrayBuffer {
    const memory = allocateShared({ of: 'the times of sources' }, active.length * 8);
    const cells = new BigInt64Array(memory);
    active.forEach((isActive, i) => {
      cells[i] = isActive ? cellOf(Number.NEGATIVE_INFINITY) : OUT;
    });
    return memory;
  }

  /** @param isOut true if it keeps nobody back */
  tell(watermark: number, isOut: boolean): void {
    Atomics.store(this.cells, this.place.own, isOut ? OUT : cellOf(watermark));
  }

  /** The least time of the others, but for those that keep nobody back; undefined if there are none, or one has not begun. */
  othersTime(): number | undefined {
    let least: bigint | undefined;
    for (const other of this.place.others) {
      const cell = Atomics.load(this.cells, other);
      if (cell !== OUT && (least === undefined || cell < least)) least = cell;
    }
    return least === undefined || least <= cellOf(Number.NEGATIVE_INFINITY) ? undefined : Number(least);
  }
}
