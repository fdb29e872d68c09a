// Which file a source reads, so that no other file takes its place: device, inode, time of birth, size and first bytes.
// Promises: what the first opening saw outlives the worker, in the partition's shared memory; each later look (a new opening,
// the end of the file) that sees another file, a shorter one or another beginning is an INPUT_CHANGED. Growth is none.
// Relies on: one reader of a file of a partition at a time, and files of one partition being opened one after the other at first.

import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { promisify } from 'node:util';
import { errors } from '../../errors.ts';

/** Bytes at the start of a file that are compared: a log that was cut and written anew begins with another time. */
const HEAD_BYTES = 4096;
/** A source of one's own may read several files with readers of ours: each file has a slot of the memory. */
const SLOT_CELLS = 16;
/** Cells of a slot: which file's path it is of, 0 for none yet, and the look, at the next whole 64 bits. */
const PATH_HASH = 0;
const LOOK = 2;
/** A look, in words of 64 bits. */
const DEVICE = 0;
const INODE = 1;
const BIRTH = 2;
const CHANGE = 3;
const SIZE = 4;
const HEAD_SIZE = 5;
const HEAD_HASH = 6;
const LOOK_WORDS = 7;
const SIZE_CELL = LOOK + 2 * SIZE;

const statFile = promisify(fs.fstat) as (descriptor: number, options: { bigint: true }) => Promise<fs.BigIntStats>;
const readFile = promisify(fs.read);

type Look = BigUint64Array;

export class FileIdentity {
  readonly #path: string;
  readonly #pathHash: number;
  /** Undefined if the source reads more files than there are slots: then nothing is known of this one's first opening. */
  readonly #slot: Int32Array | undefined;

  /** @param memory of the partition (SourceContext.memory) */
  constructor(path: string, memory: Int32Array) {
    this.#path = path;
    this.#pathHash = createHash('sha256').update(path).digest().readInt32LE() | 1;
    this.#slot = slotOf(memory, this.#pathHash);
  }

  /**
   * Compares an open regular file with what the first opening saw; the first look of all is kept instead.
   * @param readBytes how far it has been read: it cannot be shorter
   * @throws MillraceError INPUT_CHANGED
   */
  async check(descriptor: number, readBytes: number): Promise<void> {
    const memory = this.#slot;
    if (memory === undefined) return;
    const stat = await statFile(descriptor, { bigint: true });
    const isKept = Atomics.load(memory, PATH_HASH) === this.#pathHash;
    const was = new BigUint64Array(LOOK_WORDS);
    new Int32Array(was.buffer).set(memory.subarray(LOOK, LOOK + 2 * LOOK_WORDS));
    const headBytes = isKept ? Number(was[HEAD_SIZE]) : Math.min(HEAD_BYTES, Number(stat.size));
    const is = await lookAt(descriptor, stat, headBytes);
    if (!isKept) {
      memory.set(new Int32Array(is.buffer), LOOK);
      Atomics.store(memory, PATH_HASH, this.#pathHash);
      return;
    }
    // Files of /proc have no size, and inodes that come and go.
    if (was[SIZE] === 0n && is[SIZE] === 0n) return;
    if (was[SIZE] < readBytes) was[SIZE] = BigInt(readBytes);
    const problem = differenceOf(was, is);
    if (problem !== undefined) throw errors.inputChanged(this.#path, problem, factsOf(was), factsOf(is));
    // What it has grown by cannot be lost any more either.
    memory.set(new Int32Array(is.buffer, 8 * SIZE, 2), SIZE_CELL);
  }
}

/** The slot of a file, or the first one that is free. */
function slotOf(memory: Int32Array, pathHash: number): Int32Array | undefined {
  for (let at = 0; at + SLOT_CELLS <= memory.length; at += SLOT_CELLS) {
    const owner = Atomics.load(memory, at + PATH_HASH);
    if (owner === 0 || owner === pathHash) return memory.subarray(at, at + SLOT_CELLS);
  }
  return undefined;
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
