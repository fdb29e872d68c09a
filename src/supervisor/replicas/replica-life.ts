// The life of a replica, which is a running copy of an operator: in which state it is, and which worker hosts it.
// Promises: every change of either goes through a method here; what comes too late changes nothing.
// Relies on: the supervisor decides about restarts (supervision/), recovery and scaling carry them out.

import type { NodeState, Supervised } from '../supervision/child.ts';
import type { JobWorker } from '../workers/job-worker.ts';

/** The host of a replica that no worker hosts. */
export const NO_HOST = -1;

/**
 * ```text
 *            enlist            run             restarting
 *  dormant ─────────▶ starting ───▶ running ◀────────────▶ restarting
 *     ▲                  │    retire   │           run          │
 *     └──────────────────┴─────────────┴────────────────────────┘
 *
 *  from each of these but dormant: ended, when it has done all its work; failed, when the job is over first
 * ```
 * A dormant replica owns no key groups. A replica keeps its worker from `host` on: while it starts, runs and is stopped, and until the
 * worker's thread is certain to be gone.
 */
export class ReplicaLife implements Supervised {
  #state: NodeState;
  #worker: JobWorker | undefined;
  #restarts = 0;
  #turn = 0;
  #incarnation = 0;

  constructor(isDormant: boolean) {
    this.#state = isDormant ? 'dormant' : 'starting';
  }

  get state(): NodeState {
    return this.#state;
  }

  /** The worker that hosts it, or is to; after its end, or the job's, the last one. */
  get worker(): JobWorker | undefined {
    return this.#worker;
  }

  /** The number of its worker. */
  get host(): number {
    return this.#worker?.host ?? NO_HOST;
  }

  get restarts(): number {
    return this.#restarts;
  }

  /** Counts the decisions to start it: whoever acts on one that is not the latest has been overtaken. */
  get turn(): number {
    return this.#turn;
  }

  /** Counts the orders to a worker to resume it: only the latest incarnation may step. */
  get incarnation(): number {
    return this.#incarnation;
  }

  get isEnded(): boolean {
    return this.#state === 'ended';
  }

  get isDormant(): boolean {
    return this.#state === 'dormant';
  }

  /** True of a replica that a worker hosts, or should. */
  get isAtWork(): boolean {
    return !this.isEnded && !this.isDormant;
  }

  /** It gets a part in the stream again. */
  enlist(): void {
    if (this.#state === 'dormant') this.#state = 'starting';
  }

  /** A worker is to host it, by a decision that has been made before. */
  hostOn(worker: JobWorker): void {
    this.#worker = worker;
  }

  /** A worker is to host it, by a decision of its own: it may have died as it retired, and an earlier one is overtaken. */
  beginOn(worker: JobWorker): void {
    this.#worker = worker;
    this.#turn++;
  }

  /** Its worker is ordered to resume it. */
  resumed(): number {
    return ++this.#incarnation;
  }

  /** It runs. Its end may be heard of first. */
  runs(): void {
    if (this.#state === 'starting' || this.#state === 'restarting') this.#state = 'running';
  }

  /** The thread of its worker is gone. */
  loseWorker(): void {
    this.#worker = undefined;
  }

  restarting(): void {
    if (this.#isOver || this.isDormant) return;
    this.#state = 'restarting';
    this.#restarts++;
    this.#turn++;
  }

  /** It owns no key groups any more, and its worker lets it go. */
  retire(): void {
    this.#worker = undefined;
    if (!this.#isOver) this.#state = 'dormant';
  }

  /** A fact of its last commit: it holds also if the job has failed meanwhile. */
  ended(): void {
    this.#state = 'ended';
  }

  failed(): void {
    if (!this.#isOver && !this.isDormant) this.#state = 'failed';
  }

  get #isOver(): boolean {
    return this.#state === 'ended' || this.#state === 'failed';
  }
}
