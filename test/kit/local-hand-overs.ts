// The supervisor's part of hand-overs, for jobs whose every step is the test's: what src/supervisor/elasticity/hand-overs.ts does, one
// look at a time, and parked in between as it is.
// Promises: one hand-over at a time; it goes on only when it has been woken, so that a lost wake-up shows as a standstill.

import type { ActorDescriptor } from '../../src/actors/actor-descriptor.ts';
import { groupCount, type Stage, stageName } from '../../src/flow/plan.ts';
import { Ring } from '../../src/mailbox/ring.ts';
import { groupSet, groupsOf, isEmptySet } from '../../src/state/groups/group-set.ts';
import { HandOver, HandOverPhase } from '../../src/state/groups/hand-over.ts';
import { CommitLog } from '../../src/state/transaction/commit-log.ts';
import type { CommitRecord } from '../../src/state/transaction/commit-record.ts';
import type { Placement } from '../../src/supervisor/deployment.ts';
import type { CrashingMemory } from '../../src/testing/crashing-memory.ts';
import { ownersProblem } from '../../src/testing/key-group-owners.ts';
import type { LocalJob } from './local-run.ts';

/** A hand-over that a test asks for: all groups of the giver that `takes` chooses. */
export interface Wish {
  readonly operator: string;
  readonly from: number;
  readonly to: number;
  readonly takes: (group: number) => boolean;
}

type State =
  | { readonly kind: 'idle' }
  | { readonly kind: 'waking' | 'open'; readonly wish: Wish; readonly isJoining: boolean; readonly number: number }
  | { readonly kind: 'retiring'; readonly placement: Placement };

export class LocalHandOvers {
  /** Hand-overs that were done, and those that came too late. */
  done = 0;
  refused = 0;
  /** Those that were asked for, and that nobody could do: the giver owned nothing. */
  skipped = 0;
  private readonly job: LocalJob;
  private readonly memory: CrashingMemory;
  private readonly wishes: Wish[];
  private readonly memories = new Map<Stage, HandOver>();
  private state: State = { kind: 'idle' };
  private isParked = false;

  /** Replicas that have no part in the stream now. */
  private readonly dormant: Set<Placement>;

  constructor(job: LocalJob, memory: CrashingMemory, wishes: readonly Wish[]) {
    this.job = job;
    this.memory = memory;
    this.wishes = [...wishes];
    this.dormant = new Set(job.placements.filter(({ isDormant }) => isDormant));
    for (const { stage, descriptor } of job.placements) {
      if (descriptor.handOver === undefined || this.memories.has(stage)) continue;
      const { handOver } = descriptor;
      this.memories.set(
        stage,
        memory.plainly(() => new HandOver(handOver, stage.replicas)),
      );
      this.of(stage).setHost(job.supervisorHost);
    }
  }

  /** True while a hand-over is under way, or a replica on its way to sleep. */
  get isBusy(): boolean {
    return this.state.kind !== 'idle';
  }

  get isOver(): boolean {
    return this.state.kind === 'idle' && this.wishes.length === 0;
  }

  private of(stage: Stage): HandOver {
    return this.memories.get(stage) as HandOver;
  }

  /** Looks at what there is to do. Call it between steps. */
  look(): void {
    const { wakeWords, supervisorHost } = this.job;
    if (this.isParked && wakeWords.isParked(supervisorHost)) return;
    this.isParked = false;
    if (this.goOn()) return;
    wakeWords.announcePark(supervisorHost);
    this.isParked = !this.goOn();
    if (!this.isParked) wakeWords.stayAwake(supervisorHost);
  }

  /** Returns false if there is nothing to do before something happens. */
  private goOn(): boolean {
    const { state } = this;
    switch (state.kind) {
      case 'idle':
        return this.begin();
      case 'waking':
        return this.request(state.wish);
      case 'open':
        return this.attend(state.wish, state.isJoining, state.number);
      case 'retiring':
        return this.putToSleep(state.placement);
    }
  }

  /** Changes whenever a participant has taken a step that others wait for. */
  progress(): string {
    return [...this.memories]
      .map(([stage, memory]) => {
        const word = memory.word();
        const replicas = Array.from({ length: stage.replicas }, (_, replica) => replica);
        return [word, ...replicas.map((replica) => memory.hasPosted(HandOver.numberOf(word), replica))].join();
      })
      .join(';');
  }

  private replica(operator: string, replica: number): Placement {
    const found = this.job.placements.find(
      ({ stage, descriptor }) => stageName(stage) === operator && descriptor.replica === replica,
    );
    if (found === undefined) throw new Error(`no replica ${replica} of '${operator}'`);
    return found;
  }

