// Recovery: brings actors back after their worker died, or after they could not go on.
// Promises: an actor is resumed only when the thread that had it is certain to be gone, and from its last commit; a tuple
// that kills its worker is found and condemned after a bounded number of deaths; every step is an event.
// Relies on: the supervision tree decides who is restarted (supervision.ts); actors recover as they are made (actor.ts).

import type { Condemned, Resumption } from '../../actors/actor-descriptor.ts';
import { BATCH_TUPLES_MAX } from '../../actors/batch.ts';
import { sourcePosition } from '../../actors/failures/failure.ts';
import { partitionAt } from '../../actors/inputs/partitioned-feed.ts';
import type { StepWords } from '../../actors/vitals/step-words.ts';
import { NO_ROW, WorkCell } from '../../actors/vitals/vitals.ts';
import { errors, fromRecord, MillraceError, toRecord } from '../../errors.ts';
import { type Plan, stageName } from '../../flow/plan.ts';
import { Ring } from '../../mailbox/ring.ts';
import type { Cancel, Clock } from '../../platform/clock.ts';
import { groupsOf } from '../../state/groups/group-set.ts';
import { CommitLog } from '../../state/transaction/commit-log.ts';
import type { CommitRecord } from '../../state/transaction/commit-record.ts';
import { PartitionMarks, type SourceMark } from '../../state/transaction/partition-marks.ts';
import { hasEnded as hasSwept } from '../../state/transaction/sweep.ts';
import type { FailureReport, Order, WorkerSettings } from '../../workers/control.ts';
import type { ThreadPool } from '../../workers/pool.ts';
import { outcomeOf, revive } from '../../workers/remote-calls.ts';
import { NO_HOST, type Placement } from '../deployment.ts';
import type { JobEvent, ReplicaName } from '../job/job-api.ts';
import type { FailDecision, JobSupervision, RestartDecision } from '../supervision.ts';
import type { Backups } from './backups.ts';
import type { CrashContext } from './crash-report.ts';
import type { Crew, CrewMember } from './crew.ts';

/** Deaths of a worker in one and the same tuple, tried alone, after which it is not tried again. */
const DEATHS_MAX = 2;
/** What recovery knows of an actor. */
export interface Recoverable {
  readonly placement: Placement;
  readonly log: CommitLog;
  readonly work: Int32Array;
  /** The worker that hosts it. */
  member: CrewMember | undefined;
  isEnded: boolean;
  incarnation: number;
  /** The number of its last commit when it last crashed, not just because another one on its worker did. */
  crashedAt: number | undefined;
  /** Deaths in one tuple that was tried alone, and what tells it from others. */
  deaths: number;
  suspect: string;
  /** Which operator of its chain it died in, and which of the tuples that this one got on behalf of the suspect. */
  suspectOfItsTuple: string;
  resume: Pick<Resumption, 'isolate' | 'condemned'>;
  /** How it was resumed last, and the last commit before that. */
  resumedWith: Recoverable['resume'];
  resumedAt: number;
  /** True if its live image was found to be damaged. */
  isDamaged: boolean;
  /** When its crash was noticed, undefined if it was begun without one; and the count of its restarts, so that an overtaken one is dropped. */
  noticedAtMs: number | undefined;
  restarts: number;
  /** What is to be told of it once its restart is: its first commit may be heard of before the end of the call that began it. */
  early: Recovered[] | undefined;
}

type Recovered = Extract<JobEvent, { type: 'recovered' }>;

const NOTHING_SPECIAL: Recoverable['resume'] = { isolate: false, condemned: [] };

export function recoverable(placement: Placement, work: Int32Array): Recoverable {
  return {
    placement,
    log: new CommitLog(placement.descriptor.commit),
    work,
    member: undefined,
    isEnded: false,
    incarnation: 0,
    crashedAt: undefined,
    deaths: 0,
    suspect: '',
    suspectOfItsTuple: '',
    resume: NOTHING_SPECIAL,
    resumedWith: NOTHING_SPECIAL,
    resumedAt: 0,
    isDamaged: false,
    noticedAtMs: undefined,
    restarts: 0,
    early: undefined,
  };
}

