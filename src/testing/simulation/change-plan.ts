// What an app changes while a simulated job runs: replicas of elastic operators, their key groups, workers of actors.
// Promises: depends on the seed alone; asks for nothing that a job refuses; several changes may be asked for at once. No turn of
// a worker, no change: a job that stands still is not set going by one.

import type { OperatorNode } from '../../flow/graph.ts';
import { KEY_GROUPS } from '../../mailbox/hash.ts';
import type { RunningJob } from '../../supervisor/job/running-job.ts';
import type { Random } from '../random.ts';
import type { Scheduler } from './scheduler.ts';
import type { SimulatedApp } from './simulated-app.ts';

export interface ChangeOptions {
  /** Chance that a turn of a worker is followed by a change. */
  readonly rate: number;
  /** Most changes of a run. */
  readonly most: number;
}

const DELAY_MS_MAX = 3;
const WEIGHTS = { scale: 6, rebalance: 4, move: 2 };
/** Chance that what follows upon a change is a dangerous time. */
const STIR_CHANCE = 0.5;
const LOAD_MAX = 100;

export class ChangePlan {
  /** Changes that were asked for. */
  changes = 0;
  private readonly scheduler: Scheduler;
  private readonly app: SimulatedApp;
  private readonly random: Random;
  private readonly options: ChangeOptions;
  /** Told of changes at which crashes are most welcome. */
  private readonly stir: (nowMs: number) => void;
  private readonly open = new Map<Promise<unknown>, string>();
  private job: RunningJob | undefined;
  private several: readonly OperatorNode[] = [];
  /** Replicas that each operator was last asked to have. */
  private readonly wanted = new Map<string, number>();

  constructor(
    scheduler: Scheduler,
    app: SimulatedApp,
    random: Random,
    options: ChangeOptions,
    stir: (nowMs: number) => void,
  ) {
    this.scheduler = scheduler;
    this.app = app;
    this.random = random;
    this.options = options;
    this.stir = stir;
  }

  /** From now on changes come: the job has started. */
  arm(job: RunningJob, operators: readonly OperatorNode[]): void {
    this.job = job;
    this.several = operators.filter(({ replicas }) => replicas.max > 1);
  }

  /** Asked after each turn of a worker. */
  turned(): void {
    const { random, scheduler, app, options } = this;
    if (this.job === undefined || this.changes >= options.most || !random.chance(options.rate)) return;
    this.changes++;
    scheduler.post(app, random.next() * DELAY_MS_MAX, 'asks for a change', () => this.ask());
  }

  /** Resolves when all that was asked for has been answered; rejects if something was refused. */
  async settled(): Promise<void> {
    while (this.open.size > 0) await Promise.all(this.open.keys());
  }

  /** What has been asked for and not been answered. */
  unsettled(): string[] {
    return [...this.open.values()];
  }

  private ask(): void {
    const { random, scheduler, several } = this;
    const kind = random.weighted(several.length === 0 ? { move: 1 } : WEIGHTS);
    const change = kind === 'move' ? this.move() : this.spread(kind);
    if (change === undefined) return;
    const { text, answer } = change;
    scheduler.trace.add(scheduler.nowMs, 'app', text);
    if (random.chance(STIR_CHANCE)) this.stir(scheduler.nowMs);
    this.open.set(answer, text);
    const settle = (outcome: string): void => {
      scheduler.trace.add(scheduler.nowMs, 'app', `${text}: ${outcome}`);
    };
    answer.then(
      () => {
        this.open.delete(answer);
        settle('done');
      },
      // It stays with the others: whoever waits for them hears of it.
      (error: Error) => settle(error.message),
    );
  }

  private spread(kind: 'scale' | 'rebalance'): Change {
    const { random } = this;
    const { name, replicas, parallelism } = random.pick(this.several);
    const job = this.job as RunningJob;
    if (kind === 'rebalance') {
      const loads = Array.from({ length: KEY_GROUPS }, () => random.below(LOAD_MAX));
      return { text: `rebalance '${name}'`, answer: job.rebalance(name, loads) };
    }
    // One as well as another, but for what it was last asked for.
    const last = this.wanted.get(name) ?? parallelism;
    const others = replicas.max - replicas.min;
    const drawn = replicas.min + random.below(Math.max(1, others));
    const wanted = others > 0 && drawn >= last ? drawn + 1 : drawn;
    this.wanted.set(name, wanted);
    return { text: `scale '${name}' to ${wanted}`, answer: job.scale(name, wanted) };
  }

  private move(): Change | undefined {
    const { random } = this;
    const job = this.job as RunningJob;
    const workers = job.workers().filter(({ state }) => state === 'active');
    const actors = workers.flatMap(({ actors }) => actors);
    if (actors.length === 0) return undefined;
    const { operator, replica } = random.pick(actors);
    const { worker } = random.pick(workers);
    const text = `move '${operator}/${replica}' to worker ${worker}`;
    return { text, answer: job.move(operator, replica, worker) };
  }
}

interface Change {
  readonly text: string;
  readonly answer: Promise<unknown>;
}
