// Measures at an actor how long tuples are under way: takes up the stamps of its inputs, or at a source the time of reading, counts at
// commits how old they are, and hands them on with what is written.
// Promises: costs nothing for a tuple, and a look at each input for a batch; what is rolled back is measured when it is committed.
// Relies on: being told of each batch that opens, and of each commit between its atomic store and the publishing of its output.

import type { Output } from '../../mailbox/output.ts';
import type { RingReader } from '../../mailbox/ring-reader.ts';
import { older, StampReader, StampWriter, ticksOf } from '../../mailbox/stamps.ts';
import type { LatencyCounts } from './latency-counts.ts';

/** What is measured of an actor. */
interface Measured {
  readonly inputs: readonly { readonly reader: RingReader }[];
  readonly ports: readonly { readonly output: Output }[];
}

export class LatencyMeter {
  private readonly measured: Measured;
  private readonly counts: LatencyCounts;
  private readonly nowMs: () => number;
  private readonly readers: readonly StampReader[];
  private readonly writers: readonly StampWriter[];
  private openedAt = 0;

  /** @param nowMs on a clock that all threads share */
  constructor(measured: Measured, counts: LatencyCounts, nowMs: () => number) {
    this.measured = measured;
    this.counts = counts;
    this.nowMs = nowMs;
    this.readers = measured.inputs.map(({ reader }) => new StampReader(reader.ring, reader.position));
    this.writers = measured.ports.map(({ output }) => new StampWriter(output.ring));
  }

  /** A batch opens. */
  opened(): void {
    const { readers } = this;
    if (readers.length === 0) this.openedAt = ticksOf(this.nowMs());
    for (let i = 0; i < readers.length; i++) readers[i].look();
  }

  /**
   * The batch is committed.
   * @param worked true if it has processed tuples
   * @param heads of the outputs, up to which they are about to be published
   */
  committed(worked: boolean, heads: readonly { readonly head: number }[]): void {
    const { measured, writers } = this;
    const since = this.since();
    let hasWritten = false;
    for (let i = 0; i < writers.length; i++) {
      if (writers[i].tell(heads[i].head, since, measured.ports[i].output.isWaiting)) hasWritten = true;
    }
    if (since !== undefined && (worked || hasWritten)) this.counts.add((ticksOf(this.nowMs()) - since) | 0);
  }

  /** Since when the oldest of what was read is under way; undefined if no stamp says so. */
  private since(): number | undefined {
    const { readers, measured } = this;
    if (readers.length === 0) return this.openedAt;
    let since: number | undefined;
    for (let i = 0; i < readers.length; i++) {
      const passed = readers[i].passed(measured.inputs[i].reader.position);
      if (passed !== undefined) since = older(since, passed);
    }
    return since;
  }
}
