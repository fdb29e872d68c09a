// A hand-over of key groups between two replicas of an operator: its descriptor in shared memory, one for each operator.
// Promises: one atomic word holds the number of the hand-over and its phase, so a phase is never taken for that of another
// one. Everything else is written before the store that makes it count: a dead participant's successor finds the phase, and
// goes on. docs/hand-over.md has the argument.
// Relies on: one requester at a time, which waits for the end before the next request; numbers grow.

import { isBehind, type ReadMark, startMark } from '../../mailbox/ring-reader.ts';
import { allocateShared } from '../../mailbox/shared-memory.ts';
import { LINE_BYTES, LINE_I32 } from '../../mailbox/views.ts';
import { markCodec } from '../transaction/commit-record.ts';
import { GROUP_CELLS, type GroupSet } from './group-set.ts';

/**
 * requested: giver and receiver tell how far they have read, and go on to the cut. released: the giver has committed that it
 * does not own the groups. done: the receiver has committed that it does. refused: it is too late, one of the two is ending.
 */
export const HandOverPhase = { done: 0, requested: 1, released: 2, refused: 3 } as const;
export type HandOverPhase = (typeof HandOverPhase)[keyof typeof HandOverPhase];

export type HandOverRole = 'giver' | 'receiver';

/** One hand-over, as it was asked for. */
export interface HandOverRequest {
  readonly number: number;
  readonly giver: number;
  readonly receiver: number;
  /** True if the receiver begins where the giver stands. */
  readonly isJoining: boolean;
  readonly groups: GroupSet;
}

const PHASE_BITS = 2;
const PER_MARK = markCodec.names({}).length;
const WORD = 0;
const GIVER = LINE_I32;
const RECEIVER = GIVER + 1;
const IS_JOINING = GIVER + 2;
const GROUPS = GIVER + 3;
const HOSTS = 2 * LINE_I32;
const linesBytes = (cells: number): number => Math.ceil((cells * 4) / LINE_BYTES) * LINE_BYTES;
/** Beyond the replicas' hosts comes that of the requester. */
const hostsBytes = (replicas: number): number => linesBytes(replicas + 1);
/** The hand-over that each replica has last told its marks for, and then the marks: each replica writes its own only. */
const postedAt = (replicas: number): number => HOSTS + hostsBytes(replicas) / 4;
const marksBytesAt = (replicas: number): number => postedAt(replicas) * 4 + linesBytes(replicas);

export class HandOver {
  private readonly cells: Int32Array;
  private readonly marks: Float64Array;
  /** Of each replica, which writes its own only; see {@link leave}. */
  private readonly left: Float64Array;
  readonly replicas: number;

  constructor(buffer: SharedArrayBuffer, replicas: number) {
    const marksAt = marksBytesAt(replicas);
    this.cells = new Int32Array(buffer, 0, marksAt >>> 2);
    this.left = new Float64Array(buffer, marksAt, replicas);
    this.marks = new Float64Array(buffer, marksAt + replicas * 8);
    this.replicas = replicas;
  }

  static allocate(replicas: number, inputs: number): SharedArrayBuffer {
    return allocateShared(
      { of: 'the hand-overs of an operator' },
      marksBytesAt(replicas) + replicas * (1 + inputs * PER_MARK) * 8,
    );
  }

  /** Number and phase in one. */
  word(): number {
    return Atomics.load(this.cells, WORD);
  }

  static phaseOf(word: number): HandOverPhase {
    return (word & ((1 << PHASE_BITS) - 1)) as HandOverPhase;
  }

  static numberOf(word: number): number {
    return word >>> PHASE_BITS;
  }

  /** True while the participants have something to do for it. */
  static isOpen(word: number): boolean {
    const phase = HandOver.phaseOf(word);
    return phase === HandOverPhase.requested || phase === HandOverPhase.released;
  }

