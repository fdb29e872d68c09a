// What control frames mean for the inputs of one reader together: which of them may be read, and how far time has come.
// Promises: what comes after a fence is read when the ring that the fence names has been read up to its fence of the same number; the
// watermark is the least of all inputs.
// Relies on: the rings of one upstream operator stand one after the other, in the order of its replicas.

import { errors } from '../errors.ts';
import { FrameKind } from './ring.ts';
import type { RingReader } from './ring-reader.ts';

/** A ring that is read, and the operator that writes it: fences name rings by the replica of that operator. */
export interface AlignedInput {
  readonly reader: RingReader;
  readonly upstream: number;
}

/** Where a reader stands before a fence that it may not pass yet. */
interface Fenced {
  readonly position: number;
  readonly handOver: number;
  readonly waitsFor: RingReader;
}

export class Alignment {
  private readonly readers: readonly RingReader[];
  private readonly siblings = new Map<RingReader, readonly RingReader[]>();
  private readonly fenced = new Map<RingReader, Fenced>();

  constructor(inputs: readonly AlignedInput[]) {
    this.readers = inputs.map(({ reader }) => reader);
    for (const { reader, upstream } of inputs) {
      this.siblings.set(
        reader,
        inputs.filter((other) => other.upstream === upstream).map((other) => other.reader),
      );
    }
  }

  /** For a ring that is read alone. */
  static of(reader: RingReader): Alignment {
    return new Alignment([{ reader, upstream: 0 }]);
  }

  /** The time that all inputs have come to: no tuple that is still to be read has an earlier one. */
  get watermark(): number {
    let least = Number.POSITIVE_INFINITY;
    for (const { watermark } of this.readers) if (watermark < least) least = watermark;
    return least;
  }

  /** True if a frame (or the rest of one) can be read now. */
  hasInput(reader: RingReader): boolean {
    return !this.isFenced(reader) && reader.hasInput();
  }

  /** Makes the next data frame of an input the current one, and passes what lies before it. Returns false if there is none. */
  load(reader: RingReader): boolean {
    if (this.isFenced(reader)) return false;
    for (;;) {
      const kind = reader.load();
      if (kind === FrameKind.data) return true;
      if (kind === undefined || (kind === FrameKind.fence && this.mustWait(reader))) return false;
      reader.pass();
    }
  }

  private isFenced(reader: RingReader): boolean {
    if (this.fenced.size === 0) return false;
    const fenced = this.fenced.get(reader);
    if (fenced === undefined) return false;
    // A rollback may have brought it back to before the fence.
    if (fenced.position === reader.position && fenced.waitsFor.fence < fenced.handOver) return true;
    this.fenced.delete(reader);
    return false;
  }

  /** True if a reader stands at a fence that it may not pass. */
  private mustWait(reader: RingReader): boolean {
    const { handOver, waitsFor } = reader.fenceInWork;
    if (waitsFor < 0) return false;
    const sibling = this.siblings.get(reader)?.[waitsFor];
    if (sibling === undefined) throw errors.invariant(`a fence names a replica that is read, and ${waitsFor} is not`);
    if (sibling.fence >= handOver) return false;
    this.fenced.set(reader, { position: reader.position, handOver, waitsFor: sibling });
    return true;
  }
}