  committedOf({ descriptor }: Placement): CommitRecord {
    return this.memory.plainly(() => new CommitLog(descriptor.commit).lastCommit());
  }

  private hasEnded({ descriptor }: Placement): boolean {
    return !this.job.alive.some((actor) => actor.descriptor === descriptor) && !this.isAway(descriptor);
  }

  /** Descriptors of actors that have died, and are not resumed yet. */
  readonly away = new Set<ActorDescriptor>();

  private isAway(descriptor: ActorDescriptor): boolean {
    return this.away.has(descriptor);
  }

  private begin(): boolean {
    const wish = this.wishes.shift();
    if (wish === undefined) return false;
    const giver = this.replica(wish.operator, wish.from);
    const receiver = this.replica(wish.operator, wish.to);
    const groups = groupsOf(this.committedOf(giver).progress.groups).filter(wish.takes);
    if (this.dormant.has(giver) || groups.length === 0) {
      this.skipped++;
      return true;
    }
    if (this.hasEnded(giver) || (!this.dormant.has(receiver) && this.hasEnded(receiver))) {
      this.refused++;
      return true;
    }
    if (this.dormant.has(receiver)) {
      this.dormant.delete(receiver);
      this.memory.plainly(() => {
        for (const { memory } of receiver.descriptor.outputs) new Ring(memory.ring).setDormant(false);
      });
      this.state = { kind: 'waking', wish, isJoining: true, number: 0 };
      return true;
    }
    this.ask(wish, giver, false);
    return true;
  }

  private request(wish: Wish): boolean {
    const receiver = this.replica(wish.operator, wish.to);
    // One that dies as it begins is begun again.
    if (this.job.begin(receiver.descriptor)) this.ask(wish, this.replica(wish.operator, wish.from), true);
    return true;
  }

  private ask(wish: Wish, giver: Placement, isJoining: boolean): void {
    const { job } = this;
    const memory = this.of(giver.stage);
    const groups = groupsOf(this.committedOf(giver).progress.groups).filter(wish.takes);
    const number = memory.request(wish.from, wish.to, groupSet(groups), isJoining);
    for (const replica of [wish.from, wish.to]) job.wakeWords.wakeUnconditionally(memory.host(replica));
    this.state = { kind: 'open', wish, isJoining, number };
  }

  private attend({ operator, from, to }: Wish, isJoining: boolean, number: number): boolean {
    const { job } = this;
    const giver = this.replica(operator, from);
    const receiver = this.replica(operator, to);
    const memory = this.of(giver.stage);
    if (this.hasEnded(giver) || this.hasEnded(receiver)) {
      memory.advance(number, HandOverPhase.requested, HandOverPhase.refused);
      for (const replica of [from, to]) job.wakeWords.wakeUnconditionally(memory.host(replica));
    }
    const phase = HandOver.phaseOf(memory.word());
    if (phase === HandOverPhase.done) {
      this.done++;
      const hasGivenAll = isEmptySet(this.committedOf(giver).progress.groups);
      this.state = hasGivenAll ? { kind: 'retiring', placement: giver } : { kind: 'idle' };
      return true;
    }
    if (phase !== HandOverPhase.refused) return false;
    this.refused++;
    this.state = isJoining ? { kind: 'retiring', placement: receiver } : { kind: 'idle' };
    return true;
  }

  private putToSleep(placement: Placement): boolean {
    const { job, memory } = this;
    const { descriptor } = placement;
    if (!this.committedOf(placement).cursors.isDormant) return false;
    this.dormant.add(placement);
    this.away.delete(descriptor);
    job.end(descriptor);
    memory.plainly(() => {
      for (const { memory: input } of descriptor.inputs) {
        job.wakeWords.wakeUnconditionally(new Ring(input.ring).writerHost());
      }
      for (const { memory: output } of descriptor.outputs) {
        const ring = new Ring(output.ring);
        ring.setDormant(true);
        for (let slot = 0; slot < ring.readers; slot++) {
          if (ring.isActive(slot)) job.wakeWords.wakeUnconditionally(ring.readerHost(slot));
        }
      }
    });
    this.state = { kind: 'idle' };
    return true;
  }

  /** What must hold at any time: nobody owns what another one owns; and at the end that somebody owns each group. */
  problem(mustBeComplete: boolean): string | undefined {
    for (const stage of this.memories.keys()) {
      const sets = this.job.placements
        .filter((each) => each.stage === stage)
        .map((each) => this.committedOf(each).progress.groups);
      const problem = ownersProblem(stageName(stage), sets, groupCount(stage), mustBeComplete);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }
}