  /**
   * Asks a replica to give groups to another one. The last hand-over must be over.
   * @param isJoining true if the receiver is dormant: it begins where the giver stands
   * @returns the number of the hand-over
   */
  request(giver: number, receiver: number, groups: Readonly<GroupSet>, isJoining: boolean): number {
    const { cells } = this;
    const number = HandOver.numberOf(this.word()) + 1;
    Atomics.store(cells, GIVER, giver);
    Atomics.store(cells, RECEIVER, receiver);
    Atomics.store(cells, IS_JOINING, isJoining ? 1 : 0);
    for (let i = 0; i < GROUP_CELLS; i++) Atomics.store(cells, GROUPS + i, groups[i] | 0);
    Atomics.store(cells, WORD, (number << PHASE_BITS) | HandOverPhase.requested);
    return number;
  }

  /**
   * What was asked for in the hand-over that `word` tells of.
   * @returns undefined if that is over: the next request may be half written
   */
  requestOf(word: number): HandOverRequest | undefined {
    const { cells } = this;
    const number = HandOver.numberOf(word);
    const giver = Atomics.load(cells, GIVER);
    const receiver = Atomics.load(cells, RECEIVER);
    const isJoining = Atomics.load(cells, IS_JOINING) === 1;
    const groups = Array.from({ length: GROUP_CELLS }, (_, i) => Atomics.load(cells, GROUPS + i) >>> 0);
    // Nothing of it is written while it is open. Last, and atomics all: what was read before it is then of this one.
    const now = this.word();
    const isSame = HandOver.numberOf(now) === number && HandOver.isOpen(now);
    return isSame ? { number, giver, receiver, isJoining, groups } : undefined;
  }

  /** Goes on to a phase from the one before it. Returns false if that was not the phase: it has been done already. */
  advance(number: number, from: HandOverPhase, to: HandOverPhase): boolean {
    const before = (number << PHASE_BITS) | from;
    return Atomics.compareExchange(this.cells, WORD, before, (number << PHASE_BITS) | to) === before;
  }

  /** Tells how far a participant has read, where it waits until the other one has told as well. */
  post(number: number, replica: number, marks: readonly ReadMark[]): void {
    for (const [i, mark] of marks.entries()) markCodec.write(this.marks, this.markAt(replica, i), mark);
    Atomics.store(this.cells, postedAt(this.replicas) + replica, number);
  }

  hasPosted(number: number, replica: number): boolean {
    return Atomics.load(this.cells, postedAt(this.replicas) + replica) === number;
  }

  /** True when {@link cut} is known. */
  hasCut({ number, giver, receiver, isJoining }: HandOverRequest): boolean {
    return this.hasPosted(number, giver) && (isJoining || this.hasPosted(number, receiver));
  }

  /** Where groups change hands: the further of the two on each input. What leads to it has been published. */
  cut({ giver, receiver, isJoining }: HandOverRequest, cut: readonly ReadMark[]): void {
    const other = startMark();
    cut.forEach((mark, i) => {
      markCodec.read(this.marks, this.markAt(giver, i), mark);
      if (isJoining) return;
      markCodec.read(this.marks, this.markAt(receiver, i), other);
      if (isBehind(mark, other)) markCodec.copy(other, mark);
    });
  }

  private markAt(replica: number, input: number): number {
    const inputs = this.marks.length / (this.replicas * PER_MARK);
    return (replica * inputs + input) * PER_MARK;
  }

  /** Tells the place that a replica has come to which retires: it begins again nowhere before that (mailbox/places.ts). */
  leave(replica: number, place: number): void {
    this.left[replica] = place;
  }

  leftAt(replica: number): number {
    return this.left[replica];
  }

  /** The host of a replica, to wake it; by default that of the requester. */
  host(replica = this.replicas): number {
    return Atomics.load(this.cells, HOSTS + replica);
  }

  setHost(host: number, replica = this.replicas): void {
    Atomics.store(this.cells, HOSTS + replica, host);
  }
}
