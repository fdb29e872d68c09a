// Measures at an actor how long tuples are under way: takes up the stamps of its inputs, or at a source the time of reading, counts at
// commits how old they are, and hands them on with what is written.
// Promises: costs nothing for a tuple, and two looks at each input for a batch; what is rolled back is measured when it is committed; a
// replica that joins does not measure what the others have read before.
// Relies on: being told of each batch that opens, and of each commit between its atomic store and the publishing of its output, while
// `committed` is still the one before.

import type { Output } from '../../mailbox/output.ts';
import type { RingReader } from '../../mailbox/ring-reader.ts';
import { older, StampReader, StampWriter, ticksOf } from '../../mailbox/stamps.ts';
import type { LatencyCounts } from './latency-counts.ts';

/** What is measured of an actor. */
interface Measured {
  readonly inputs: readonly { readonly reader: RingReader }[];
  readonly ports: readonly { readonly output: Output }[];
  /** The last commit. A batch may have moved its readers before it opened, over frames that only tell of time. */
  readonly committed: {
    readonly cursors: { readonly isDormant: boolean; readonly inputs: readonly { readonly position: number }[] };
  };
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
    this.readers = measured.inputs.map(({ reader }) => new StampReader(reader.ring));
    this.writers = measured.ports.map(({ output }) => new StampWriter(output.ring));
  }

  /** A batch opens. */
  opened(): void {
    const { readers, measured } = this;
    if (readers.length === 0) this.openedAt = ticksOf(this.nowMs());
    const { cursors } = measured.committed;
    for (let i = 0; i < readers.length; i++) readers[i].look(cursors.inputs[i].position);
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
    if (measured.committed.cursors.isDormant) {
      // It begins where it is given its first key groups, and has read nothing up to there.
      for (let i = 0; i < readers.length; i++) readers[i].skip();
      return undefined;
    }
    let since: number | undefined;
    for (let i = 0; i < readers.length; i++) {
      const passed = readers[i].passed(measured.inputs[i].reader.position);
      if (passed !== undefined) since = older(since, passed);
    }
    return since;
  }
}
