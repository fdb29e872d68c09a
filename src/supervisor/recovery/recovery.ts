// Recovery: brings replicas back after their worker died, or after they could not go on. Who died and why is found out here; the
// supervisor decides (supervision/), and restarts.ts carries that out.
// Promises: a replica is resumed only when the thread that had it is certain to be gone, and from its last commit; a tuple that kills
// its worker is found and condemned after a bounded number of deaths; every step is an event.

import { errors, fromRecord, MillraceError } from '../../errors.ts';
import type { FailureReport } from '../../workers/control.ts';
import { revive } from '../../workers/remote-calls.ts';
import type { JobContext } from '../job-context.ts';
import { hasPendingInput } from '../replicas/input-left.ts';
import type { Replica } from '../replicas/replica.ts';
import { positionOf } from '../replicas/tuple-in-work.ts';
import type { Exit, FailDecision } from '../supervision/child.ts';
import type { JobWorker } from '../workers/job-worker.ts';
import { Outages } from './outages.ts';
import { PoisonSearch } from './poison-search.ts';
import { Restarts } from './restarts.ts';
import { Restores } from './restores.ts';
import { Resumptions } from './resumptions.ts';

/** A crash that is to be decided about. */
interface Incident {
  readonly replicas: readonly Replica[];
  /** The one that is to blame, if that is known. */
  readonly blamed: Replica | undefined;
  readonly reason: Error;
  readonly worker: number;
  readonly position: string | undefined;
  readonly counted: boolean;
  readonly stalledMs: number;
  readonly noticedAtMs: number;
}

export class Recovery {
  readonly #job: JobContext;
  /** What resolves when the thread of a lost worker is gone. */
  readonly #losing = new WeakMap<JobWorker, Promise<void>>();
  readonly #searches: ReadonlyMap<Replica, PoisonSearch>;
  /** The number of a replica's last commit when it last crashed, not just because another one on its worker did. */
  readonly #crashedAt = new Map<Replica, number>();
  readonly #outages: Outages;
  readonly #restores: Restores;
  readonly #resumptions: Resumptions;
  readonly #restarts: Restarts;

  constructor(job: JobContext) {
    this.#job = job;
    this.#searches = new Map(job.roster.replicas.map((replica) => [replica, new PoisonSearch(replica)]));
    this.#outages = new Outages(job.clock, (event) => job.announce(event));
    this.#restores = new Restores(job.backups);
    this.#resumptions = new Resumptions(job, (replica) => this.#searchOf(replica), this.#restores);
    this.#restarts = new Restarts(job, this.#outages, this.#resumptions);
  }

