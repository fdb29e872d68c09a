// Baseline `ringbuf`: ringbuf.js, a lock-free ring with one writer and one reader, carries batches of 1000 tuples that
// msgpackr has packed, each behind its length. What one gets from good parts without a runtime.
// The ring cannot wait by itself: each side counts its steps in a shared word, on which the other spins and then sleeps.

import { Packr } from 'msgpackr';
import { RingBuffer } from 'ringbuf.js';
import { Meter } from '../meter.ts';
import { BATCH, type Lane, makeBatch, type TransportBaseline } from './lane.ts';

/** Step words, far enough apart to be on cache lines of their own; indices of 4 bytes. */
const WRITES = 0;
const READS = 32;
const LENGTH_BYTES = 4;
const SPINS = 5000;
// `sequential`: field names travel once and not with every batch, as both ends stay the same.
// Strings one by one: bundling them (`bundleStrings`) measured slower with either kind of string.
const PACKING = { sequential: true } as const;

/** Waits until `enough` holds; `word` is the step word that the other side raises when that may have changed. */
function waitFor(enough: () => boolean, steps: Int32Array<SharedArrayBuffer>, word: number): void {
  for (let spin = 0; spin < SPINS; spin++) if (enough()) return;
  for (;;) {
    const seen = Atomics.load(steps, word);
    if (enough()) return;
    Atomics.wait(steps, word, seen);
  }
}

function step(steps: Int32Array<SharedArrayBuffer>, word: number): void {
  Atomics.add(steps, word, 1);
  Atomics.notify(steps, word);
}

const ringOf = (lane: Lane): RingBuffer => new RingBuffer(lane.shared, Uint8Array);

export const ringbuf: TransportBaseline = {
  openSource(lane) {
    const ring = ringOf(lane);
    const { steps, workload } = lane;
    const packr = new Packr(PACKING);
    const length = new Uint32Array(1);
    const lengthBytes = new Uint8Array(length.buffer);
    return ({ count }) => {
      for (let start = 0; start < count; start += BATCH) {
        const packed = packr.pack(makeBatch(workload, start, count));
        length[0] = packed.length;
        waitFor(() => ring.availableWrite() >= LENGTH_BYTES + packed.length, steps, READS);
        ring.push(lengthBytes);
        ring.push(packed);
        step(steps, WRITES);
      }
      return undefined;
    };
  },
  openSink(lane) {
    const ring = ringOf(lane);
    const { steps, workload } = lane;
    const packr = new Packr(PACKING);
    const length = new Uint32Array(1);
    const lengthBytes = new Uint8Array(length.buffer);
    const scratch = new Uint8Array(ring.capacity());
    return (order) => {
      const meter = new Meter(order);
      for (;;) {
        waitFor(() => ring.availableRead() >= LENGTH_BYTES, steps, WRITES);
        ring.pop(lengthBytes);
        const bytes = length[0];
        waitFor(() => ring.availableRead() >= bytes, steps, WRITES);
        ring.pop(scratch, bytes);
        step(steps, READS);
        let last = false;
        for (const tuple of packr.unpack(scratch, bytes) as unknown[]) last = meter.add(workload.touch(tuple));
        if (last) return meter.report();
      }
    };
  },
};