/** True of an actor that a worker hosts, or should. */
const isAtWork = ({ isEnded, placement }: Recoverable): boolean => !isEnded && !placement.isDormant;

export const replicaName = ({ placement: { stage, descriptor } }: Recoverable): ReplicaName => ({
  operator: stageName(stage),
  replica: descriptor.replica,
});

export const nameText = (actor: Recoverable): string => {
  const { operator, replica } = replicaName(actor);
  return actor.placement.stage.replicas > 1 ? `${operator}/${replica}` : operator;
};

/** What recovery needs of the job. */
export interface RecoveryJob {
  readonly clock: Clock;
  readonly plan: Plan;
  readonly actors: readonly Recoverable[];
  readonly crew: Crew;
  readonly pool: ThreadPool;
  readonly supervision: JobSupervision;
  readonly stepWords: StepWords;
  readonly fenceTimeoutMs: number;
  readonly hangTimeoutMs: number;
  readonly settings: WorkerSettings;
  /** Undefined if the job keeps none. */
  readonly backups: Backups | undefined;
  /** True once the job has ended, or is about to: nothing is recovered any more. */
  isOver(): boolean;
  /** True once the job's sources have been told to end. */
  isStopping(): boolean;
  announce(event: JobEvent): void;
  fail(error: unknown): void;
}

/** A crash that is to be decided about. */
interface Incident {
  readonly actors: readonly Recoverable[];
  /** The one that is to blame, if that is known. */
  readonly blamed: Recoverable | undefined;
  readonly reason: Error;
  readonly context: CrashContext;
  readonly worker: number;
  readonly position: string | undefined;
  readonly counted: boolean;
  readonly stalledMs: number;
  readonly noticedAtMs: number;
}

export class Recovery {
  private readonly job: RecoveryJob;
  /** What resolves when the thread of a lost worker is gone. */
  private readonly losing = new WeakMap<CrewMember, Promise<void>>();
  private readonly pauses = new Map<Cancel, () => void>();

  constructor(job: RecoveryJob) {
    this.job = job;
  }

  /** Terminates a worker's thread on purpose; its actors are taken over. Resolves when the thread is gone. */
  async terminate(member: CrewMember, reason: Error): Promise<void> {
    member.terminatedFor ??= reason;
    await this.lost(member, reason);
  }

  /** A worker's thread has died, or is to die. */
  lost(member: CrewMember, cause: unknown): Promise<void> {
    const losing = this.losing.get(member) ?? this.lose(member, cause);
    this.losing.set(member, losing);
    return losing;
  }

  private async lose(member: CrewMember, cause: unknown): Promise<void> {
    const { job } = this;
    const noticedAtMs = job.clock.now();
    member.state = 'lost';
    const actors = job.actors.filter((actor) => actor.member === member);
    const isGone = await job.pool.fence(member.hired, job.fenceTimeoutMs);
    if (job.isOver()) return;
    if (!isGone) return job.fail(errors.workerStuck(member.host, actors.map(nameText), job.fenceTimeoutMs));
    job.crew.remove(member);
    job.crew.refill();
    // One that retired as its thread ended may have been woken since, on another worker.
    const lost = actors.filter((actor) => isAtWork(actor) && actor.member === member);
    for (const actor of lost) {
      actor.member = undefined;
      actor.placement.host = NO_HOST;
    }
    if (lost.length > 0) this.decide(this.incidentOf(member, lost, revive(cause), noticedAtMs));
  }

  private incidentOf(member: CrewMember, actors: Recoverable[], cause: unknown, noticedAtMs: number): Incident {
    const { stepWords, hangTimeoutMs } = this.job;
    const worker = member.host;
    const reason = member.terminatedFor ?? errors.workerDied(worker, actors.map(nameText), cause);
    const code = reason instanceof MillraceError ? reason.code : undefined;
    const isDrill = code === 'WORKER_KILLED';
    const stepping = isDrill ? undefined : stepWords.stepping(worker);
    const blamed = actors.find(({ placement }) => placement.descriptor.number === stepping);
    const isolates = blamed !== undefined && this.isolate(blamed, reason);
    for (const actor of actors) if (actor !== blamed) continueSearch(actor);
    return {
      actors,
      blamed,
      reason,
      context: 'childTerminated',
      worker,
      position: blamed && positionOf(blamed, this.job.plan),
      counted: !isDrill && !isolates,
      stalledMs: code === 'WORKER_HUNG' ? hangTimeoutMs : 0,
      noticedAtMs,
    };
  }

