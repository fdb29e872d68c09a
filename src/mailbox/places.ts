// Where rows stand in the ring that a stage reads, as numbers: a stage that keeps the order of its input says with each frame that it
// writes where its tuples come from, and whoever reads its replicas reads their frames in the order of these places (alignment.ts).
// Promises: places grow along a ring, and never come round; a place is that of a block of rows, which one replica takes as a whole unless
// key groups change hands in its middle.
// Relies on: a row takes a byte of its frame at least, so that the places of one frame end before those of the next begin.

/** What frames say that are in no order. */
export const NO_PLACE = -1;

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