  #searchOf(replica: Replica): PoisonSearch {
    return this.#searches.get(replica) as PoisonSearch;
  }

  /** Terminates a worker's thread on purpose; its replicas are taken over. Resolves when the thread is gone. */
  async terminate(worker: JobWorker, reason: Error): Promise<void> {
    worker.terminatedFor ??= reason;
    await this.lost(worker, reason);
  }

  /** A worker's thread has died, or is to die. */
  lost(worker: JobWorker, cause: unknown): Promise<void> {
    const losing = this.#losing.get(worker) ?? this.#lose(worker, cause);
    this.#losing.set(worker, losing);
    return losing;
  }

  async #lose(worker: JobWorker, cause: unknown): Promise<void> {
    const job = this.#job;
    const noticedAtMs = job.clock.now();
    worker.state = 'lost';
    const replicas = job.roster.hostedBy(worker);
    const { fenceTimeoutMs } = job.options;
    const isGone = await job.pool.fence(worker.hired, fenceTimeoutMs);
    if (job.isOver()) return;
    if (!isGone) return job.fail(errors.workerStuck(worker.host, replicas.map(textOf), fenceTimeoutMs));
    const deathOf = (dead: readonly Replica[]): MillraceError =>
      errors.workerDied(worker.host, dead.map(textOf), revive(cause));
    // Whatever imports the module dies of it: another worker would, too.
    const death = deathOf(replicas);
    if (death.code === 'RUN_IN_WORKER') return job.fail(death);
    job.workers.remove(worker);
    job.workers.refill();
    // One that retired as its thread ended may have been enlisted since, on another worker.
    const lost = replicas.filter((replica) => replica.isAtWork && replica.worker === worker);
    for (const replica of lost) replica.loseWorker();
    if (lost.length > 0) this.#decide(this.#death(worker, lost, deathOf(lost), noticedAtMs));
  }

  #death(worker: JobWorker, replicas: Replica[], death: MillraceError, noticedAtMs: number): Incident {
    const { roster, stepWords, options, plan } = this.#job;
    const { host } = worker;
    const reason = worker.terminatedFor ?? death;
    const code = reason instanceof MillraceError ? reason.code : undefined;
    const isDrill = code === 'WORKER_KILLED';
    const stepping = isDrill ? undefined : roster.numbered(stepWords.stepping(host));
    const blamed = replicas.find((replica) => replica === stepping);
    const isSearch = blamed !== undefined && this.#searchOf(blamed).blamed(reason);
    for (const replica of replicas) if (replica !== blamed) this.#searchOf(replica).interrupted();
    return {
      replicas,
      blamed,
      reason,
      worker: host,
      position: blamed && positionOf(blamed, plan),
      counted: !isDrill && !isSearch,
      stalledMs: code === 'WORKER_HUNG' ? options.hangTimeoutMs : 0,
      noticedAtMs,
    };
  }

  /** A replica could not go on, while its worker lives. */
  failed(worker: JobWorker, report: FailureReport): void {
    const job = this.#job;
    const replica = job.roster.at(report);
    if (job.isOver() || replica.worker !== worker) return;
    const reason = fromRecord(report.error);
    const isRestored = report.error.code === 'STATE_DAMAGED' && this.#restores.damaged(replica);
    if (!isRestored && report.policy !== 'escalate') {
      job.fail(reason);
      return;
    }
    this.#decide({
      replicas: [replica],
      blamed: replica,
      reason,
      worker: worker.host,
      position: report.position,
      counted: true,
      stalledMs: 0,
      noticedAtMs: job.clock.now(),
    });
  }

  #decide(incident: Incident): void {
    const job = this.#job;
    const { replicas, blamed, reason, worker, position, counted, stalledMs, noticedAtMs } = incident;
    const exits = replicas.map((replica) => this.#exitOf(replica, incident));
    const offender = blamed ?? (replicas.length === 1 ? replicas[0] : undefined);
    job.announce({
      type: 'crash',
      worker,
      actors: replicas.map(({ name }) => name),
      report: {
        supervisor: job.supervision.supervisorOf(offender === undefined ? replicas : [offender]),
        context: 'childTerminated',
        reason,
        offender: { ...offender?.name, worker, ...(position !== undefined && { position }) },
      },
    });
    const decision = job.supervision.exited({ exits, counted, nowMs: noticedAtMs, stalledMs });
    for (const { from, to } of decision.escalations) job.announce({ type: 'escalation', from, to, reason });
    if (decision.kind === 'fail') job.fail(failureOf(decision, reason));
    else void this.#restarts.carryOut(decision, noticedAtMs).catch((error) => job.fail(error));
  }

  #exitOf(replica: Replica, { blamed, noticedAtMs }: Incident): Exit<Replica> {
    const sequence = replica.log.sequence();
    const isSuspect = blamed === undefined || blamed === replica;
    const progressed = !isSuspect || sequence !== this.#crashedAt.get(replica) || !hasPendingInput(replica);
    if (isSuspect) this.#crashedAt.set(replica, sequence);
    this.#outages.begin(replica, noticedAtMs);
    return { child: replica, reason: 'crash', progressed };
  }

  /** Begins a replica that no worker hosts. If the worker dies meanwhile, the replica is one of those that it loses. */
  async begin(worker: JobWorker, replica: Replica): Promise<void> {
    replica.beginOn(worker);
    this.#outages.forget(replica);
    await this.#resumptions.resume(worker, [replica]);
  }

  /** A replica that was resumed has made its first commit. */
  recovered(worker: JobWorker, replica: Replica, committedAtMs: number): void {
    if (replica.worker === worker && !this.#job.isOver()) this.#outages.committed(replica, worker, committedAtMs);
  }

  /** Ends all waiting: the job is over. */
  close(): void {
    this.#restarts.close();
  }
}

const textOf = ({ text }: Replica): string => text;

function failureOf({ escalations }: FailDecision, reason: Error): Error {
  const last = escalations[escalations.length - 1];
  return last === undefined ? reason : errors.restartIntensity(last.from, last.intensity, last.periodMs, reason);
}
