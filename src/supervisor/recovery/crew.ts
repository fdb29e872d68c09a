// The crew of a job: its workers, and the warm spares that wait to take over: SEEP's pool of hosts.
// Promises: a spare is hired for each one that is taken or lost; one that fails while it loads is told, and hired again
// after a pause. Whoever waits for a spare gets one, or an error once several in a row could not be loaded.
// Relies on: a host's number is used again only after the thread that had it has exited.

import { errors } from '../../errors.ts';
import type { Cancel, Clock } from '../../platform/clock.ts';
import type { FlowReference, WorkerReports } from '../../workers/control.ts';
import type { Patience } from '../../workers/patience.ts';
import type { HiredWorker, ThreadPool } from '../../workers/pool.ts';

/** Failures in a row after which nobody waits for a spare any longer. */
const SPARE_ATTEMPTS_MAX = 3;
const RETRY_MS_FIRST = 50;
/** A spare that was taken is replaced a little later: to start a thread would hold up the recovery that it was taken for. */
const REFILL_MS = 30;
/** Spares beyond the usual number are kept for a while: what has just been given back may be wanted again. */
const SURPLUS_MS = 10_000;
/** How long as many spares are kept as were needed at once; and the time after which they are hired: a surge comes first. */
const FORESEEN_MS = 60_000;
const FORESEEN_REFILL_MS = 1000;
/** How long the thread of a spare that is dismissed may take to exit, before its number is used again. */
const FENCE_MS_MAX = 60_000;
/** Spares are hired when the job has started: its first tuples need the processor more. */
const FIRST_SPARE_MS = 1000;
/** Host numbers beyond those in use, so that a new thread need not have the number of one that has just gone. */
export const HOSTS_BEYOND = 2;

export type CrewState = 'starting' | 'spare' | 'active' | 'lost';

export interface CrewMember {
  readonly host: number;
  readonly hired: HiredWorker;
  state: CrewState;
  isLoaded: boolean;
  /** True if it has hosted actors, and was given back: its death as a spare says nothing about loading the flow. */
  hasServed: boolean;
  /** -1 until it is known. */
  threadId: number;
  /** Why it was terminated, if it was on purpose. */
  terminatedFor: Error | undefined;
}

export interface CrewEvents {
  /** An active worker's thread has died, or its task has ended. */
  lost(member: CrewMember, cause: unknown): void;
  spareFailed(error: unknown, attempt: number): void;
  /** Prepares a spare that has loaded the flow. */
  warmUp(member: CrewMember): Promise<void>;
}

interface Waiting {
  /** Takes over lost actors: those that wait for workers to join may wait for these. */
  readonly isUrgent: boolean;
  resolve(member: CrewMember | undefined): void;
  reject(error: unknown): void;
}

export class Crew {
  readonly members = new Set<CrewMember>();
  private readonly clock: Clock;
  private readonly patience: Patience;
  private readonly pool: ThreadPool;
  private readonly flow: FlowReference;
  private readonly spares: number;
  private readonly workersMax: number;
  private readonly events: CrewEvents;
  private readonly reportsOf: (member: () => CrewMember) => WorkerReports;
  private readonly freeHosts: number[];
  private readonly waiting: Waiting[] = [];
  private readonly timers = new Set<Cancel>();
  private attempts = 0;
  /** Spares that may be needed at once, because they have been lately. */
  private foreseen = 0;
  private foreseenUntilMs = 0;
  private lastError: unknown;
  private retrying = false;
  private closed = false;

  /**
   * @param patience for threads that load the flow
   * @param hosts numbers that workers may have, from 0 on
   * @param workersMax of the workers that host actors
   */
  constructor(
    clock: Clock,
    patience: Patience,
    pool: ThreadPool,
    flow: FlowReference,
    hosts: number,
    spares: number,
    workersMax: number,
    reportsOf: (member: () => CrewMember) => WorkerReports,
    events: CrewEvents,
  ) {
    this.clock = clock;
    this.patience = patience;
    this.pool = pool;
    this.flow = flow;
    this.spares = spares;
    this.workersMax = workersMax;
    this.reportsOf = reportsOf;
    this.events = events;
    this.freeHosts = Array.from({ length: hosts }, (_, host) => host);
  }

