// Hand-overs of key groups as the supervisor sees them: it brings a replica up, asks, waits, and takes a replica down that has
// given all away. Scaling out and in and rebalancing are nothing else; an actor moves to another worker by a restart there.
// Promises: one change at a time in a job; after each, every key group has one owner, or is on its way in a hand-over that the
// participants will finish. A change that comes too late, because the operator is ending, is left out and told.
// Relies on: participants do the hand-over by themselves (hand-over-part.ts); recovery restarts those that die.

import { errors } from '../../errors.ts';
import { groupCount, type Stage, stageName } from '../../flow/plan.ts';
import { Ring } from '../../mailbox/ring.ts';
import type { WakeWords } from '../../mailbox/wake.ts';
import type { Clock } from '../../platform/clock.ts';
import { groupSet, hasGroup, isEmptySet } from '../../state/groups/group-set.ts';
import { HandOver, HandOverPhase } from '../../state/groups/hand-over.ts';
import { outcomeOf } from '../../workers/remote-calls.ts';
import type { AppHost } from '../job/app-host.ts';
import type { JobEvent, ScaleResult } from '../job/job-api.ts';
import type { Backups } from '../recovery/backups.ts';
import type { Crew, CrewMember, CrewState } from '../recovery/crew.ts';
import { committedOf, type Recoverable, type Recovery } from '../recovery/recovery.ts';
import type { JobSupervision } from '../supervision.ts';
import { type Move, planMoves } from './assignment.ts';
import { isWorthASip, takeSips, Warmth } from './first-sips.ts';
import { WorkerChoice } from './worker-choice.ts';

/** Time between two looks at whether replicas that have joined are warm. */
const WARM_CHECK_MS = 2;

/** What hand-overs need of the job. */
export interface HandOverJob {
  readonly clock: Clock;
  readonly actors: readonly Recoverable[];
  readonly crew: Crew;
  readonly recovery: Recovery;
  readonly supervision: JobSupervision;
  readonly wakeWords: WakeWords;
  /** Where this side waits. */
  readonly host: AppHost;
  readonly backups: Backups | undefined;
  readonly workers: number;
  readonly maxWorkers: number;
  isOver(): boolean;
  announce(event: JobEvent): void;
  /** A replica of a stage has become dormant: the stage, or the job, may have come to its end. */
  retired(stage: Stage): void;
}

/** Replicas that come up to join. */
interface Joining {
  readonly actors: Recoverable[];
  /** By their numbers: resolves when one has begun on its worker, rejects if none can be had. */
  readonly up: Map<number, Promise<void>>;
  /** Resolves when all of these have settled. */
  readonly allUp: Promise<void>;
}

export class HandOvers {
  private readonly job: HandOverJob;
  private readonly memories = new Map<Stage, HandOver>();
  /** Resolves when the last change that was asked for is over. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(job: HandOverJob) {
    this.job = job;
    for (const { placement } of job.actors) {
      const { stage, descriptor } = placement;
      if (descriptor.handOver === undefined || this.memories.has(stage)) continue;
      const memory = new HandOver(descriptor.handOver, stage.replicas);
      memory.setHost(job.host.id);
      this.memories.set(stage, memory);
    }
  }

  /**
   * Gives an operator so many replicas, one hand-over after the other.
   * @param loads of its key groups, to spread them by
   */
  scale(stage: Stage, replicas: number, loads: readonly number[]): Promise<ScaleResult> {
    return this.inTurn(async () => {
      const current = this.replicasOf(stage).filter(({ placement }) => !placement.isDormant);
      const dormant = this.replicasOf(stage).filter(({ placement }) => placement.isDormant);
      const numberOf = ({ placement }: Recoverable): number => placement.descriptor.replica;
      const kept = current.slice(0, replicas);
      const joining = dormant.slice(0, replicas - kept.length);
      return this.spread(stage, [...kept, ...joining].map(numberOf), loads);
    });
  }

  /** Spreads the key groups of an operator over the replicas that it has. */
  rebalance(stage: Stage, loads: readonly number[]): Promise<ScaleResult> {
    return this.inTurn(async () => {
      const current = this.replicasOf(stage).filter(({ placement }) => !placement.isDormant);
      const numbers = current.map(({ placement }) => placement.descriptor.replica);
      return this.spread(stage, numbers, loads);
    });
  }

  /** Restarts an actor on another worker; on its own one, if the other dies before. */
  move(actor: Recoverable, to: CrewMember): Promise<void> {
    return this.inTurn(async () => {
      const from = actor.member;
      if (from === to || from === undefined || this.isGone(actor) || to.state !== 'active') return;
      // It is that worker's until it has let it go: nobody else may touch what it has open, and recovery takes it if it dies.
      const { restarts, incarnation } = actor;
      const { stage, replica } = actor.placement.descriptor;
      const outcome = await outcomeOf(from.hired.control.release([{ stage, replica }]));
      if (outcome.kind !== 'done') await this.job.recovery.lost(from, new Error('it died while an actor moved away'));
      // A restart that had been decided before may have begun it there once more.
      const isAsItWas = actor.restarts === restarts && actor.incarnation === incarnation;
      const isRecovering = actor.member !== from || from.state !== 'active' || !isAsItWas;
      if (isRecovering || this.isGone(actor)) return;
      // Back to where it was, if the other one has died meanwhile: that needs nobody who might not come.
      const target = (to.state as CrewState) === 'active' ? to : from;
      await this.job.recovery.begin(target, actor);
      if (target === from) return;
      const name = { operator: stageName(actor.placement.stage), replica };
      this.job.announce({ type: 'moved', ...name, from: from.host, to: target.host });
    });
  }

