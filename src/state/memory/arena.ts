// Arenas: the growable shared memory in which an operator's state lives: one, or four that share the key groups.
// Promises: addresses are 8-byte word offsets within an arena; 0 is no address. Taking memory is one compare-and-swap, so
// there is no lock that a dead worker could hold.
// Relies on: every thread that may see an address grown by another calls `refresh` first (at a transaction's begin).

import { errors } from '../../errors.ts';
import { KEY_GROUPS } from '../../mailbox/hash.ts';
import { allocateShared, growShared } from '../../mailbox/shared-memory.ts';
import { LINE_BYTES, LINE_I32, type Views, viewsOf } from '../../mailbox/views.ts';

/** One growable buffer reaches only 4 GiB on Node 20: a larger state takes several, and look-ups take a little longer. */
export const ARENAS_MAX = 4;
const ARENA_BYTES_MAX = 2 ** 32 - 2 ** 16;
export const STATE_BYTES_DEFAULT = ARENA_BYTES_MAX;
/** Four chunks of small extents an arena: with less, a few rows would fill it. */
export const STATE_BYTES_MIN = ARENAS_MAX * 2 ** 18;
export const STATE_BYTES_MAX = ARENAS_MAX * ARENA_BYTES_MAX;

/**
 * Cells (Int32 elements) of a group's header: stamp counter, root of the group's table, and how often a row of it was
 * removed. Like the stamp counter the last only grows: a row that is gone has no stamp that could tell.
 */
const GROUP_HEADER_CELLS = 16;
export const GROUP_STAMP = 0;
export const GROUP_ROOT = 1;
export const GROUP_REMOVALS = 5;

const TOP = 0;
const HEADERS = LINE_I32;
/** The lowest address that an extent can have. */
export const FIRST_FREE_WORD = (LINE_BYTES + KEY_GROUPS * GROUP_HEADER_CELLS * 4) / 8;
const ARENA_BYTES_FIRST = 1 << 16;
const GROWTH_BYTES_MAX = 1 << 26;

/** Shared memory for the state of one operator. */
export function allocateArenas(stateBytes: number): SharedArrayBuffer[] {
  if (!(stateBytes >= STATE_BYTES_MIN && stateBytes <= STATE_BYTES_MAX)) {
    throw errors.badOption('stateBytes', stateBytes, `from ${STATE_BYTES_MIN} to ${STATE_BYTES_MAX} bytes`);
  }
  const arenas = stateBytes <= ARENA_BYTES_MAX ? 1 : ARENAS_MAX;
  const maxByteLength = Math.floor(stateBytes / arenas / 2 ** 16) * 2 ** 16;
  return Array.from({ length: arenas }, () => {
    const buffer = allocateShared(
      { of: 'the state of an operator', option: 'stateBytes' },
      ARENA_BYTES_FIRST,
      maxByteLength,
    );
    Atomics.store(new Int32Array(buffer, 0, 1), TOP, FIRST_FREE_WORD);
    return buffer;
  });
}

/** By how much a key group's number is shifted right to give its arena. */
export const arenaShiftOf = (arenas: number): number => Math.log2(KEY_GROUPS / arenas);

/** The cell of a group's header; every arena has room for all of them. */
export const groupHeader = (group: number): number => HEADERS + group * GROUP_HEADER_CELLS;

/** The source text of the cell of the root of group `g`. */
export const groupRootCode = `(${HEADERS + GROUP_ROOT} + g * ${GROUP_HEADER_CELLS})`;

/** The key group whose header holds a root; undefined if the root stands in a row. */
export function groupOfRoot(root: number): number | undefined {
  const group = (root - HEADERS - GROUP_ROOT) / GROUP_HEADER_CELLS;
  return group < KEY_GROUPS ? group : undefined;
}

/** One arena, seen from one thread. The views are replaced when the buffer has grown: do not keep them. */
export class Arena implements Views {
  readonly id: number;
  readonly operator: string;
  i32!: Int32Array;
  u32!: Uint32Array;
  f64!: Float64Array;
  u8!: Uint8Array;
  text!: Buffer;
  private readonly buffer: SharedArrayBuffer;
  private bytes = 0;

  constructor(id: number, operator: string, buffer: SharedArrayBuffer) {
    this.id = id;
    this.operator = operator;
    this.buffer = buffer;
    this.refresh();
  }

  /** Takes up what any thread has grown. */
  refresh(): void {
    const bytes = this.buffer.byteLength;
    if (bytes === this.bytes) return;
    this.bytes = bytes;
    const { i32, u32, f64, u8, text } = viewsOf(this.buffer, 0, bytes);
    this.i32 = i32;
    this.u32 = u32;
    this.f64 = f64;
    this.u8 = u8;
    this.text = text;
  }

  /** Bytes taken so far by all allocators of the arena. */
  get usedBytes(): number {
    return (Atomics.load(this.i32, TOP) >>> 0) * 8;
  }

  /**
   * Takes `words` of fresh, zeroed memory.
   * @throws MillraceError STATE_FULL at the arena's limit
   */
  take(words: number): number {
    for (;;) {
      const top = Atomics.load(this.i32, TOP);
      this.ensure((top + words) * 8);
      if (Atomics.compareExchange(this.i32, TOP, top, top + words) === top) return top;
    }
  }

  private ensure(neededBytes: number): void {
    const { buffer } = this;
    const limit = buffer.maxByteLength;
    if (neededBytes > limit) throw errors.stateFull(this.operator, neededBytes, limit);
    while (buffer.byteLength < neededBytes) {
      const current = buffer.byteLength;
      const wanted = Math.min(limit, Math.max(neededBytes, current + Math.min(current, GROWTH_BYTES_MAX)));
      const bytes = Math.min(limit, Math.ceil(wanted / 2 ** 16) * 2 ** 16);
      growShared(buffer, bytes, { of: `the state of operator '${this.operator}'` });
    }
    this.refresh();
  }
}
