// A hand-over of key groups between two replicas of an operator: its descriptor in shared memory, one for each operator.
// Promises: one atomic word holds the number of the hand-over and its phase, so a phase is never taken for that of another
// one. Everything else is written before the store that makes it count: a dead participant's successor finds the phase, and
// goes on. docs/hand-over.md has the argument.
// Relies on: one requester at a time, which waits for the end before the next request; numbers grow.

import type { ReadMark } from '../mailbox/ring-reader.ts';
import { LINE_BYTES, LINE_I32 } from '../mailbox/views.ts';
import { PER_MARK, readMark, writeMark } from './commit-log.ts';
import { GROUP_CELLS, type GroupSet } from './group-set.ts';

/**
 * requested: giver and receiver tell how far they have read, and go on to the cut. released: the giver has committed that it
 * does not own the groups. done: the receiver has committed that it does. refused: it is too late, one of the two is ending.
 */
export const HandOverPhase = { done: 0, requested: 1, released: 2, refused: 3 } as const;
export type HandOverPhase = (typeof HandOverPhase)[keyof typeof HandOverPhase];

export type HandOverRole = 'giver' | 'receiver';

const PHASE_BITS = 2;
const WORD = 0;
const POSTED = LINE_I32;
const GIVER = 2 * LINE_I32;
const RECEIVER = GIVER + 1;
const IS_JOINING = GIVER + 2;
const GROUPS = GIVER + 3;
const HOSTS = 3 * LINE_I32;
/** Beyond the replicas' hosts comes that of the requester. */
const hostsBytes = (replicas: number): number => Math.ceil(((replicas + 1) * 4) / LINE_BYTES) * LINE_BYTES;

const indexOf = (role: HandOverRole): number => (role === 'giver' ? 0 : 1);

/** True if `mark` is behind `than`, on the same ring and at most one ring away. */
export function isBehind(mark: Readonly<ReadMark>, than: Readonly<ReadMark>): boolean {
  const words = (mark.position - than.position) | 0;
  return words < 0 || (words === 0 && mark.row < than.row);
}

export class HandOver {
  private readonly cells: Int32Array;
  private readonly marks: Float64Array;
  private readonly replicas: number;

  constructor(buffer: SharedArrayBuffer, replicas: number) {
    const marksAt = 3 * LINE_BYTES + hostsBytes(replicas);
    this.cells = new Int32Array(buffer, 0, marksAt >>> 2);
    this.marks = new Float64Array(buffer, marksAt);
    this.replicas = replicas;
  }

  static allocate(replicas: number, inputs: number): SharedArrayBuffer {
    return new SharedArrayBuffer(3 * LINE_BYTES + hostsBytes(replicas) + 2 * inputs * PER_MARK * 8);
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

  /**
   * Asks a replica to give groups to another one. The last hand-over must be over.
   * @param isJoining true if the receiver is dormant: it begins where the giver stands
   * @returns the number of the hand-over
   */
  request(giver: number, receiver: number, groups: Readonly<GroupSet>, isJoining: boolean): number {
    const { cells } = this;
    const number = HandOver.numberOf(this.word()) + 1;
    cells[GIVER] = giver;
    cells[RECEIVER] = receiver;
    cells[IS_JOINING] = isJoining ? 1 : 0;
    for (let i = 0; i < GROUP_CELLS; i++) cells[GROUPS + i] = groups[i];
    Atomics.store(cells, WORD, (number << PHASE_BITS) | HandOverPhase.requested);
    return number;
  }

  /** Goes on to a phase from the one before it. Returns false if that was not the phase: it has been done already. */
  advance(number: number, from: HandOverPhase, to: HandOverPhase): boolean {
    const before = (number << PHASE_BITS) | from;
    return Atomics.compareExchange(this.cells, WORD, before, (number << PHASE_BITS) | to) === before;
  }

  /** What a replica has to do with the hand-over. */
  roleOf(replica: number): HandOverRole | undefined {
    if (this.cells[GIVER] === replica) return 'giver';
    return this.cells[RECEIVER] === replica ? 'receiver' : undefined;
  }

  replicaOf(role: HandOverRole): number {
    return this.cells[role === 'giver' ? GIVER : RECEIVER];
  }

  /** True if the receiver begins where the giver stands. */
  get isJoining(): boolean {
    return this.cells[IS_JOINING] === 1;
  }

  get groups(): GroupSet {
    return Array.from({ length: GROUP_CELLS }, (_, i) => this.cells[GROUPS + i] >>> 0);
  }

  /** Tells how far a participant has read, where it waits until the other one has told as well. */
  post(number: number, role: HandOverRole, marks: readonly ReadMark[]): void {
    const index = indexOf(role);
    for (const [i, mark] of marks.entries()) writeMark(this.marks, this.markAt(index, i), mark);
    Atomics.store(this.cells, POSTED + index, number);
  }

  hasPosted(number: number, role: HandOverRole): boolean {
    return Atomics.load(this.cells, POSTED + indexOf(role)) === number;
  }

  /** True when {@link cut} is known. */
  hasCut(number: number): boolean {
    return this.hasPosted(number, 'giver') && (this.isJoining || this.hasPosted(number, 'receiver'));
  }

  /** Where groups change hands: the further of the two on each input. What leads to it has been published. */
  cut(cut: readonly ReadMark[]): void {
    const other = { position: 0, row: 0, ended: false, fence: 0 };
    cut.forEach((mark, i) => {
      readMark(this.marks, this.markAt(0, i), mark);
      if (this.isJoining) return;
      readMark(this.marks, this.markAt(1, i), other);
      if (isBehind(mark, other)) Object.assign(mark, other);
    });
  }

  private markAt(participant: number, input: number): number {
    const inputs = this.marks.length / (2 * PER_MARK);
    return (participant * inputs + input) * PER_MARK;
  }

  /** The host of a replica, to wake it; by default that of the requester. */
  host(replica = this.replicas): number {
    return Atomics.load(this.cells, HOSTS + replica);
  }

  setHost(host: number, replica = this.replicas): void {
    Atomics.store(this.cells, HOSTS + replica, host);
  }
}
