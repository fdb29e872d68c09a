// Where rows stand in the ring that a stage reads, as numbers: a stage that keeps the order of its input says with each frame that it
// writes where its tuples come from, and whoever reads its replicas reads their frames in the order of these places (alignment.ts).
// Promises: places grow along a ring, and never come round; a place is that of a block of rows, which one replica takes as a whole unless
// key groups change hands in its middle.
// Relies on: a row takes a byte of its frame at least, so that the places of one frame end before those of the next begin.

import { KIND_MASK } from './ring.ts';

/** What is said where there is no order. */
export const NO_PLACE = -1;
/** Behind all others: what is said by whoever has nothing to write any more. */
export const LAST_PLACE = Number.MAX_SAFE_INTEGER;

/** Places to a word: as many as a frame may have rows for each. */
const PLACES_PER_WORD = 8;
const LAP = 2 ** 32;
/** A frame is cut into 16 to 32 blocks, if it has so many rows: a few large ones occupy all replicas, and small ones are dealt row by row. */
const BLOCKS_BITS = 5;

/** The blocks of a frame of so many rows have 2 to the power of this. */
export const blockShift = (rows: number): number => Math.max(0, 32 - Math.clz32(rows - 1) - BLOCKS_BITS);

/** The place of the first row of a frame. */
export const placeOfFrame = ({ laps, position }: { readonly laps: number; readonly position: number }): number =>
  (laps * LAP + (position >>> 0)) * PLACES_PER_WORD;

/** In the cell of a frame's kind: that there is a place, whose high bits are what is above. */
const HAS_PLACE = KIND_MASK + 1;
const HIGH_SHIFT = 9;

/** Says in the header of the frame at a word, after all else of it, that its tuples come from a place. */
export function writePlace(i32: Int32Array, word: number, place: number): void {
  const at = word << 1;
  i32[at + 1] |= HAS_PLACE | (Math.floor(place / LAP) << HIGH_SHIFT);
  i32[at + 3] = place | 0;
}

export const hasPlace = (i32: Int32Array, word: number): boolean => (i32[(word << 1) + 1] & HAS_PLACE) !== 0;

/** The place that the header of a frame says, which must say one. */
export function readPlace(i32: Int32Array, word: number): number {
  const at = word << 1;
  return (i32[at + 1] >>> HIGH_SHIFT) * LAP + (i32[at + 3] >>> 0);
}
