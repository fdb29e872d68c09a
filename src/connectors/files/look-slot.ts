// Where a partition keeps what it saw first of each file that it reads: in slots of its memory, found by the file's path.
// Promises: a look counts once it is complete, also if the worker dies while it is being stored.
// Relies on: one reader of a file of a partition at a time, and files of one partition being opened one after the other at first.

import { createHash } from 'node:crypto';
import { type Look, type LookMemory, loadLook, SIZE, storeLook } from './file-identity.ts';

/** A source of one's own may read several files with readers of ours: each file has a slot of the memory. */
const SLOT_CELLS = 16;
/** Cells of a slot: which file's path it is of, 0 for none yet, and the look, at the next whole 64 bits. */
const PATH_HASH = 0;
const LOOK = 2;
const SIZE_CELL = LOOK + 2 * SIZE;

/** What is known of a file of a source that reads more files than there are slots: nothing, so each look is the first. */
const NOWHERE: LookMemory = { kept: () => undefined, keep: () => true, grow() {} };

/** @param memory of the partition (SourceContext.memory) */
export function lookSlot(path: string, memory: Int32Array): LookMemory {
  const pathHash = pathHashOf(path);
  const slot = slotOf(memory, pathHash);
  return slot === undefined ? NOWHERE : new LookSlot(slot, pathHash);
}

/**
 * Of a file that is one of many, which are read one after the other: as many files have a slot as there are slots.
 * @param file its number among them
 */
export function turningSlot(file: number, path: string, memory: Int32Array): LookMemory {
  const at = (file * SLOT_CELLS) % (memory.length - (memory.length % SLOT_CELLS));
  return new LookSlot(memory.subarray(at, at + SLOT_CELLS), pathHashOf(path));
}

const pathHashOf = (path: string): number => createHash('sha256').update(path).digest().readInt32LE() | 1;

/** The slot of a file, or the first one that is free. */
function slotOf(memory: Int32Array, pathHash: number): Int32Array | undefined {
  for (let at = 0; at + SLOT_CELLS <= memory.length; at += SLOT_CELLS) {
    const owner = Atomics.load(memory, at + PATH_HASH);
    if (owner === 0 || owner === pathHash) return memory.subarray(at, at + SLOT_CELLS);
  }
  return undefined;
}

class LookSlot implements LookMemory {
  readonly #slot: Int32Array;
  readonly #pathHash: number;

  constructor(slot: Int32Array, pathHash: number) {
    this.#slot = slot;
    this.#pathHash = pathHash;
  }

  kept(): Look | undefined {
    return Atomics.load(this.#slot, PATH_HASH) === this.#pathHash ? loadLook(this.#slot, LOOK) : undefined;
  }

  keep(look: Look): boolean {
    // Another file may have had the slot, and must not find this look there.
    Atomics.store(this.#slot, PATH_HASH, 0);
    storeLook(this.#slot, LOOK, look);
    Atomics.store(this.#slot, PATH_HASH, this.#pathHash);
    return true;
  }

  grow(look: Look): void {
    this.#slot.set(new Int32Array(look.buffer, 8 * SIZE, 2), SIZE_CELL);
  }
}
