// Carries out the drills of a plan, one after the other, each as soon as the job has come back from the one before.
// Promises: what was struck, and what came of it, is counted; a strike that nobody noticed, an actor that does not come back
// and a dead letter that does not come are violations.

import type { Job, JobEvent, MillraceError } from '../../src/index.ts';
import { Random } from '../../src/testing/random.ts';
import { type DrillOrders, LASTING, type Order, type Target, When } from './drill-words.ts';
import type { Violations } from './oracle.ts';
import { type Comeback, type Drill, type DrillKind, describeDrill } from './plan.ts';
import type { Victims } from './victims.ts';
import { waking } from './waking.ts';

/** How long an order waits for a tuple. */
const TAKEN_MS_MAX = 3000;
/** How long a death may stay unnoticed, and how long an actor may be away. */
const NOTICED_MS_MAX = 10_000;
const BACK_MS_MAX = 30_000;
/** Actors without input commit nothing: nobody waits longer for their first commit. */
const RECOVERED_MS_MAX = 150;
const BURIED_MS_MAX = 20_000;
/** A tuple that throws often makes its actor restart so often. */
const THROW_OFTEN_CRASHES = 2;
/** Drills at the end of the stream. */
const LAST_KILLS_MAX = 4;
const LAST_PAUSE_MS_MAX = 40;
/** Drills whose descriptions are kept for a failure. */
const HISTORY = 15;

type Reason = JobEvent & { type: 'crash' };

/** What to call a cause of death. */
export function reasonOf({ report: { reason } }: Reason): string {
  let cause: unknown = reason;
  while (cause instanceof Error && cause.cause instanceof Error) cause = cause.cause;
  const { code, message } = cause as Partial<MillraceError>;
  if (code !== undefined) return String(code);
  return /drill: \d+ (.*)/.exec(message ?? '')?.[1] ?? String(message);
}

export class DrillMaster {
  /** Strikes, by kind. */
  readonly kills = new Map<DrillKind | 'atTheEnd', number>();
  /** Orders that no tuple took. */
  untaken = 0;
  /** Deaths of workers and failures of actors, by what the reports say. */
  readonly reasons = new Map<string, number>();
  readonly recoveriesMs: number[] = [];
  adoptions = 0;
  readonly history: string[] = [];
  private readonly job: Job;
  private readonly orders: DrillOrders;
  private readonly victims: Victims;
  private readonly violations: Violations;
  private readonly tell: (text: string) => void;
  private crashes = 0;
  private readonly away = new Set<string>();
  private readonly uncommitted = new Set<string>();
  private over = false;
  private wake: () => void = () => {};

  /** @param tell told each drill as it begins */
  constructor(job: Job, orders: DrillOrders, victims: Victims, violations: Violations, tell: (text: string) => void) {
    this.tell = tell;
    this.job = job;
    this.orders = orders;
    this.victims = victims;
    this.violations = violations;
    job.on('*', (event) => {
      this.hear(event);
      this.wake();
    });
  }

  /** All strikes so far. */
  get struck(): number {
    return [...this.kills.values()].reduce((sum, count) => sum + count, 0);
  }

  private hear(event: JobEvent): void {
    switch (event.type) {
      case 'crash':
        this.crashes++;
        count(this.reasons, reasonOf(event));
        for (const { operator, replica } of event.actors) {
          this.away.add(`${operator}/${replica}`);
          this.uncommitted.add(`${operator}/${replica}`);
        }
        break;
      case 'adoption':
        this.adoptions++;
        break;
      case 'restart':
        this.away.delete(`${event.operator}/${event.replica}`);
        break;
      case 'recovered':
        this.uncommitted.delete(`${event.operator}/${event.replica}`);
        this.recoveriesMs.push(event.tookMs);
        break;
      case 'moved':
        // One that failed, while its worker lived, may move before its restart is due: it begins there, and that is dropped.
        this.away.delete(`${event.operator}/${event.replica}`);
        this.uncommitted.delete(`${event.operator}/${event.replica}`);
        break;
      case 'handOver':
        // Whoever takes groups runs, whether it was resumed after a crash or, since then, woken.
        this.away.delete(`${event.operator}/${event.to}`);
        break;
      case 'scaled':
        for (const names of [this.away, this.uncommitted]) {
          for (const name of names) if (this.isDormant(name)) names.delete(name);
        }
        break;
      case 'operatorEnded':
        for (const names of [this.away, this.uncommitted]) {
          for (const name of names) if (name.startsWith(`${event.operator}/`)) names.delete(name);
        }
        break;
      case 'ended':
        this.over = true;
    }
  }

  /** Strikes until `untilMs` on the clock, or until there were enough. */
  async run(drills: Iterator<Drill, never>, untilMs: number, killsMax: number): Promise<void> {
    while (performance.now() < untilMs && this.struck < killsMax && !this.over) {
      const drill = drills.next().value;
      this.tell(describeDrill(drill));
      this.history.push(describeDrill(drill));
      if (this.history.length > HISTORY) this.history.shift();
      await this.perform(drill);
    }
  }