  /**
   * Decides how the actor that a worker died in begins again: tuple by tuple, and without a tuple that has ended its worker
   * too often. Returns true if this death belongs to the search for such a tuple, which has an end of its own.
   */
  private isolate(actor: Recoverable, reason: Error): boolean {
    const { work } = actor;
    // Not the last commit: an actor with several inputs goes on with another one before it comes to the tuple again.
    const suspect = suspectOf(actor);
    const ofItsTuple = [work[WorkCell.operator], work[WorkCell.nth]].join();
    const wasAlone = work[WorkCell.isolating] === 1 && work[WorkCell.row] !== NO_ROW;
    const isSame = suspect === actor.suspect && ofItsTuple === actor.suspectOfItsTuple;
    // Of one tuple, several may kill on their way through the chain, one after the other.
    const before = wasAlone && suspect === actor.suspect ? actor.resumedWith.condemned : [];
    actor.deaths = wasAlone ? (isSame ? actor.deaths + 1 : 1) : 0;
    actor.suspect = suspect;
    actor.suspectOfItsTuple = ofItsTuple;
    const operator = actor.placement.stage.operators[work[WorkCell.operator]] ?? actor.placement.stage.operators[0];
    const isCondemned = actor.deaths >= DEATHS_MAX && operator.failure !== 'escalate';
    const condemned: Condemned = {
      input: work[WorkCell.input],
      operator: work[WorkCell.operator],
      nth: work[WorkCell.nth],
      slot: work[WorkCell.row],
      error: toRecord(errors.tupleKilledWorker(operator.name, actor.deaths, reason)),
    };
    actor.resume = { isolate: true, condemned: isCondemned ? [...before, condemned] : before };
    return wasAlone && actor.deaths <= DEATHS_MAX && operator.failure !== 'escalate';
  }

  /** An actor could not go on, while its worker lives. */
  failed(member: CrewMember, report: FailureReport): void {
    const { job } = this;
    const actor = job.actors.find(
      ({ placement: { descriptor } }) => descriptor.stage === report.stage && descriptor.replica === report.replica,
    );
    if (job.isOver() || actor === undefined || actor.member !== member) return;
    const reason = fromRecord(report.error);
    const isDamaged = report.error.code === 'STATE_DAMAGED' && job.backups !== undefined && !actor.isDamaged;
    if (isDamaged) actor.isDamaged = true;
    else if (report.policy !== 'escalate') {
      job.fail(reason);
      return;
    }
    this.decide({
      actors: [actor],
      blamed: actor,
      reason,
      context: 'childTerminated',
      worker: member.host,
      position: report.position,
      counted: true,
      stalledMs: 0,
      noticedAtMs: job.clock.now(),
    });
  }

  private decide(incident: Incident): void {
    const { job } = this;
    const { actors, blamed, reason, context, worker, position } = incident;
    const replicas = actors.map((actor) => {
      const sequence = actor.log.sequence();
      const isSuspect = blamed === undefined || blamed === actor;
      const progressed = !isSuspect || sequence !== actor.crashedAt || !hasPendingInput(actor);
      if (isSuspect) actor.crashedAt = sequence;
      actor.noticedAtMs = incident.noticedAtMs;
      return { ...indexOf(actor), progressed };
    });
    const offender = blamed ?? (actors.length === 1 ? actors[0] : undefined);
    job.announce({
      type: 'crash',
      worker,
      actors: actors.map(replicaName),
      report: {
        supervisor: job.supervision.supervisorOf(offender === undefined ? replicas : [indexOf(offender)]),
        context,
        reason,
        offender: { ...(offender && replicaName(offender)), worker, ...(position !== undefined && { position }) },
      },
    });
    const { counted, stalledMs, noticedAtMs } = incident;
    const decision = job.supervision.crashed({ replicas, counted, nowMs: noticedAtMs, stalledMs });
    for (const { from, to } of decision.escalations) job.announce({ type: 'escalation', from, to, reason });
    if (decision.kind === 'fail') job.fail(failureOf(decision, reason));
    else void this.restart(decision, incident).catch((error) => job.fail(error));
  }