  /** One change at a time: adjacent operators do not change together, and nobody plans with owners that are changing. */
  private inTurn<Result>(change: () => Promise<Result>): Promise<Result> {
    const result = this.last.then(change);
    this.last = result.catch(() => {});
    return result;
  }

  private isGone({ isEnded, placement }: Recoverable): boolean {
    return this.job.isOver() || isEnded || placement.isDormant;
  }

  private replicasOf(stage: Stage): Recoverable[] {
    return this.job.actors.filter(({ placement }) => placement.stage === stage);
  }

  /** The replica that owns each key group; -1 for one that is on its way. */
  ownersOf(stage: Stage): number[] {
    const sets = this.replicasOf(stage).map((actor) => committedOf(actor).progress.groups);
    return Array.from({ length: groupCount(stage) }, (_, group) => sets.findIndex((set) => hasGroup(set, group)));
  }

  private async spread(stage: Stage, replicas: readonly number[], loads: readonly number[]): Promise<ScaleResult> {
    const { clock } = this.job;
    const startedMs = clock.now();
    const awake = (): number => this.replicasOf(stage).filter(({ placement }) => !placement.isDormant).length;
    const before = awake();
    const moves = planMoves(this.ownersOf(stage), loads, replicas);
    const done: Move[] = [];
    const resultNow = (): ScaleResult => ({
      operator: stageName(stage),
      from: before,
      to: awake(),
      groups: done.reduce((sum, move) => sum + move.groups.length, 0),
      handOvers: done.length,
      tookMs: clock.now() - startedMs,
    });
    const receivers = new Set(moves.map(({ to }) => to));
    const joining = this.wakeUp(
      this.replicasOf(stage).filter(
        ({ placement }) => placement.isDormant && receivers.has(placement.descriptor.replica),
      ),
    );
    try {
      await this.carryOut(stage, moves, joining, loads, done);
    } finally {
      await joining.allUp;
      // Those who came up in vain.
      for (const actor of joining.actors) if (this.ownsNothing(actor)) await this.putToSleep(actor);
      // Also if there was no worker for some of them.
      if (done.length > 0) this.job.announce({ type: 'scaled', ...resultNow() });
    }
    return resultNow();
  }

  /**
   * Makes moves one after the other, those that let replicas join quick operators first, as sips; ends with the first that comes too
   * late. Adds those that were made to `done`.
   * @throws MillraceError NO_SPARE after all other moves, if there was no worker for some replica
   */
  private async carryOut(
    stage: Stage,
    moves: readonly Move[],
    joining: Joining,
    loads: readonly number[],
    done: Move[],
  ): Promise<void> {
    const { clock } = this.job;
    const replicas = this.replicasOf(stage);
    const givers = [...new Set(moves.map(({ from }) => from))].map((replica) => replicas[replica]);
    const warmth = new Warmth(joining.actors, givers, clock);
    const isSipped = joining.up.size > 0 && isWorthASip(givers, clock);
    const { sips, rest } = isSipped ? takeSips(moves, new Set(joining.up.keys()), loads) : { sips: [], rest: moves };
    const missing = new Map<number, unknown>();
    const all = async (some: readonly Move[]): Promise<boolean> => {
      for (const move of some) {
        await this.bringUp(stage, move.to, joining).catch((error: unknown) => missing.set(move.to, error));
        if (missing.has(move.to)) continue;
        if (!(await this.handOver(stage, move.from, move.to, move.groups))) return false;
        done.push(move);
      }
      return true;
    };
    if (!(await all(sips))) return;
    if (sips.length > 0) await this.untilWarm(warmth);
    await all(rest);
    for (const error of missing.values()) throw error;
  }

  /** Waits for a receiver that joins. Wakes one up again that has given all away in this change, before it is given something else. */
  private async bringUp(stage: Stage, replica: number, joining: Joining): Promise<void> {
    await joining.up.get(replica);
    const receiver = this.replicasOf(stage)[replica];
    if (this.job.isOver() || receiver.isEnded || !receiver.placement.isDormant) return;
    const again = this.wakeUp([receiver]);
    joining.actors.push(...again.actors);
    for (const [number, up] of again.up) joining.up.set(number, up);
    await again.allUp;
    await again.up.get(replica);
  }

