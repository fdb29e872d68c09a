// An actor's part in the hand-overs of its operator: giver or receiver of key groups, at commits of its own.
// Promises: what a replica owns is what its last commit says; each step can be done again by a successor after a crash, and
// changes nothing then. Only the two participants wait, at most for the difference between them, which is less than a ring.
// Relies on: src/state/groups/hand-over.ts for the descriptor; docs/hand-over.md for why order and exactly-once hold.

import { takenBy } from '../mailbox/ring.ts';
import { isBehind, type ReadMark, startMark } from '../mailbox/ring-reader.ts';
import type { WakeWords } from '../mailbox/wake.ts';
import { addGroups, isEmptySet, removeGroups } from '../state/groups/group-set.ts';
import { HandOver, HandOverPhase, type HandOverRequest, type HandOverRole } from '../state/groups/hand-over.ts';
import { isEnding } from '../state/transaction/sweep.ts';
import type { Batch } from './batch.ts';

/** What the hand-overs of an operator mean for an actor: it goes on as ever, has something to do for one, or waits. */
export type Stance = 'free' | 'act' | 'wait';

const { requested, released, done, refused } = HandOverPhase;
const otherIn = ({ role, request }: Part): number => (role === 'giver' ? request.receiver : request.giver);

/** A hand-over that is open, and in which this actor takes part. */
interface Part {
  readonly role: HandOverRole;
  readonly request: HandOverRequest;
  readonly isReleased: boolean;
}

export class HandOverPart {
  private readonly memory: HandOver;
  private readonly replica: number;
  private readonly batch: Batch;
  private readonly wakeWords: WakeWords;
  /** The last hand-over that was looked at. */
  private request: HandOverRequest | undefined;
  /** Where groups change hands in the open hand-over, when that is known. */
  private readonly cutMarks: ReadMark[];
  private cutOf = 0;
  /** The last word that this actor has nothing to do with any more. */
  private passed = -1;

  constructor(memory: HandOver, replica: number, batch: Batch, host: number, wakeWords: WakeWords) {
    this.memory = memory;
    this.replica = replica;
    this.batch = batch;
    this.wakeWords = wakeWords;
    this.cutMarks = batch.inputs.map(() => startMark());
    memory.setHost(host, replica);
    // A host that died may have taken a step, and not have told of it any more.
    const part = this.partIn(memory.word());
    if (part !== undefined) wakeWords.wakeUnconditionally(memory.host(otherIn(part)));
    wakeWords.wakeUnconditionally(memory.host());
  }

  stance(): Stance {
    const word = this.memory.word();
    if (word === this.passed) return 'free';
    const { committed } = this.batch;
    const part = this.partIn(word);
    if (part !== undefined && !committed.cursors.replaying) {
      const stance = this.stanceIn(part);
      if (stance !== 'free') return stance;
    }
    if (committed.cursors.isDormant) return 'wait';
    if (isEmptySet(committed.progress.groups)) return 'act';
    if (part === undefined) this.passed = word;
    return 'free';
  }

  private partIn(word: number): Part | undefined {
    if (!HandOver.isOpen(word)) return undefined;
    if (this.request?.number !== HandOver.numberOf(word)) this.request = this.memory.requestOf(word);
    const { request, replica } = this;
    if (request === undefined) return undefined;
    const isReleased = HandOver.phaseOf(word) === released;
    if (request.giver === replica) return { role: 'giver', request, isReleased };
    return request.receiver === replica ? { role: 'receiver', request, isReleased } : undefined;
  }

  private stanceIn({ role, request, isReleased }: Part): Stance {
    const { memory, replica, batch } = this;
    const { number, isJoining } = request;
    if (role === 'giver') {
      // Released, and told: what follows is the receiver's.
      if (isReleased) return 'free';
      if (isJoining && !memory.hasPosted(number, replica) && this.isBehind(request.receiver)) return 'free';
      if (batch.committed.cursors.handOver === number || !memory.hasPosted(number, replica)) return 'act';
      return memory.hasCut(request) ? 'act' : 'wait';
    }
    // Also a receiver that is not at the cut yet.
    if (isReleased) return 'act';
    if (isJoining) return 'wait';
    if (!memory.hasPosted(number, replica)) return 'act';
    return memory.hasCut(request) && !this.isAtCut(request) ? 'act' : 'wait';
  }

  /**
   * True if a replica that joins has written what comes from further on than this one has read, where both keep the order of their input:
   * it is to begin there, or what it writes would be in no order.
   */
  private isBehind(receiver: number): boolean {
    const { batch, memory } = this;
    return batch.outputTime.isInOrder && batch.outputTime.committedPlace < memory.leftAt(receiver);
  }

  /** Wakes the other replicas: what they waited for, beside a hand-over, has ended. */
  tellEnd(): void {
    for (let replica = 0; replica < this.memory.replicas; replica++) {
      if (replica !== this.replica) this.wakeWords.wakeUnconditionally(this.memory.host(replica));
    }
  }

  /** True while this actor could still read before it tells where it stands. */
  get isUnposted(): boolean {
    const part = this.partIn(this.memory.word());
    return part !== undefined && !this.memory.hasPosted(part.request.number, this.replica);
  }

  /**
   * True if this actor can tell where it stands though its output has no room: where replicas keep an order together, whoever reads them
   * may wait for the other one of the two, which waits for this.
   */
  get canPostFull(): boolean {
    const { memory, replica, batch } = this;
    if (!batch.outputTime.isInOrder) return false;
    const part = this.partIn(memory.word());
    if (part === undefined || memory.hasPosted(part.request.number, replica)) return false;
    return !part.isReleased && this.stanceIn(part) === 'act';
  }