  /** Does what a decision says: stops, waits, starts. */
  private async restart({ stops, starts, delayMs }: RestartDecision, incident: Incident): Promise<void> {
    const { job } = this;
    const restarting = starts.map(({ operator, replica, supervisor }) => {
      const actor = this.actorAt(operator, replica);
      actor.restarts++;
      // Also of those that are stopped with the crashed ones.
      actor.noticedAtMs = incident.noticedAtMs;
      actor.early = [];
      return { actor, supervisor, restart: actor.restarts };
    });
    for (const { operator, replica } of stops) {
      const actor = this.actorAt(operator, replica);
      // One that has been woken, or has crashed again, while others stopped is no longer this decision's.
      const isDue = restarting.some((each) => each.actor === actor && each.restart === actor.restarts);
      const { member } = actor;
      if (isDue && member !== undefined) await outcomeOf(member.hired.control.release([{ stage: operator, replica }]));
    }
    if (delayMs > 0) await this.pause(delayMs);
    if (job.isOver()) return;
    const isDue = (): typeof restarting =>
      restarting.filter(({ actor, restart }) => actor.restarts === restart && isAtWork(actor));
    const spare = isDue().some(({ actor }) => actor.member === undefined) ? await this.takeSpare() : undefined;
    if (job.isOver()) return;
    // While nobody could take over, some may have crashed again, in another decision.
    const due = isDue();
    for (const { actor } of due) actor.member ??= spare;
    if (spare !== undefined && !this.hostsAny(spare)) job.crew.giveBack(spare);
    const members = new Set(due.map(({ actor }) => actor.member as CrewMember));
    await Promise.all(
      [...members].map(async (member) => {
        const here = due.filter(({ actor }) => actor.member === member);
        const actors = here.map(({ actor }) => actor);
        const isResumed = await this.resume(member, actors);
        const early = actors.flatMap((actor) => actor.early ?? []);
        for (const actor of actors) actor.early = undefined;
        if (isResumed && member === spare) {
          const heardMs = job.clock.now() - incident.noticedAtMs;
          // Whoever has committed was running by then.
          const tookMs = Math.min(heardMs, ...early.map(({ tookMs }) => tookMs));
          job.announce({ type: 'adoption', worker: member.host, actors: actors.map(replicaName), tookMs });
        }
        if (isResumed) {
          // One that has crashed again since belongs to another decision.
          for (const { actor, supervisor } of here.filter(({ actor, restart }) => actor.restarts === restart)) {
            job.announce({ type: 'restart', ...replicaName(actor), worker: member.host, supervisor });
          }
        }
        for (const event of early) job.announce(event);
      }),
    );
  }

  /** Who takes over: a spare; or, where replicas that join have taken all that there may be, the worker with the fewest actors. */
  private async takeSpare(): Promise<CrewMember> {
    const { crew, actors } = this.job;
    const spare = await crew.takeSpare(true);
    if (spare !== undefined) return spare;
    const load = (member: CrewMember): number => actors.filter((actor) => actor.member === member).length;
    return crew.active().reduce((least, member) => (load(member) < load(least) ? member : least));
  }

  private hostsAny(member: CrewMember): boolean {
    return this.job.actors.some((actor) => actor.member === member);
  }

