// Puts images of one key group together: of each key the row in the latest image that has it.
// Promises: time and memory linear in the cells of all images; keys are compared by their cells, so no layout is needed.
// Relies on: an image holds each key once, and equal keys have equal cells (row-image.ts).

import { errors } from '../../errors.ts';
import { cellsOf, type GroupImage } from '../images/group-images.ts';
import { type RowFormat, SIZE_CELLS } from '../images/row-image.ts';

/**
 * @param images of one group and format, the oldest first; the result may be one of them
 * @throws MillraceError BAD_BACKUP for bytes that are no rows
 */
export function newestRows(whose: string, format: RowFormat, images: readonly GroupImage[]): GroupImage {
  if (images.length === 1) return images[0];
  const sources = images.map((image) => ({ rows: image.rows, cells: cellsOf(whose, image) }));
  const found = new Rows(
    whose,
    format,
    sources.reduce((sum, { rows }) => sum + rows, 0),
    sources.reduce((sum, { cells }) => sum + cells.length, 0),
  );
  for (let i = sources.length - 1; i >= 0; i--) found.add(sources[i].cells, sources[i].rows);
  return { group: images[0].group, rows: found.count, image: found.image() };
}

/** Rows by key. A tag is a hash: it comes first in a row, and its low bits choose the place in the index. */
class Rows {
  count = 0;
  private readonly whose: string;
  private readonly format: RowFormat;
  private readonly cells: Int32Array<ArrayBuffer>;
  private end = 0;
  /** Where the rows begin, plus 1: open addressing, at most half full. */
  private readonly index: Int32Array;

  constructor(whose: string, format: RowFormat, rows: number, cells: number) {
    this.whose = whose;
    this.format = format;
    this.cells = new Int32Array(cells);
    this.index = new Int32Array(2 ** Math.ceil(Math.log2(rows * 2 + 1)));
  }

  /** Adds the rows whose keys are not there yet. */
  add(from: Int32Array, rows: number): void {
    const { rowCells, keyCells } = this.format;
    for (let k = 0, at = 0; k < rows; k++) {
      const size = rowCells || from[at];
      const key = rowCells === 0 ? at + SIZE_CELLS : at;
      const keySize = rowCells === 0 ? from[at + 1] : keyCells;
      if (!(keySize > 0 && key + keySize <= at + size && at + size <= from.length)) {
        throw errors.backupDamaged(this.whose, 'its rows end elsewhere than they should');
      }
      this.addRow(from, at, size, key, keySize);
      at += size;
    }
  }

  private addRow(from: Int32Array, at: number, size: number, key: number, keySize: number): void {
    const { cells, index, end } = this;
    const mask = index.length - 1;
    const keyOffset = key - at;
    let place = from[key] & mask;
    for (; index[place] !== 0; place = (place + 1) & mask) {
      const other = index[place] - 1 + keyOffset;
      let i = 0;
      while (i < keySize && cells[other + i] === from[key + i]) i++;
      // A shorter or longer key differs in its first cells, which say how long its texts are.
      if (i === keySize) return;
    }
    index[place] = end + 1;
    for (let i = 0; i < size; i++) cells[end + i] = from[at + i];
    this.end = end + size;
    this.count++;
  }

  image(): Uint8Array<ArrayBuffer> {
    const { cells, end } = this;
    const { buffer } = end * 2 < cells.length ? cells.slice(0, end) : cells;
    return new Uint8Array(buffer, 0, end * 4);
  }
}
