// Values of variable length in state: text, bytes and json, in extents of their key group.
// Promises: a value cell is {bytes, encoding, inline or address, …}; texts of at most INLINE_BYTES stand in the cell itself.
// Relies on: the row that holds the cell has been saved to the undo log; the allocator undoes extents.

import { isWide } from '../../mailbox/dictionary.ts';
import type { Allocator } from './allocator.ts';
import type { Arena } from './arena.ts';

const META = 0;
const INLINE = 1;
const ADDRESS = 3;
/** Bytes of a value that fit into its cell. */
export const INLINE_BYTES = 12;

/** Bytes and encoding of a value: length times two, plus one if it is UTF-16. */
const metaOf = (bytes: number, wide: boolean): number => (bytes << 1) | (wide ? 1 : 0);
const bytesOf = (meta: number): number => meta >>> 1;
const wordsOf = (bytes: number): number => (bytes + 7) >>> 3;

/** The byte at which the value of a cell starts. */
export function valueStart(arena: Arena, cell: number): number {
  return bytesOf(arena.i32[cell + META]) <= INLINE_BYTES ? (cell + INLINE) * 4 : (arena.i32[cell + ADDRESS] >>> 0) * 8;
}

/** Frees the extent of a cell's value, if it has one, and empties the cell. */
export function clearValue(allocator: Allocator, arena: Arena, cell: number): void {
  const bytes = bytesOf(arena.i32[cell + META]);
  if (bytes > INLINE_BYTES) allocator.free(arena, arena.i32[cell + ADDRESS], wordsOf(bytes));
  arena.i32.fill(0, cell, cell + 4);
}

/** Reserves room for a value in a cell and returns the byte to write it to. */
export function reserveValue(allocator: Allocator, arena: Arena, cell: number, bytes: number, wide: boolean): number {
  // Allocated before the old value goes: if there is no memory, the cell keeps it.
  const address = bytes > INLINE_BYTES ? allocator.allocate(arena, wordsOf(bytes)) : 0;
  clearValue(allocator, arena, cell);
  arena.i32[cell + META] = metaOf(bytes, wide);
  if (bytes <= INLINE_BYTES) return (cell + INLINE) * 4;
  arena.i32[cell + ADDRESS] = address;
  return address * 8;
}

export function writeText(allocator: Allocator, arena: Arena, cell: number, value: string): void {
  const wide = isWide(value);
  const bytes = wide ? value.length * 2 : value.length;
  const start = reserveValue(allocator, arena, cell, bytes, wide);
  if (wide) arena.text.ucs2Write(value, start, bytes);
  else arena.text.latin1Write(value, start, bytes);
}

export function readText(arena: Arena, cell: number): string {
  const meta = arena.i32[cell + META];
  const start = valueStart(arena, cell);
  const end = start + bytesOf(meta);
  return (meta & 1) === 1 ? arena.text.ucs2Slice(start, end) : arena.text.latin1Slice(start, end);
}

export function writeBytes(allocator: Allocator, arena: Arena, cell: number, value: Uint8Array): void {
  const start = reserveValue(allocator, arena, cell, value.length, false);
  arena.u8.set(value, start);
}

/** A copy of the value's bytes. */
export function readBytes(arena: Arena, cell: number): Uint8Array {
  const start = valueStart(arena, cell);
  return arena.u8.slice(start, start + bytesOf(arena.i32[cell + META]));
}