  private async perform(drill: Drill): Promise<void> {
    const { kind, target, pauseMs, until } = drill;
    const before = this.crashes;
    const isNoticed = target === undefined ? await this.strikeThreads(drill) : await this.strikeClosure(target, drill);
    if (isNoticed) {
      const limitMs = target === undefined ? NOTICED_MS_MAX / 10 : NOTICED_MS_MAX;
      const crashes = before + (kind === 'throwOften' ? THROW_OFTEN_CRASHES : 1);
      const isHeard = await this.until(() => this.crashes >= crashes, limitMs);
      // Nobody can say how often it is tried in a batch before it is tried alone: it fails until its supervisor has been told.
      if (kind === 'throwOften' && target !== undefined) this.orders.release(target);
      if (isHeard) await this.comeBack(until);
      // All actors of a thread may have moved away while it was struck.
      else if (!this.over && target !== undefined)
        this.violations.add('other', `nobody noticed '${describeDrill(drill)}'`);
    }
    // The order's tuple is free before the next one is given.
    if (target !== undefined && LASTING.has(kind)) await this.bury(target, drill);
    else if (target !== undefined) this.orders.release(target);
    if (pauseMs > 0) await sleep(pauseMs);
  }

  /** Returns true if a crash must follow. */
  private async strikeThreads({ kind, choice }: Drill): Promise<boolean> {
    const state = kind === 'terminateSpare' ? 'spare' : 'active';
    const workers = this.job
      .workers()
      .filter((worker) => worker.state === state && (state === 'spare' || worker.actors.length > 0));
    if (workers.length === 0) return false;
    const first = Math.floor(choice * workers.length);
    const hit = workers.filter((_, i) => i === first || kind === 'terminateTwo');
    count(this.kills, kind);
    await Promise.all(hit.map(({ worker }) => this.terminate(worker)));
    return state === 'active';
  }

  private async strikeClosure(target: Target, drill: Drill): Promise<boolean> {
    const kind = drill.kind as Order;
    const { orders } = this;
    if (LASTING.has(kind) && orders.graves(target) === 0) return false;
    orders.place(target, kind, drill.when);
    const doubled = drill.doubled && (await this.strikeThreads({ ...drill, kind: 'terminate' }));
    const taken = await this.until(() => orders.victim(target) !== undefined, TAKEN_MS_MAX, 1);
    if (!taken && orders.withdraw(target)) {
      this.untaken++;
      return doubled;
    }
    count(this.kills, kind);
    const victim = orders.victim(target);
    if (kind === 'throw' && victim !== undefined) this.victims.failsOnce(target, victim);
    // What fails once is tried again in the same actor.
    return doubled || (kind !== 'poison' && kind !== 'throw');
  }

  private async bury(target: Target, drill: Drill): Promise<void> {
    const isBuried = await this.victims.burial(target, BURIED_MS_MAX, () => this.over);
    if (!isBuried) {
      const id = this.orders.lastingVictim(target);
      this.violations.add(
        'other',
        `the dead letter of ${id} at '${target}' did not come, after '${describeDrill(drill)}'`,
      );
      this.orders.release(target);
    }
  }

  /** Waits until what has died runs again, as far as the next drill wants to wait. */
  private async comeBack(until: Comeback): Promise<void> {
    if (until === 'crash') return;
    const isBack = await this.until(() => [...this.away].every((name) => this.isDormant(name)), BACK_MS_MAX);
    if (!isBack && !this.over) this.violations.add('other', `${[...this.away].join(', ')} did not come back`);
    if (until === 'recovered') await this.until(() => this.uncommitted.size === 0, RECOVERED_MS_MAX);
  }

  /** True of a replica that has given its key groups away: it does not come back after a crash. */
  private isDormant(name: string): boolean {
    const [operator, replica] = name.split('/');
    const found = this.job.reading().operators.find(({ name }) => name === operator);
    return found?.replicas[Number(replica)].state === 'dormant';
  }

  private async terminate(worker: number): Promise<void> {
    try {
      await this.job.killWorker(worker);
    } catch (error) {
      // It has died meanwhile.
      if ((error as MillraceError).code !== 'UNKNOWN_NAME') throw error;
    }
  }

  /** Ends the stream, and goes on killing until the job is done. */
  async end(order: Order, seed: number): Promise<void> {
    const random = new Random(seed);
    this.orders.place('countEnd', order, random.chance(0.5) ? When.before : When.after);
    const stopped = this.job.stop();
    void stopped.catch(() => {});
    for (let kill = 0; kill < LAST_KILLS_MAX && !this.over; kill++) {
      await sleep(random.below(LAST_PAUSE_MS_MAX));
      const workers = this.job.workers().filter(({ state, actors }) => state === 'active' && actors.length > 0);
      if (this.over || workers.length === 0) break;
      count(this.kills, 'atTheEnd');
      await this.terminate(random.pick(workers).worker);
    }
    await stopped;
    if (this.orders.victim('countEnd') !== undefined) count(this.kills, order);
    this.orders.release('countEnd');
  }

  /** True when a condition holds, false if it does not within a limit; looks at each event, and every so often. */
  private async until(condition: () => boolean, limitMs: number, everyMs = 20): Promise<boolean> {
    for (let leftMs = limitMs; !condition(); ) {
      if (this.over || leftMs <= 0) return condition();
      leftMs -= await waking(everyMs, (wake) => {
        this.wake = wake;
      });
    }
    return true;
  }
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function count<Name>(counts: Map<Name, number>, name: Name): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
