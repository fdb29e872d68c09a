// Images of key groups: the rows of one group each, packed into few buffers, as checkpoints and backups carry them.
// Promises: plain data that shares nothing with the state; the buffers of what is written or copied here belong to it alone.
// Relies on: no transaction is open on the groups.

import { errors } from '../../errors.ts';
import { GROUP_ROOT, groupHeader } from '../memory/arena.ts';
import type { KeyedState } from '../rows/keyed-state.ts';
import { ROOT_LIVE } from '../rows/row-layout.ts';
import { EVERY_ROW, type ImageTarget } from './row-image.ts';

/** Rows of a key group; row-image.ts says how they are written. */
export interface GroupImage {
  readonly group: number;
  /** How many rows it holds. */
  readonly rows: number;
  /** Several images may be views of one buffer. */
  readonly image: Uint8Array<ArrayBuffer>;
}

/** The buffers of a checkpoint or backup, to transfer them. */
export function buffersOf({ groups }: { readonly groups: readonly GroupImage[] }): ArrayBuffer[] {
  return [...new Set(groups.map(({ image }) => image.buffer))];
}

/** The Int32 cells of an image, copied if they are not aligned. */
export function cellsOf(whose: string, { image }: GroupImage): Int32Array {
  if (image.byteLength % 4 !== 0) throw errors.backupDamaged(whose, 'it is cut off');
  const { buffer, byteOffset, byteLength } = image.byteOffset % 4 === 0 ? image : image.slice();
  return new Int32Array(buffer, byteOffset, byteLength >>> 2);
}

/** The cells that the image of all rows of a group takes at least. */
export const cellsMinOf = ({ transaction, images }: KeyedState, group: number): number =>
  transaction.arenaOf(group).i32[groupHeader(group) + GROUP_ROOT + ROOT_LIVE] * images.cellsMin;

/** Images go to buffers of about this size: one that grows is copied, and one for all could be larger than Node allows. */
const BUFFER_CELLS = 1 << 22;
/** A buffer with so much in it takes no further group. */
const BUFFER_CELLS_FULL = BUFFER_CELLS * 0.75;

/** Encodes rows of key groups. */
export class GroupImageWriter implements ImageTarget {
  cells = new Int32Array(0);
  rows = 0;
  private readonly state: KeyedState;
  /** Cells that may still come. */
  private expected: number;
  private end = 0;
  private open: { group: number; rows: number; from: number; to: number }[] = [];
  private readonly images: GroupImage[] = [];

  /** @param expectedCells about how much will be written */
  constructor(state: KeyedState, expectedCells: number) {
    this.state = state;
    this.expected = expectedCells;
  }

  /**
   * Adds rows of a group: those that `from` selects. A group of which only touched rows are wanted is left out if it has none.
   * @throws MillraceError INVARIANT if the root counts other rows than there are
   */
  add(group: number, from: number): void {
    const { state, end } = this;
    const to = state.images.encode(state.transaction.arenaOf(group), groupHeader(group) + GROUP_ROOT, from, this, end);
    if (this.rows === 0 && from !== EVERY_ROW) return;
    this.open.push({ group, rows: this.rows, from: end, to });
    this.end = to;
    if (to >= BUFFER_CELLS_FULL) this.close();
  }

  room(at: number, count: number): Int32Array {
    if (at + count > this.cells.length) this.grow(at, at + count);
    return this.cells;
  }

  private grow(kept: number, needed: number): void {
    const { cells } = this;
    const grown = new Int32Array(Math.max(needed, cells.length * 2, Math.min(this.expected, BUFFER_CELLS)));
    grown.set(cells.subarray(0, kept));
    this.cells = grown;
  }

  private close(): void {
    const { cells, end, open } = this;
    const { buffer } = end * 2 < cells.length ? cells.slice(0, end) : cells;
    for (const { group, rows, from, to } of open) {
      this.images.push({ group, rows, image: new Uint8Array(buffer, from * 4, (to - from) * 4) });
    }
    this.expected = Math.max(0, this.expected - end);
    this.cells = new Int32Array(0);
    this.end = 0;
    this.open = [];
  }

  /** The images in the order in which they were added. */
  finish(): GroupImage[] {
    this.close();
    return this.images;
  }
}

/** The same images in buffers of their own. */
export function copyImages(images: readonly GroupImage[]): GroupImage[] {
  const copies: GroupImage[] = [];
  for (let from = 0, to = 0; from < images.length; from = to) {
    let bytes = 0;
    while (to < images.length && (bytes === 0 || bytes + images[to].image.length <= BUFFER_CELLS * 4)) {
      bytes += images[to++].image.length;
    }
    const buffer = new Uint8Array(bytes);
    let at = 0;
    for (const { group, rows, image } of images.slice(from, to)) {
      buffer.set(image, at);
      copies.push({ group, rows, image: buffer.subarray(at, at + image.length) });
      at += image.length;
    }
  }
  return copies;
}
