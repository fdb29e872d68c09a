// The ranges of one file: parts of its bytes that partitions of a source read side by side.
// Promises: where they begin and end is computed from their number and the size that the file had when any of them was opened
// first, so every opening of every range, by whichever worker, sees the same ones. All ranges read that one file.
// A range has the records whose first byte is one of its bytes. A record that goes on behind it is read to its end.
// Relies on: memory of every range that all threads share; a reader that has stored all of a look before it says so.

import * as fs from 'node:fs';
import { promisify } from 'node:util';
import { type ByteInput, openInput, STANDARD_INPUT } from './byte-input.ts';
import type { FileFormat } from './file-format.ts';
import { LOOK_CELLS, type Look, type LookMemory, loadLook, SIZE, storeLook } from './file-identity.ts';
import { failureOf } from './file-window.ts';

/** A range that is shorter costs more to open than it saves. */
export const RANGE_BYTES_MIN = 4 * 1024 * 1024;

/** Cells of a range's memory. The rest is the format's: see {@link FORMAT_CELLS}. */
const LOOK = 0;
/** The largest size that a reader of this range has seen. */
const GROWN = LOOK + LOOK_CELLS;
/** In the memory of the first range: the range whose look is what the first opening of all saw, counted from 1; 0 for none yet. */
const FIRST = GROWN + 2;
/** In the memory of the first range: whether the file can be read from its middle; 0 for not known yet. */
const KIND = FIRST + 1;
const WHOLE = 1;
const CUTTABLE = 2;
/** Where what the file's format keeps of a range begins. */
export const FORMAT_CELLS = KIND + 1;

const statPath = promisify(fs.stat);

/** Where a range lies in its file. */
export interface RangeBounds {
  /** The first byte. */
  readonly start: number;
  /** The first byte behind it; infinity for the last range, which also has what the file grows by. */
  readonly end: number;
  /** Of the file when it was opened first. */
  readonly size: number;
}

/** How a file is cut. */
export interface FileCut {
  readonly path: string;
  readonly format: FileFormat;
  /** Ranges at most: there are fewer in a file that is short, and one if the file cannot be read from its middle. */
  readonly ranges: number;
  readonly rangeBytesMin: number;
}

/** Bytes of a file, and where the first of them stands in it. */
interface Piece {
  readonly bytes: Buffer;
  readonly origin: number;
}

/** One range of a file, as the partition that reads it sees the file. */
export class FileRange {
  readonly index: number;
  readonly cut: FileCut;
  readonly #memoryOf: (range: number) => Int32Array;

  constructor(cut: FileCut, index: number, memoryOf: (range: number) => Int32Array) {
    this.cut = cut;
    this.index = index;
    this.#memoryOf = memoryOf;
  }

  /** The shared memory of any range of the file. */
  memoryOf(range: number): Int32Array {
    return this.#memoryOf(range);
  }

