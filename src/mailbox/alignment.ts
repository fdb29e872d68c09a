// What control frames mean for the inputs of one reader together: which of them may be read, and how far time has come.
// Promises: what comes after a receiver's fence is read when the giver's ring has been read up to its fence of the same number; the
// watermark is the least of all inputs, and never goes back; frames of a stage that keeps the order of its input are read in the order
// of their places (places.ts), whichever of its replicas has written them.
// Relies on: the rings of one upstream operator stand one after the other, in the order of its replicas; the giver's fence says a time
// before which nothing is that the receiver is given.
//
// Why the watermark does not go back: what changes hands may be earlier than what the receiver has said of its own. The giver's ring
// counts for it up to the giver's fence. From there on the receiver's ring counts at most as the giver's fence says, until the
// receiver's own fence, which says its time anew. With places it is the same; a giver's fence
// is passed in their order too, so that the receiver is not held at what it had been given before.

import { errors } from '../errors.ts';
import { FrameKind, takenBy } from './ring.ts';
import { isBehind, type ReadMark, type RingReader } from './ring-reader.ts';

/** A ring that is read, and the operator that writes it: fences name rings by the replica of that operator. */
export interface AlignedInput {
  readonly reader: RingReader;
  readonly upstream: number;
  /** False if its tuples have no event time: then it keeps nobody back. */
  readonly hasTime?: boolean;
  /** True if the replicas that write the stream keep an order together. */
  readonly isOrdered?: boolean;
}

/** Where a reader stands before a fence that it may not pass yet. */
interface Fenced {
  readonly position: number;
  readonly handOver: number;
  readonly waitsFor: RingReader;
}

export class Alignment {
  /** Those whose time counts. */
  private readonly timed: readonly RingReader[];
  private readonly siblings = new Map<RingReader, readonly RingReader[]>();
  /** Of each reader of a stage that keeps an order, the others. */
  private readonly inOrder = new Map<RingReader, readonly RingReader[]>();
  private readonly keepsOrder: boolean;
  private readonly fenced = new Map<RingReader, Fenced>();

  constructor(inputs: readonly AlignedInput[]) {
    const timed = inputs.filter(({ hasTime }) => hasTime !== false);
    this.timed = (timed.length > 0 ? timed : inputs).map(({ reader }) => reader);
    for (const { reader, upstream, isOrdered } of inputs) {
      const siblings = inputs.filter((other) => other.upstream === upstream).map((other) => other.reader);
      this.siblings.set(reader, siblings);
      if (isOrdered === true)
        this.inOrder.set(
          reader,
          siblings.filter((other) => other !== reader),
        );
    }
    this.keepsOrder = this.inOrder.size > 0;
  }

  /** For a ring that is read alone. */
  static of(reader: RingReader): Alignment {
    return new Alignment([{ reader, upstream: 0 }]);
  }

  /** The time that all inputs have come to: no tuple that is still to be read has an earlier one. */
  get watermark(): number {
    let least = Number.POSITIVE_INFINITY;
    for (const { time } of this.timed) if (time < least) least = time;
    return least;
  }

  /** True if a frame (or the rest of one) can be read now. */
  hasInput(reader: RingReader): boolean {
    if (this.isFenced(reader) || !reader.hasInput()) return false;
    return !this.keepsOrder || !reader.needsTurn || !this.waitsForTurn(reader);
  }

  /**
   * Makes the next data frame of an input the current one, and passes what lies before it.
   * @param until where it stays at the latest, before any frame there
   * @returns false if there is none
   */
  load(reader: RingReader, until?: Readonly<ReadMark>): boolean {
    if (this.isFenced(reader)) return false;
    for (;;) {
      if (until !== undefined && !isBehind(reader, until)) return false;
      const kind = reader.load();
      if (kind === FrameKind.data) return !this.keepsOrder || !this.waitsForTurn(reader);
      if (kind === undefined || (kind === FrameKind.fence && this.mustWait(reader))) return false;
      if (this.keepsOrder && reader.needsTurn && this.waitsForTurn(reader)) return false;
      if (kind === FrameKind.fence) this.holdReceiver(reader);
      reader.pass();
    }
  }

  /** At the fence of a giver: what it has given comes in the receiver's ring from here on. */
  private holdReceiver(reader: RingReader): void {
    const { handOver, other } = reader.fenceInWork;
    if (other >= 0) return;
    this.siblings.get(reader)?.[takenBy(other)]?.holdAt(reader.timeInWork, reader.place, handOver);
  }

  /** True if another replica of its stage may still write what comes from before the next tuples of a reader. */
  private waitsForTurn(reader: RingReader): boolean {
    const others = this.inOrder.get(reader);
    if (others === undefined) return false;
    const place = reader.front;
    for (let i = 0; i < others.length; i++) if (others[i].front < place) return true;
    return false;
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
    const { handOver, other } = reader.fenceInWork;
    if (other < 0) return false;
    const sibling = this.siblings.get(reader)?.[other];
    if (sibling === undefined) throw errors.invariant(`a fence names a replica that is read, and ${other} is not`);
    if (sibling.fence >= handOver) return false;
    this.fenced.set(reader, { position: reader.position, handOver, waitsFor: sibling });
    return true;
  }
}