  /** Hires the job's workers, and resolves when all have loaded the flow. */
  async start(workers: number): Promise<readonly CrewMember[]> {
    const members = Array.from({ length: workers }, () => this.hire('active'));
    await Promise.all(members.map((member) => this.load(member)));
    this.later(FIRST_SPARE_MS, () => this.refill());
    return members;
  }

  /** The workers that host actors. */
  active(): CrewMember[] {
    return [...this.members].filter(({ state }) => state === 'active');
  }

  find(host: number): CrewMember | undefined {
    return [...this.members].find((member) => member.host === host);
  }

  /** A warm worker that is ready, active from now on; undefined if there is none. */
  takeReady(): CrewMember | undefined {
    const spare = [...this.members].find(({ state }) => state === 'spare');
    if (spare === undefined) return undefined;
    spare.state = 'active';
    this.later(REFILL_MS, () => this.refill());
    return spare;
  }

  /**
   * A warm worker, active from now on.
   * @param isUrgent true to be served before all who are not
   * @returns undefined if all workers that there may be are in use. Rejects with NO_SPARE if none can be loaded
   */
  takeSpare(isUrgent: boolean): Promise<CrewMember | undefined> {
    const spare = this.takeReady();
    if (spare !== undefined) return Promise.resolve(spare);
    const taken = new Promise<CrewMember | undefined>((resolve, reject) => {
      const waiting = { isUrgent, resolve, reject };
      const before = isUrgent ? this.waiting.findIndex((other) => !other.isUrgent) : -1;
      this.waiting.splice(before < 0 ? this.waiting.length : before, 0, waiting);
    });
    // One more try, also after those that have failed before anyone waited.
    this.attempts = Math.min(this.attempts, SPARE_ATTEMPTS_MAX - 1);
    this.refill();
    return taken;
  }

  /**
   * So many workers were taken at once: as many are kept ready for a while, and hired if there may be more workers. It may
   * happen again, and then nobody is to wait for a thread to start.
   */
  foresee(spares: number): void {
    this.foreseen = Math.max(spares, this.foreseen);
    this.foreseenUntilMs = this.clock.now() + FORESEEN_MS;
    this.later(FORESEEN_MS, () => {
      // A later change may have needed as many.
      if (this.clock.now() < this.foreseenUntilMs) return;
      this.foreseen = 0;
      void this.dismissSurplus();
    });
    this.later(FORESEEN_REFILL_MS, () => this.refill());
  }

  /** Spares that are to be ready. Beyond the usual number, no more than the workers that there may be. */
  private get wantedSpares(): number {
    return Math.max(this.spares, Math.min(this.foreseen, this.workersMax - this.active().length));
  }

  /** A worker that was taken and hosts nobody, or nobody any more. */
  giveBack(member: CrewMember): void {
    if (member.state !== 'active') return;
    const first = this.waiting.shift();
    if (first !== undefined) first.resolve(member);
    else {
      member.state = 'spare';
      member.hasServed = true;
      this.later(SURPLUS_MS, () => void this.dismissSurplus());
    }
  }

  private async dismissSurplus(): Promise<void> {
    const spares = [...this.members].filter(({ state }) => state === 'spare');
    const surplus = spares.slice(this.wantedSpares);
    for (const member of surplus) member.state = 'lost';
    for (const member of surplus) {
      await this.pool.fence(member.hired, FENCE_MS_MAX);
      this.remove(member);
    }
  }

  /** Takes a worker out whose thread is gone: its number is free again, and somebody may have waited for one. */
  remove(member: CrewMember): void {
    member.state = 'lost';
    if (!this.members.delete(member)) return;
    this.freeHosts.push(member.host);
    if (this.waiting.length > 0) this.refill();
  }

  /** Hires no more. */
  close(): void {
    this.closed = true;
    for (const cancel of this.timers) cancel();
    this.timers.clear();
    for (const { reject } of this.waiting.splice(0))
      reject(errors.invariant('nobody takes over in a job that has ended'));
  }

  private hire(state: CrewState): CrewMember {
    const host = this.freeHosts.shift();
    if (host === undefined) throw errors.invariant('there are numbers for all hosts of a job');
    const member: CrewMember = {
      host,
      hired: this.hireFor(host, () => member),
      state,
      isLoaded: false,
      hasServed: false,
      threadId: -1,
      terminatedFor: undefined,
    };
    this.members.add(member);
    const gone = (cause: unknown): void => this.gone(member, cause);
    member.hired.ended.then(() => gone(new Error('its task has ended')), gone);
    return member;
  }