  /** What the file was when any of its ranges was opened first. */
  get looks(): LookMemory {
    return new RangeLooks(this.#memoryOf, this.index);
  }

  /**
   * Where this range lies; undefined if the file is cut into fewer.
   * @throws MillraceError (as a rejection) INPUT_FILE, INPUT_CHANGED
   */
  async bounds(): Promise<RangeBounds | undefined> {
    const size = await this.#size();
    if (Atomics.load(this.#memoryOf(0), KIND) === CUTTABLE) return boundsOf(this.cut, this.index, size);
    return this.index === 0 ? { start: 0, end: Number.POSITIVE_INFINITY, size } : undefined;
  }

  /**
   * The bytes from `from` up to `to` in pieces, apart from the reader of the range. One piece is read ahead. A piece is overwritten
   * when the next but one is asked for.
   * @throws MillraceError INPUT_FILE, INPUT_CHANGED
   */
  async *pieces(from: number, to: number, pieceBytes: number): AsyncGenerator<Piece> {
    if (from >= to) return;
    const { path, format } = this.cut;
    let input: ByteInput | undefined;
    try {
      const opened = await openInput(path, format, from, pieceBytes, this.looks);
      input = opened;
      let [buffer, spare] = [Buffer.allocUnsafeSlow(pieceBytes), Buffer.allocUnsafeSlow(pieceBytes)];
      const fill = (at: number): Promise<number> => opened.fill(buffer, 0, Math.min(pieceBytes, to - at));
      let at = from;
      for (let filled = fill(at); at < to; ) {
        const count = await filled;
        if (count === 0) return;
        const piece = { bytes: buffer.subarray(0, count), origin: at };
        at += count;
        [buffer, spare] = [spare, buffer];
        if (at < to) filled = fill(at);
        // It is awaited later, or never.
        filled.catch(() => {});
        yield piece;
      }
    } catch (cause) {
      throw failureOf(path, cause);
    } finally {
      input?.close();
    }
  }

  /** Of the file when it was opened first; 0 if it has none. */
  async #size(): Promise<number> {
    const { path, format } = this.cut;
    const known = firstLook(this.#memoryOf);
    const first = this.#memoryOf(0);
    if (known !== undefined && Atomics.load(first, KIND) !== 0) return Number(known[SIZE]);
    try {
      // What is no regular file is opened once, by the one range that it has: who opens a pipe takes from it.
      if (path === STANDARD_INPUT || !(await statPath(path)).isFile()) return 0;
      const input = await openInput(path, format, 0, 1, this.looks);
      Atomics.store(first, KIND, input.isCuttable ? CUTTABLE : WHOLE);
      input.close();
    } catch (cause) {
      throw failureOf(path, cause);
    }
    return Number(firstLook(this.#memoryOf)?.[SIZE] ?? 0);
  }
}

/** Where a range of a file of this size lies that can be read from its middle; undefined if the file is cut into fewer. */
export function boundsOf({ ranges, rangeBytesMin }: FileCut, index: number, size: number): RangeBounds | undefined {
  const count = Math.max(1, Math.min(ranges, Math.floor(size / rangeBytesMin)));
  if (index >= count) return undefined;
  const startOf = (range: number): number => Math.floor((size * range) / count);
  return { start: startOf(index), end: index === count - 1 ? Number.POSITIVE_INFINITY : startOf(index + 1), size };
}

/** What the first opening of all saw. */
function firstLook(memoryOf: (range: number) => Int32Array): Look | undefined {
  const first = Atomics.load(memoryOf(0), FIRST);
  return first === 0 ? undefined : loadLook(memoryOf(first - 1), LOOK);
}

/** The look that counts is that of one of the ranges: the first whose look was complete. */
class RangeLooks implements LookMemory {
  readonly #memoryOf: (range: number) => Int32Array;
  readonly #range: number;

  constructor(memoryOf: (range: number) => Int32Array, range: number) {
    this.#memoryOf = memoryOf;
    this.#range = range;
  }

  kept(): Look | undefined {
    const look = firstLook(this.#memoryOf);
    if (look === undefined) return undefined;
    const grown = sizeAt(this.#memoryOf(this.#range), GROWN);
    if (grown > look[SIZE]) look[SIZE] = grown;
    return look;
  }

  keep(look: Look): boolean {
    const first = this.#memoryOf(0);
    // Another opening of this very range may have been first: its look must stay.
    if (Atomics.load(first, FIRST) !== 0) return false;
    storeLook(this.#memoryOf(this.#range), LOOK, look);
    return Atomics.compareExchange(first, FIRST, 0, this.#range + 1) === 0;
  }

  grow(look: Look): void {
    this.#memoryOf(this.#range).set(new Int32Array(look.buffer, 8 * SIZE, 2), GROWN);
  }
}

function sizeAt(memory: Int32Array, at: number): bigint {
  const size = new BigUint64Array(1);
  new Int32Array(size.buffer).set(memory.subarray(at, at + 2));
  return size[0];
}

/** Stores an integer from -1 on in two cells. */
export function storeOffset(memory: Int32Array, at: number, offset: number): void {
  memory[at] = (offset + 1) % 2 ** 32;
  memory[at + 1] = (offset + 1) / 2 ** 32;
}

export const loadOffset = (memory: Int32Array, at: number): number =>
  (memory[at] >>> 0) + (memory[at + 1] >>> 0) * 2 ** 32 - 1;