  /** Waits, until the job is over at the latest. It may be all that keeps the process alive. */
  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.job.clock.after(ms, () => {
        this.pauses.delete(cancel);
        resolve();
      });
      this.pauses.set(cancel, resolve);
    });
  }

  /** Begins an actor that no worker hosts. If the worker dies meanwhile, the actor is one of those that it loses. */
  async begin(member: CrewMember, actor: Recoverable): Promise<void> {
    actor.member = member;
    actor.noticedAtMs = undefined;
    // It may have died as it retired: a restart that was decided then is overtaken.
    actor.restarts++;
    await this.resume(member, [actor]);
  }

  /** Ends all waiting: the job is over. */
  close(): void {
    for (const [cancel, resolve] of this.pauses) {
      cancel();
      resolve();
    }
    this.pauses.clear();
  }

  /** Begins actors on a worker, from their last commits. Returns false if the worker died, or the job is over. */
  private async resume(member: CrewMember, actors: readonly Recoverable[]): Promise<boolean> {
    const { job } = this;
    const { control } = member.hired;
    const restores = new Map<Recoverable, Resumption['restore']>();
    for (const actor of actors) restores.set(actor, await this.restoreOf(actor));
    // The worker, or one of the actors, may be another's by now.
    const here = actors.filter((actor) => actor.member === member);
    if (job.isOver() || here.length === 0) return false;
    const orders = here.map((actor): Order => {
      actor.placement.host = member.host;
      actor.incarnation++;
      Atomics.store(actor.work, WorkCell.incarnation, actor.incarnation);
      const resumption = { incarnation: actor.incarnation, ...actor.resume, restore: restores.get(actor) };
      actor.resumedWith = actor.resume;
      actor.resumedAt = actor.log.sequence();
      actor.resume = NOTHING_SPECIAL;
      return { descriptor: actor.placement.descriptor, resumption };
    });
    const outcome = await outcomeOf(control.adopt(orders, job.settings));
    // The last actors of a job may have done all their work by now: they were resumed all the same.
    if (outcome.kind === 'gone' || job.isOver()) return outcome.kind === 'done';
    if (outcome.kind === 'failed') {
      job.fail(outcome.error);
      return false;
    }
    if (job.isStopping()) void outcomeOf(control.stopSources());
    for (const actor of here) {
      // It may have come elsewhere, or retired, since.
      if (actor.member !== member) continue;
      if (restores.get(actor) !== undefined) actor.isDamaged = false;
      const { operator, replica } = indexOf(actor);
      job.supervision.started(operator, replica, member.host);
    }
    return true;
  }

  /** What an actor's state is to be restored from; undefined if it is taken as it is. */
  private async restoreOf(actor: Recoverable): Promise<Resumption['restore']> {
    const { backups } = this.job;
    if (actor.placement.descriptor.transaction === undefined || backups === undefined) return undefined;
    // A tuple that is being isolated has to be found again at the same commit, and key groups that end have lost their order.
    const takesAsIs = !backups.restoresAlways || actor.resume.isolate || hasEnded(actor);
    if (!actor.isDamaged && takesAsIs) return undefined;
    const { operator, replica } = indexOf(actor);
    return { checkpoint: await backups.read({ stage: operator, replica }) };
  }

  /** An actor that was resumed has made its first commit. */
  recovered(member: CrewMember, stage: number, replica: number, committedAtMs: number): void {
    const actor = this.actorAt(stage, replica);
    if (actor.member !== member || actor.noticedAtMs === undefined || this.job.isOver()) return;
    const { clock } = this.job;
    const tookMs = committedAtMs - (clock.epochMs() - clock.now()) - actor.noticedAtMs;
    const event: Recovered = { type: 'recovered', ...replicaName(actor), worker: member.host, tookMs, committedAtMs };
    if (actor.early === undefined) this.job.announce(event);
    else actor.early.push(event);
  }

  private actorAt(stage: number, replica: number): Recoverable {
    const found = this.job.actors.find(
      ({ placement: { descriptor } }) => descriptor.stage === stage && descriptor.replica === replica,
    );
    if (found === undefined) throw errors.invariant(`replica ${replica} of stage ${stage} runs on a worker`);
    return found;
  }
}

const indexOf = ({ placement: { descriptor } }: Recoverable): { operator: number; replica: number } => ({
  operator: descriptor.stage,
  replica: descriptor.replica,
});

function failureOf({ escalations }: FailDecision, reason: Error): Error {
  const last = escalations[escalations.length - 1];
  return last === undefined ? reason : errors.restartIntensity(last.from, last.intensity, last.periodMs, reason);
}

