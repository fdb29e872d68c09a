// How fast memory is: copies from shared memory to shared memory, as rings are written and read, and reads that miss every
// cache, as look-ups in a large state do.

import { median } from '../statistics.ts';

const PIECE_BYTES = 2 ** 20;
/** Larger than a core's share of the caches, for what is to come from memory. */
const COLD_BYTES = 2 ** 26;
const COLD_PASSES = 2;
const READS = 200_000;
const READ_ROUNDS = 3;

export interface CopyRates {
  /** The same 1 MiB again and again: in the caches of the core. */
  readonly warmBytesPerSecond: number;
  /** 1 MiB after the other through 64 MiB. */
  readonly coldBytesPerSecond: number;
}

const shared = (bytes: number): Uint8Array => new Uint8Array(new SharedArrayBuffer(bytes));

function warmRate(spanMs: number): number {
  const [from, to] = [shared(PIECE_BYTES).fill(1), shared(PIECE_BYTES).fill(2)];
  const startMs = performance.now();
  let pieces = 0;
  let elapsedMs = 0;
  do {
    to.set(from);
    pieces++;
    elapsedMs = performance.now() - startMs;
  } while (elapsedMs < spanMs);
  return (pieces * PIECE_BYTES * 1000) / elapsedMs;
}

function coldRate(from: Uint8Array, to: Uint8Array): number {
  const startMs = performance.now();
  for (let pass = 0; pass < COLD_PASSES; pass++) {
    for (let at = 0; at < COLD_BYTES; at += PIECE_BYTES) to.set(from.subarray(at, at + PIECE_BYTES), at);
  }
  return (COLD_PASSES * COLD_BYTES * 1000) / (performance.now() - startMs);
}

/** Nanoseconds of one read whose place depends on the read before it. */
function readNs(cells: Int32Array): number {
  const mask = cells.length - 1;
  let at = 1;
  const startMs = performance.now();
  for (let i = 0; i < READS; i++) at = (Math.imul(at, 1664525) + cells[at & mask] + 1013904223) >>> 3;
  const elapsedMs = performance.now() - startMs;
  if (at < 0) throw new Error('the reads are kept: their last place counts');
  return (elapsedMs * 1e6) / READS;
}

/** @param spanMs time for the warm copies; the rest does a fixed amount */
export function measureMemory(spanMs: number): { readonly copy: CopyRates; readonly randomReadNs: number } {
  const warmBytesPerSecond = warmRate(spanMs);
  // Filled, so that all pages are there.
  const [from, to] = [shared(COLD_BYTES).fill(1), shared(COLD_BYTES).fill(2)];
  const coldBytesPerSecond = coldRate(from, to);
  const cells = new Int32Array(from.buffer);
  const randomReadNs = median(Array.from({ length: READ_ROUNDS }, () => readNs(cells)));
  return { copy: { warmBytesPerSecond, coldBytesPerSecond }, randomReadNs };
}
