// An actor's part in the hand-overs of its operator: giver or receiver of key groups, at commits of its own.
// Promises: what a replica owns is what its last commit says; each step can be done again by a successor after a crash, and
// changes nothing then. Only the two participants wait, at most for the difference between them, which is less than a ring.
// Relies on: src/state/hand-over.ts for the descriptor; docs/hand-over.md for why order and exactly-once hold.

import { type ReadMark, startMark } from '../mailbox/ring-reader.ts';
import type { WakeWords } from '../mailbox/wake.ts';
import { addGroups, isEmptySet, removeGroups } from '../state/group-set.ts';
import { HandOver, HandOverPhase, type HandOverRole, isBehind } from '../state/hand-over.ts';
import type { Batch } from './batch.ts';

/** What the hand-overs of an operator mean for an actor: it goes on as ever, has something to do for one, or waits. */
export type Stance = 'free' | 'act' | 'wait';

const { requested, released, done, refused } = HandOverPhase;
const otherOf = (role: HandOverRole): HandOverRole => (role === 'giver' ? 'receiver' : 'giver');

export class HandOverPart {
  private readonly memory: HandOver;
  private readonly replica: number;
  private readonly batch: Batch;
  private readonly wakeWords: WakeWords;
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
  }

  stance(): Stance {
    const word = this.memory.word();
    if (word === this.passed) return 'free';
    const { committed } = this.batch;
    const role = this.roleIn(word);
    if (role !== undefined && !committed.replaying) {
      const stance = this.stanceAs(role, word);
      if (stance !== 'free') return stance;
    }
    if (committed.isDormant) return 'wait';
    if (isEmptySet(committed.groups)) return 'act';
    if (role === undefined) this.passed = word;
    return 'free';
  }

  /** This actor's role in a hand-over that is open. */
  private roleIn(word: number): HandOverRole | undefined {
    const phase = HandOver.phaseOf(word);
    return phase === requested || phase === released ? this.memory.roleOf(this.replica) : undefined;
  }

  private stanceAs(role: HandOverRole, word: number): Stance {
    const { memory, batch } = this;
    const { committed } = batch;
    const number = HandOver.numberOf(word);
    const isReleased = HandOver.phaseOf(word) === released;
    if (role === 'giver') {
      // Released, and told: what follows is the receiver's.
      if (isReleased) return 'free';
      if (committed.handOver === number || !memory.hasPosted(number, role)) return 'act';
      return memory.hasCut(number) ? 'act' : 'wait';
    }
    // Also a receiver that is not at the cut yet.
    if (isReleased) return 'act';
    if (memory.isJoining) return 'wait';
    if (!memory.hasPosted(number, role)) return 'act';
    return memory.hasCut(number) && !this.isAtCut(number) ? 'act' : 'wait';
  }

  /** Where to read to and not further; undefined while that is not known, or nothing is left to read before it. */
  get limit(): readonly ReadMark[] | undefined {
    const { memory, batch } = this;
    const word = memory.word();
    const number = HandOver.numberOf(word);
    if (this.roleIn(word) === undefined || batch.committed.handOver === number || !memory.hasCut(number))
      return undefined;
    return this.isAtCut(number) ? undefined : this.cutMarks;
  }

  /** True if the last commit has come to the cut, which must be known. A replica that joins begins there. */
  private isAtCut(number: number): boolean {
    const { inputs, isDormant } = this.batch.committed;
    this.loadCut(number);
    return isDormant || inputs.every((mark, i) => !isBehind(mark, this.cutMarks[i]));
  }

  private loadCut(number: number): void {
    if (this.cutOf === number) return;
    this.memory.cut(this.cutMarks);
    this.cutOf = number;
  }

  /** Does what there is to do besides reading up to {@link limit}; the open batch must be committed. */
  advance(): void {
    const word = this.memory.word();
    const { isDormant, groups } = this.batch.committed;
    const role = this.roleIn(word);
    const number = HandOver.numberOf(word);
    const isReleased = HandOver.phaseOf(word) === released;
    if (role === 'giver' && !isReleased) this.give(number);
    else if (role === 'receiver') this.receive(number, isReleased);
    // The hand-over that there was to do something for may have been refused: that is no reason to retire.
    else if (!isDormant && isEmptySet(groups)) this.retire();
  }

  private give(number: number): void {
    const { memory, batch } = this;
    if (batch.committed.handOver === number) this.move(number, requested, released);
    else if (!memory.hasPosted(number, 'giver')) this.postOrRefuse(number, 'giver');
    else if (memory.hasCut(number) && this.isAtCut(number)) this.release(number);
  }

  private receive(number: number, isReleased: boolean): void {
    const { memory, batch } = this;
    if (!isReleased) {
      if (!memory.isJoining && !memory.hasPosted(number, 'receiver')) this.postOrRefuse(number, 'receiver');
    } else if (batch.committed.handOver === number) this.move(number, released, done);
    else if (this.isAtCut(number)) this.take(number);
  }

  private postOrRefuse(number: number, role: HandOverRole): void {
    const { endedGroups, finished } = this.batch.committed;
    // Closures of the end of the stream have run for some groups: none can change hands any more.
    if (endedGroups >= 0 || finished) this.move(number, requested, refused);
    else this.post(number, role);
  }

  private post(number: number, role: HandOverRole): void {
    const { memory, batch, wakeWords } = this;
    const { inputs } = batch.committed;
    if (role === 'giver' && memory.isJoining) {
      const offset = memory.replicaOf('receiver') - this.replica;
      // Before anything more is released: from here on what the receiver has to read is kept for it.
      for (const { reader, index } of batch.inputs) reader.ring.activate(reader.slot + offset, inputs[index].position);
    }
    memory.post(number, role, inputs);
    wakeWords.wakeUnconditionally(memory.host(memory.replicaOf(otherOf(role))));
  }

  /** The giver's commit: from here on the groups are not its own. */
  private release(number: number): void {
    const { batch, memory } = this;
    batch.begin();
    batch.output?.writeFence(number, -1);
    removeGroups(batch.record.groups, memory.groups);
    this.commit(number);
    this.move(number, requested, released);
  }

  /** The receiver's commit: from here on they are. */
  private take(number: number): void {
    const { batch, memory } = this;
    this.loadCut(number);
    batch.begin();
    batch.output?.writeFence(number, memory.replicaOf('giver'));
    addGroups(batch.record.groups, memory.groups);
    batch.record.isDormant = false;
    this.commit(number);
    this.move(number, released, done);
  }

  /** Commits at the cut. */
  private commit(number: number): void {
    const { batch } = this;
    batch.record.handOver = number;
    for (const { reader, index } of batch.inputs) reader.reset(this.cutMarks[index]);
    batch.commit();
    batch.changeOwner();
  }

  private move(number: number, from: HandOverPhase, to: HandOverPhase): void {
    const { memory, wakeWords } = this;
    memory.advance(number, from, to);
    for (const role of ['giver', 'receiver'] as const) {
      wakeWords.wakeUnconditionally(memory.host(memory.replicaOf(role)));
    }
    wakeWords.wakeUnconditionally(memory.host());
  }

  /** All groups are given away: upstream no longer waits for this replica, and downstream has all that it had to say. */
  private retire(): void {
    const { batch } = this;
    for (const { reader } of batch.inputs) reader.ring.deactivate(reader.slot);
    // Whoever finds it dormant may have its slots activated again.
    batch.begin();
    batch.record.isDormant = true;
    batch.commit();
    for (const { reader } of batch.inputs) this.wakeWords.wakeUnconditionally(reader.ring.writerHost());
    this.wakeWords.wakeUnconditionally(this.memory.host());
  }
}