/** What an actor has committed last. */
export const committedOf = ({ log }: Recoverable): CommitRecord => log.lastCommit();

/** Tells the tuple in work from others, if it was tried alone: the cursor in front of it, and at the end of the input its key. */
function suspectOf(actor: Recoverable): string {
  const { work } = actor;
  const {
    progress: { source, sweep },
    cursors: { inputs },
  } = committedOf(actor);
  const input = work[WorkCell.input];
  // A source's row only tells that it moves on.
  if (inputs.length === 0) {
    const found = partitionInWork(actor);
    const { partition, position, aux } = found ?? { ...source, partition: undefined };
    return [partition, position, aux].join();
  }
  if (input < 0 || input >= inputs.length) return [sweep.group, work[WorkCell.row]].join();
  return [input, inputs[input].position, inputs[input].row].join();
}

/** The partition that a source was reading, and where it stood; undefined if the source has only one. */
function partitionInWork({ work, placement }: Recoverable): (SourceMark & { partition: number }) | undefined {
  const { partitions } = placement.descriptor;
  const partition = partitionAt(work[WorkCell.input]);
  if (partitions === undefined || partition < 0) return undefined;
  const found = { partition, position: 0, aux: 0 };
  new PartitionMarks(partitions).read(partition, found);
  return found;
}

/** False if an actor has read all that there is: that it has not committed since its last crash then says nothing. */
function hasPendingInput(actor: Recoverable): boolean {
  const { placement } = actor;
  const record = committedOf(actor);
  if (hasEnded(actor)) return !hasSwept(record.progress.sweep) && !waitsForOthers(actor, record);
  return placement.descriptor.inputs.some(({ memory }, i) => {
    const { position, ended } = record.cursors.inputs[i];
    return !ended && new Ring(memory.ring).published() !== position;
  });
}

/** True of a replica of a source that has read its partitions, and waits until the others have read theirs. */
function waitsForOthers({ placement }: Recoverable, { progress }: CommitRecord): boolean {
  const { partitions } = placement.descriptor;
  if (partitions === undefined) return false;
  const marks = new PartitionMarks(partitions);
  return groupsOf(progress.groups).every((partition) => marks.hasEnded(partition));
}

/** True once an actor has read all its input: at most `end` closures are left to run. */
function hasEnded(actor: Recoverable): boolean {
  const { inputs } = actor.placement.descriptor;
  return committedOf(actor).cursors.inputs.every((mark, i) => {
    const ring = new Ring(inputs[i].memory.ring);
    return mark.ended || (ring.isDormant() && ring.published() === mark.position);
  });
}

/** An actor that another one's death, or a drill, has interrupted goes on with the search for a tuple of its own. */
function continueSearch(actor: Recoverable): void {
  const { resumedWith, resumedAt, log } = actor;
  const commits = (log.sequence() - resumedAt) | 0;
  if (!resumedWith.isolate || commits >= BATCH_TUPLES_MAX) return;
  actor.resume = { isolate: true, condemned: commits === 0 ? resumedWith.condemned : [] };
}

/** Where the tuple in work stood, as far as shared memory tells. */
export function positionOf(actor: Recoverable, plan: Plan): string {
  const { work, placement } = actor;
  const { progress, cursors } = committedOf(actor);
  const input = work[WorkCell.input];
  const isAlone = work[WorkCell.isolating] === 1;
  const { stage, descriptor } = placement;
  if (input >= 0 && input < cursors.inputs.length) {
    const { position, row } = cursors.inputs[input];
    const from = stageName(plan.stages[stage.upstream[descriptor.inputs[input].upstream].stage]);
    const where = `row ${row} of the frame at ${position >>> 0} from '${from}'`;
    return isAlone ? where : `the batch that begins at ${where}`;
  }
  if (stage.operators[0].kind.role !== 'source') return 'the end of its input';
  const found = partitionInWork(actor);
  const where = sourcePosition(stageName(stage), found?.partition, (found ?? progress.source).position);
  return isAlone ? where : `the batch that begins at ${where}`;
}