  /** Nobody tells that a replica is warm: this side looks now and then, until the job is over at the latest. */
  private async untilWarm(warmth: Warmth): Promise<void> {
    const { clock, host, wakeWords } = this.job;
    const fromMs = clock.now();
    const cancel = clock.every(WARM_CHECK_MS, () => wakeWords.wakeUnconditionally(host.id));
    await host.waitFor({ announce: () => {}, check: () => warmth.isWarmAfter(clock.now() - fromMs) });
    cancel();
  }

  /** Returns false if it came too late: the job is over, or one of the two is ending. */
  private async handOver(stage: Stage, from: number, to: number, groups: readonly number[]): Promise<boolean> {
    const { job } = this;
    const actors = this.replicasOf(stage);
    const giver = actors[from];
    const receiver = actors[to];
    const memory = this.memories.get(stage);
    if (memory === undefined) throw errors.invariant(`operator '${stageName(stage)}' has several replicas`);
    if (job.isOver() || giver.isEnded || receiver.isEnded) return false;
    const isJoining = committedOf(receiver).cursors.isDormant;
    const startedMs = job.clock.now();
    const number = memory.request(from, to, groupSet(groups), isJoining);
    for (const replica of [from, to]) job.wakeWords.wakeUnconditionally(memory.host(replica));
    await job.host.waitFor({
      announce: () => {},
      check: () => {
        // Who has ended answers no more. One that has told where it stands cannot end.
        if (giver.isEnded || receiver.isEnded) {
          memory.advance(number, HandOverPhase.requested, HandOverPhase.refused);
          for (const replica of [from, to]) job.wakeWords.wakeUnconditionally(memory.host(replica));
        }
        const phase = HandOver.phaseOf(memory.word());
        return job.isOver() || phase === HandOverPhase.done || phase === HandOverPhase.refused;
      },
    });
    const isDone = HandOver.phaseOf(memory.word()) === HandOverPhase.done;
    if (isDone) {
      const tookMs = job.clock.now() - startedMs;
      const operator = stageName(stage);
      job.announce({ type: 'handOver', operator, from, to, groups: groups.length, tookMs });
      if (isEmptySet(committedOf(giver).progress.groups)) await this.putToSleep(giver);
    }
    return isDone;
  }

  /** Brings dormant replicas up, side by side, on workers with room: a thread that has to start for one holds up no other. */
  private wakeUp(actors: readonly Recoverable[]): Joining {
    const choice = new WorkerChoice(this.job);
    const up = new Map(
      actors.map((actor) => {
        const { stage, descriptor } = actor.placement;
        const begun = choice.place(stage, (member) => this.beginOn(member, actor));
        return [descriptor.replica, begun];
      }),
    );
    const allUp = Promise.allSettled(up.values()).then(() => {
      if (choice.taken > 0) this.job.crew.foresee(choice.taken);
    });
    return { actors: [...actors], up, allUp };
  }

  private beginOn(member: CrewMember, actor: Recoverable): Promise<void> {
    const { placement } = actor;
    placement.isDormant = false;
    const { stage, replica, outputs } = placement.descriptor;
    this.job.supervision.starting(stage, replica);
    for (const { memory } of outputs) new Ring(memory.ring).setDormant(false);
    return this.job.recovery.begin(member, actor);
  }

  /** True of a replica that was brought up and has got no key groups, nor will get any. */
  private ownsNothing(actor: Recoverable): boolean {
    return !this.isGone(actor) && committedOf(actor).cursors.isDormant;
  }

  /** Takes a replica down that owns no key groups: its ring has had its end as far as anyone can know. */
  private async putToSleep(actor: Recoverable): Promise<void> {
    const { job } = this;
    // It retires by itself, once its outbox is empty.
    await job.host.waitFor({ announce: () => {}, check: () => job.isOver() || committedOf(actor).cursors.isDormant });
    if (job.isOver()) return;
    // Only now: it may have come to another worker since.
    const { placement, member } = actor;
    placement.isDormant = true;
    actor.member = undefined;
    const { stage, replica, outputs, inputs } = placement.descriptor;
    if (member !== undefined) await outcomeOf(member.hired.control.release([{ stage, replica }]));
    // If it died as it retired nobody resumes it, and nobody else tells its upstream.
    for (const { memory } of inputs) job.wakeWords.wakeUnconditionally(new Ring(memory.ring).writerHost());
    // What it had backed up says nothing of its next life: its inputs are no longer held back for that.
    await job.backups?.forget({ stage, replica });
    job.supervision.retired(stage, replica);
    for (const { memory } of outputs) {
      const ring = new Ring(memory.ring);
      ring.setDormant(true);
      for (let slot = 0; slot < ring.readers; slot++) {
        if (ring.isActive(slot)) job.wakeWords.wakeUnconditionally(ring.readerHost(slot));
      }
    }
    if (member !== undefined && job.crew.active().length > job.workers && this.actorsOn(member).length === 0) {
      job.crew.giveBack(member);
    }
    job.retired(placement.stage);
  }

  private actorsOn(member: CrewMember): Recoverable[] {
    return this.job.actors.filter((actor) => actor.member === member && !actor.isEnded);
  }
}