  private hireFor(host: number, member: () => CrewMember): HiredWorker {
    try {
      return this.pool.hire(host, this.flow, this.reportsOf(member));
    } catch (error) {
      this.freeHosts.push(host);
      throw error;
    }
  }

  private async load(member: CrewMember): Promise<void> {
    const { moduleUrl } = this.flow;
    let failure: Error | undefined;
    try {
      member.threadId = await this.patience.await(member.hired.loaded, {
        what: `worker ${member.host} to import ${moduleUrl}`,
        failure: () => {
          failure = errors.importTimeout(moduleUrl, member.host, this.patience.limitMs);
          return failure;
        },
      });
      member.isLoaded = true;
    } catch (error) {
      if (error === failure) this.pool.giveUp(member.hired);
      throw error;
    }
  }

  /** A thread is gone, or going. Those that load are told of by their loading. */
  private gone(member: CrewMember, cause: unknown): void {
    if (this.closed || member.state === 'lost') return;
    if (member.state === 'active') this.events.lost(member, cause);
    else if (member.state === 'spare' || member.isLoaded) void this.spareFailed(member, cause);
  }

  /** Hires the spares that are missing. */
  refill(): void {
    if (this.closed || this.retrying) return;
    const ready = [...this.members].filter(({ state }) => state === 'spare' || state === 'starting').length;
    const wanted = Math.max(this.wantedSpares, this.waiting.length);
    for (let missing = wanted - ready; missing > 0; missing--) {
      if (this.attempts >= SPARE_ATTEMPTS_MAX) return;
      if (this.freeHosts.length === 0) break;
      void this.hireSpare();
    }
    // Nobody who is in use comes free by waiting.
    const areAllInUse = this.freeHosts.length === 0 && [...this.members].every(({ state }) => state === 'active');
    if (areAllInUse) for (const { resolve } of this.waiting.splice(0)) resolve(undefined);
  }

  private async hireSpare(): Promise<void> {
    let member: CrewMember | undefined;
    try {
      member = this.hire('starting');
      await this.load(member);
    } catch (error) {
      // One that was ended on purpose says nothing about the code.
      if (!this.closed && member?.terminatedFor === undefined) await this.spareFailed(member, error);
      return;
    }
    if (this.closed) return;
    this.attempts = 0;
    // Who waits needs it now, as it is.
    if (this.waiting.length === 0) await this.warmUp(member);
    if (this.closed || member.state === 'lost') return;
    const first = this.waiting.shift();
    member.state = first === undefined ? 'spare' : 'active';
    first?.resolve(member);
    this.refill();
  }

  /** What fails here fails again, and is told, when the worker takes over. */
  private async warmUp(member: CrewMember): Promise<void> {
    await this.events.warmUp(member).catch(() => {});
  }

  /** @param member undefined if there was not even a thread */
  private async spareFailed(member: CrewMember | undefined, error: unknown): Promise<void> {
    if (member?.hasServed !== true) this.attempts++;
    this.lastError = error;
    this.events.spareFailed(error, Math.max(1, this.attempts));
    if (member !== undefined) {
      member.state = 'lost';
      // No actor was ever here, so nothing has to be certain of the thread's end but the number that it used.
      await this.pool.fence(member.hired, FENCE_MS_MAX);
      this.remove(member);
    }
    if (this.closed) return;
    if (this.attempts >= SPARE_ATTEMPTS_MAX) {
      for (const { reject } of this.waiting.splice(0)) reject(errors.noSpare(this.attempts, this.lastError));
      return;
    }
    this.retrying = true;
    this.later(RETRY_MS_FIRST * 2 ** this.attempts, () => {
      this.retrying = false;
      this.refill();
    });
  }

  /** Not unreferenced: while all threads are gone, a timer may be all that keeps the process alive. */
  private later(ms: number, action: () => void): Cancel {
    // A hand-over may give its worker back after the end: a timer would keep the process alive for nothing.
    if (this.closed) return () => {};
    const cancel = this.clock.after(ms, () => {
      this.timers.delete(cancel);
      if (!this.closed) action();
    });
    this.timers.add(cancel);
    return cancel;
  }
}
