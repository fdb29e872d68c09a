// Carries out what the supervisor has decided about a crash: stops, waits, finds a worker, starts.
// Promises: a replica that has crashed again, or was begun elsewhere, meanwhile is left to the later decision; every restart is told.
// Relies on: a replica counts the decisions about it (`turn`).

import type { Cancel } from '../../platform/clock.ts';
import { outcomeOf } from '../../workers/remote-calls.ts';
import type { JobContext } from '../job-context.ts';
import type { Replica } from '../replicas/replica.ts';
import type { RestartDecision } from '../supervision/child.ts';
import type { JobWorker } from '../workers/job-worker.ts';
import type { Outage, Outages } from './outages.ts';
import type { Resumptions } from './resumptions.ts';

/** A replica that one decision restarts. */
interface Restarting {
  readonly replica: Replica;
  readonly supervisor: string;
  readonly turn: number;
  readonly outage: Outage;
}

/** True until another decision has been made about the replica. */
const isLatest = ({ replica, turn }: Restarting): boolean => replica.turn === turn;

export class Restarts {
  readonly #job: JobContext;
  readonly #outages: Outages;
  readonly #resumptions: Resumptions;
  readonly #pauses = new Map<Cancel, () => void>();

  constructor(job: JobContext, outages: Outages, resumptions: Resumptions) {
    this.#job = job;
    this.#outages = outages;
    this.#resumptions = resumptions;
  }

  async carryOut({ stops, starts, delayMs }: RestartDecision<Replica>, noticedAtMs: number): Promise<void> {
    const job = this.#job;
    const restarting = starts.map(({ child: replica, supervisor }): Restarting => {
      const outage = this.#outages.hold(replica, noticedAtMs);
      return { replica, supervisor, turn: replica.turn, outage };
    });
    await this.#stop(stops, restarting);
    if (delayMs > 0) await this.#pause(delayMs);
    if (job.isOver()) return;
    const due = (): Restarting[] => restarting.filter((each) => isLatest(each) && each.replica.isAtWork);
    const spare = due().some(({ replica }) => replica.worker === undefined) ? await this.#takeSpare() : undefined;
    if (job.isOver()) return;
    // While nobody could take over, some may have crashed again, in another decision.
    const here = due();
    for (const { replica } of here) if (replica.worker === undefined && spare !== undefined) replica.hostOn(spare);
    if (spare !== undefined && job.roster.hostedBy(spare).length === 0) job.workers.giveBack(spare);
    const workers = new Set(here.map(({ replica }) => replica.worker as JobWorker));
    await Promise.all(
      [...workers].map((worker) => {
        const mine = here.filter(({ replica }) => replica.worker === worker);
        return this.#start(worker, mine, worker === spare ? noticedAtMs : undefined);
      }),
    );
  }

  async #stop(stops: readonly Replica[], restarting: readonly Restarting[]): Promise<void> {
    for (const replica of stops) {
      // One that was enlisted, or has crashed again, while others stopped is no longer this decision's.
      const isDue = restarting.some((each) => each.replica === replica && isLatest(each));
      const { worker } = replica;
      if (isDue && worker !== undefined) await outcomeOf(worker.hired.control.release([replica.actor]));
    }
  }

  /** @param adoptedSinceMs when the crash was noticed, if the worker is a spare that takes over */
  async #start(
    worker: JobWorker,
    restarting: readonly Restarting[],
    adoptedSinceMs: number | undefined,
  ): Promise<void> {
    const job = this.#job;
    const replicas = restarting.map(({ replica }) => replica);
    const isResumed = await this.#resumptions.resume(worker, replicas);
    const told = restarting.map((each) => ({ ...each, early: this.#outages.release(each.outage, isResumed) }));
    if (isResumed && adoptedSinceMs !== undefined) {
      const heardMs = job.clock.now() - adoptedSinceMs;
      // Whoever has committed was running by then.
      const tookMs = Math.min(heardMs, ...told.flatMap(({ early }) => early.map((each) => each.tookMs)));
      job.announce({ type: 'adoption', worker: worker.host, actors: replicas.map(({ name }) => name), tookMs });
    }
    for (const each of told) {
      const { replica, supervisor, early } = each;
      // One that has crashed again since belongs to another decision, unless it had committed: a worker that takes many over may die
      // when it has only some of them.
      if (early.length > 0 || (isResumed && isLatest(each)))
        job.announce({ type: 'restart', ...replica.name, worker: worker.host, supervisor });
    }
    for (const { early } of told) for (const event of early) job.announce(event);
  }

  /** Who takes over: a spare; or, where replicas that join have taken all that there may be, the worker with the fewest replicas. */
  async #takeSpare(): Promise<JobWorker> {
    const { workers, roster } = this.#job;
    const spare = await workers.takeSpare(true);
    if (spare !== undefined) return spare;
    const load = (worker: JobWorker): number => roster.hostedBy(worker).length;
    return workers.active().reduce((least, worker) => (load(worker) < load(least) ? worker : least));
  }

  /** Waits, until the job is over at the latest. It may be all that keeps the process alive. */
  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#job.clock.after(ms, () => {
        this.#pauses.delete(cancel);
        resolve();
      });
      this.#pauses.set(cancel, resolve);
    });
  }

  /** Ends all waiting: the job is over. */
  close(): void {
    for (const [cancel, resolve] of this.#pauses) {
      cancel();
      resolve();
    }
    this.#pauses.clear();
  }
}
