// Which file a source reads, so that no other file takes its place: device, inode, time of birth, size and first bytes.
// Promises: what the first opening saw outlives the worker, in shared memory; each later look (a new opening, the end of the file)
// that sees another file, a shorter one or another beginning is an INPUT_CHANGED. Growth is none.
// Relies on a LookMemory: that of a file that one partition reads (look-slot.ts), or that of ranges (file-ranges.ts).

import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { promisify } from 'node:util';
import { errors } from '../../errors.ts';
import type { ByteInput } from './byte-input.ts';
import type { FileFormat } from './file-format.ts';

/** Bytes at the start of a file that are compared: a log that was cut and written anew begins with another time. */
const HEAD_BYTES = 4096;
/** A look, in words of 64 bits. */
const DEVICE = 0;
const INODE = 1;
const BIRTH = 2;
const CHANGE = 3;
export const SIZE = 4;
const HEAD_SIZE = 5;
const HEAD_HASH = 6;
const LOOK_WORDS = 7;

const statFile = promisify(fs.fstat) as (descriptor: number, options: { bigint: true }) => Promise<fs.BigIntStats>;
const readFile = promisify(fs.read);

/** What is seen of a file. */
export type Look = BigUint64Array;

/** Shared memory that keeps what the first opening of a file saw. */
export interface LookMemory {
  /** Opens the file by itself, if it is followed. */
  input?(position: number, format: FileFormat): Promise<ByteInput>;
  /** What the first opening saw, with the largest size that has been seen since; undefined if there was none yet. */
  kept(): Look | undefined;
  /** Keeps the look of the first opening. Returns false if another one was first. */
  keep(look: Look): boolean;
  /** Keeps a larger size. */
  grow(look: Look): void;
}

/** Cells that a look takes in a memory. */
export const LOOK_CELLS = 2 * LOOK_WORDS;

export function storeLook(memory: Int32Array, at: number, look: Look): void {
  memory.set(new Int32Array(look.buffer), at);
}

export function loadLook(memory: Int32Array, at: number): Look {
  const look = new BigUint64Array(LOOK_WORDS);
  new Int32Array(look.buffer).set(memory.subarray(at, at + LOOK_CELLS));
  return look;
}

export class FileIdentity {
  readonly #path: string;
  readonly #memory: LookMemory;

  constructor(path: string, memory: LookMemory) {
    this.#path = path;
    this.#memory = memory;
  }

  /**
   * Compares an open regular file with what the first opening saw; the first look of all is kept instead.
   * @param readBytes how far it has been read: it cannot be shorter
   * @throws MillraceError INPUT_CHANGED
   */
  async check(descriptor: number, readBytes: number): Promise<void> {
    const memory = this.#memory;
    // Before the file is looked at: what has been seen of it by then, it holds.
    const was = memory.kept();
    const stat = await statFile(descriptor, { bigint: true });
    const headBytes = was === undefined ? Math.min(HEAD_BYTES, Number(stat.size)) : Number(was[HEAD_SIZE]);
    const is = await lookAt(descriptor, stat, headBytes);
    if (was === undefined) {
      if (memory.keep(is)) return;
      await this.check(descriptor, readBytes);
      return;
    }
    // Files of /proc have no size, and inodes that come and go.
    if (was[SIZE] === 0n && is[SIZE] === 0n) return;
    if (was[SIZE] < readBytes) was[SIZE] = BigInt(readBytes);
    const problem = differenceOf(was, is);
    if (problem !== undefined) throw errors.inputChanged(this.#path, problem, factsOf(was), factsOf(is));
    // What it has grown by cannot be lost any more either.
    memory.grow(is);
  }
}

async function lookAt(descriptor: number, stat: fs.BigIntStats, headBytes: number): Promise<Look> {
  const head = Buffer.alloc(headBytes);
  let count = 0;
  while (count < headBytes) {
    const { bytesRead } = await readFile(descriptor, head, count, headBytes - count, count);
    if (bytesRead === 0) break;
    count += bytesRead;
  }
  const look = new BigUint64Array(LOOK_WORDS);
  look[DEVICE] = stat.dev;
  look[INODE] = stat.ino;
  look[BIRTH] = stat.birthtimeNs;
  look[CHANGE] = stat.ctimeNs;
  look[SIZE] = stat.size;
  look[HEAD_SIZE] = BigInt(count);
  look[HEAD_HASH] = createHash('sha256').update(head.subarray(0, count)).digest().readBigUInt64LE();
  return look;
}

/** Where a system does not tell the birth, Node.js gives the time of the last change instead. */
const isBirthUnknown = (look: Look): boolean => look[BIRTH] === look[CHANGE];

function differenceOf(was: Look, is: Look): 'other' | 'shorter' | 'rewritten' | undefined {
  if (was[DEVICE] !== is[DEVICE] || was[INODE] !== is[INODE]) return 'other';
  // A new file may get the inode of one that was deleted.
  if (was[BIRTH] !== is[BIRTH] && !(isBirthUnknown(was) && isBirthUnknown(is))) return 'other';
  if (is[SIZE] < was[SIZE]) return 'shorter';
  return is[HEAD_SIZE] === was[HEAD_SIZE] && is[HEAD_HASH] === was[HEAD_HASH] ? undefined : 'rewritten';
}

/** What error texts and details tell of a file. */
const factsOf = (look: Look) => ({
  device: String(look[DEVICE]),
  inode: String(look[INODE]),
  bytes: Number(look[SIZE]),
});
