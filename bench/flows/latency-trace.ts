// Latencies as replicas note them, in shared memory, for the app to read afterwards.
// Promises: each sample has a place of its own, whoever writes it; when the memory is full, later ones are left out.

const SAMPLES_MAX = 1 << 21;
const HEAD_BYTES = 8;

export interface LatencySample {
  /** When the tuple was processed, in milliseconds since the epoch. */
  readonly atMs: number;
  readonly latencyMs: number;
}

export class LatencyTrace {
  readonly buffer: SharedArrayBuffer;
  private readonly head: Int32Array;
  private readonly values: Float64Array;

  constructor(buffer = new SharedArrayBuffer(HEAD_BYTES + 16 * SAMPLES_MAX)) {
    this.buffer = buffer;
    this.head = new Int32Array(buffer, 0, 1);
    this.values = new Float64Array(buffer, HEAD_BYTES);
  }

  add(madeAtMs: number, atMs: number): void {
    const index = Atomics.add(this.head, 0, 1);
    if (index >= SAMPLES_MAX) return;
    this.values[2 * index] = atMs;
    this.values[2 * index + 1] = atMs - madeAtMs;
  }

  /** Forgets what was noted so far. */
  clear(): void {
    Atomics.store(this.head, 0, 0);
  }

  /** Those of a span of time. */
  between(fromMs: number, toMs: number): LatencySample[] {
    const found: LatencySample[] = [];
    const count = Math.min(SAMPLES_MAX, Atomics.load(this.head, 0));
    for (let i = 0; i < count; i++) {
      const atMs = this.values[2 * i];
      if (atMs >= fromMs && atMs < toMs) found.push({ atMs, latencyMs: this.values[2 * i + 1] });
    }
    return found;
  }
}