  /** Does so; the open batch must be committed. */
  postFull(): void {
    const part = this.canPostFull ? this.partIn(this.memory.word()) : undefined;
    if (part !== undefined) this.postOrRefuse(part);
  }

  /** Where to read to and not further; undefined while that is not known, or nothing is left to read before it. For who is not free. */
  get limit(): readonly ReadMark[] | undefined {
    const { memory, batch } = this;
    const part = this.partIn(memory.word());
    if (part === undefined) return undefined;
    const { request } = part;
    if (batch.committed.cursors.handOver === request.number || !memory.hasCut(request)) return undefined;
    return this.isAtCut(request) ? undefined : this.cutMarks;
  }

  /** True if the last commit has come to the cut, which must be known. A replica that joins begins there. */
  private isAtCut(request: HandOverRequest): boolean {
    const { inputs, isDormant } = this.batch.committed.cursors;
    this.loadCut(request);
    return isDormant || inputs.every((mark, i) => !isBehind(mark, this.cutMarks[i]));
  }

  private loadCut(request: HandOverRequest): void {
    if (this.cutOf === request.number) return;
    this.memory.cut(request, this.cutMarks);
    this.cutOf = request.number;
  }

  /** Does what there is to do besides reading up to {@link limit}; the open batch must be committed. */
  advance(): void {
    const { cursors, progress } = this.batch.committed;
    const part = this.partIn(this.memory.word());
    if (part?.role === 'giver' && !part.isReleased) this.give(part);
    else if (part?.role === 'receiver') this.receive(part);
    // The hand-over that there was to do something for may have been refused: that is no reason to retire.
    else if (!cursors.isDormant && isEmptySet(progress.groups)) this.retire();
  }

  private give(part: Part): void {
    const { memory, batch, replica } = this;
    const { request } = part;
    if (batch.committed.cursors.handOver === request.number) this.move(request, requested, released);
    else if (!memory.hasPosted(request.number, replica)) this.postOrRefuse(part);
    else if (memory.hasCut(request) && this.isAtCut(request)) this.release(request);
  }

  private receive(part: Part): void {
    const { memory, batch, replica } = this;
    const { request, isReleased } = part;
    if (!isReleased) {
      if (!request.isJoining && !memory.hasPosted(request.number, replica)) this.postOrRefuse(part);
    } else if (batch.committed.cursors.handOver === request.number) this.move(request, released, done);
    else if (this.isAtCut(request)) this.take(request);
  }

  private postOrRefuse(part: Part): void {
    // Closures of the end of the stream have run for some keys, be it of the first group: none can change hands any more.
    if (isEnding(this.batch.committed.progress.sweep)) this.move(part.request, requested, refused);
    else this.post(part);
  }

  private post(part: Part): void {
    const { memory, batch, wakeWords, replica } = this;
    const { role, request } = part;
    const { inputs } = batch.committed.cursors;
    if (role === 'giver' && request.isJoining) {
      const offset = request.receiver - replica;
      // Before anything more is released: from here on what the receiver has to read is kept for it.
      for (const { reader, index } of batch.inputs) reader.ring.activate(reader.slot + offset, inputs[index].position);
    }
    memory.post(request.number, replica, inputs);
    wakeWords.wakeUnconditionally(memory.host(otherIn(part)));
  }

  /** The giver's commit: from here on the groups are not its own. */
  private release(request: HandOverRequest): void {
    const { batch } = this;
    batch.begin();
    batch.outputTime.tellPlace();
    for (const { output } of batch.ports) output.writeFence(request.number, takenBy(request.receiver));
    removeGroups(batch.record.progress.groups, request.groups);
    this.commit(request);
    this.move(request, requested, released);
  }

  /** The receiver's commit: from here on they are. */
  private take(request: HandOverRequest): void {
    const { batch } = this;
    this.loadCut(request);
    batch.begin();
    addGroups(batch.record.progress.groups, request.groups);
    if (batch.record.cursors.isDormant) {
      for (const { reader, index } of batch.inputs) reader.reset(this.cutMarks[index]);
    }
    batch.record.cursors.isDormant = false;
    // Before the fence, which says it.
    batch.outputTime.rewind();
    batch.outputTime.tellPlace();
    for (const { output } of batch.ports) output.writeFence(request.number, request.giver);
    this.commit(request);
    this.move(request, released, done);
  }

  /**
   * Commits at the cut. A reader that is a few frames without tuples beyond it stays there: it has released them, so they may
   * be overwritten.
   */
  private commit({ number }: HandOverRequest): void {
    const { batch } = this;
    batch.record.cursors.handOver = number;
    batch.commit();
    batch.changeOwner();
  }

  private move({ number, giver, receiver }: HandOverRequest, from: HandOverPhase, to: HandOverPhase): void {
    const { memory, wakeWords } = this;
    memory.advance(number, from, to);
    for (const replica of [giver, receiver]) wakeWords.wakeUnconditionally(memory.host(replica));
    wakeWords.wakeUnconditionally(memory.host());
  }

  /** All groups are given away: upstream no longer waits for this replica, and downstream has all that it had to say. */
  private retire(): void {
    const { batch } = this;
    if (batch.outputTime.isInOrder) this.memory.leave(this.replica, batch.outputTime.committedPlace);
    for (const { reader } of batch.inputs) reader.ring.deactivate(reader.slot);
    // Whoever finds it dormant may have its slots activated again.
    batch.begin();
    batch.record.cursors.isDormant = true;
    batch.outputTime.leave();
    batch.commit();
    for (const { reader } of batch.inputs) this.wakeWords.wakeUnconditionally(reader.ring.writerHost());
    this.wakeWords.wakeUnconditionally(this.memory.host());
  }
}
