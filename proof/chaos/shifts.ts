// Changes who does what while the drills strike: scales, rebalances and moves actors, at random, one change after the other.
// Promises: what was asked for depends on the seed alone, when it happens does not. A change that is not done in time, or that
// fails for another reason than that what it names has gone, is a violation.

import type { Job, MillraceError } from '../../src/index.ts';
import { Random } from '../../src/testing/random.ts';
import type { Violations } from './oracle.ts';

/** A change may wait for workers that come back, and for those that hang. */
const DONE_MS_MAX = 60_000;
const PAUSE_MS_MAX = 30;

/** The operators that change, and how many replicas each may have. */
export const ELASTIC: Readonly<Record<'count' | 'total' | 'summands' | 'sums', number>> = {
  count: 4,
  total: 3,
  summands: 3,
  sums: 3,
};

type Kind = 'scale' | 'rebalance' | 'move';
const WEIGHTS: Readonly<Record<Kind, number>> = { scale: 8, rebalance: 1, move: 4 };

export class Shifts {
  handOvers = 0;
  groups = 0;
  moves = 0;
  /** Changes that were asked for, by kind. */
  readonly asked = new Map<Kind, number>();
  readonly handOversMs: number[] = [];
  private readonly job: Job;
  private readonly violations: Violations;
  private readonly tell: (text: string) => void;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(job: Job, violations: Violations, tell: (text: string) => void) {
    this.job = job;
    this.violations = violations;
    this.tell = tell;
    job.on('handOver', ({ groups, tookMs }) => {
      this.handOvers++;
      this.groups += groups;
      this.handOversMs.push(tookMs);
    });
    job.on('moved', () => {
      this.moves++;
    });
  }

  start(seed: number): void {
    this.running = this.run(new Random(seed ^ 0x5ca1e));
  }

  /** Resolves when the change in work is done. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  private async run(random: Random): Promise<void> {
    while (!this.stopped) {
      const kind = random.weighted(WEIGHTS);
      const operator = random.pick(['count', 'count', 'total', 'summands', 'summands', 'sums'] as const);
      const replicas = 1 + random.below(ELASTIC[operator]);
      const choices = [random.next(), random.next()];
      const pauseMs = random.below(PAUSE_MS_MAX);
      this.asked.set(kind, (this.asked.get(kind) ?? 0) + 1);
      const what = `${kind} ${operator}${kind === 'scale' ? ` to ${replicas}` : ''}`;
      this.tell(what);
      await this.inTime(what, this.change(kind, operator, replicas, choices));
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  private async change(kind: Kind, operator: string, replicas: number, [one, other]: number[]): Promise<void> {
    const { job } = this;
    if (kind === 'scale') await job.scale(operator, replicas);
    else if (kind === 'rebalance') await job.rebalance(operator);
    else {
      const workers = job.workers().filter(({ state }) => state === 'active');
      const actors = workers.flatMap((worker) => worker.actors);
      const actor = actors[Math.floor(one * actors.length)];
      const to = workers[Math.floor(other * workers.length)];
      if (actor !== undefined && to !== undefined) await job.move(actor.operator, actor.replica, to.worker);
    }
  }

  private async inTime(what: string, change: Promise<void>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), DONE_MS_MAX);
    });
    const outcome = await Promise.race([change.catch((error: MillraceError) => error), late]);
    clearTimeout(timer);
    if (outcome === 'late') this.violations.add('other', `'${what}' was not done in ${DONE_MS_MAX} ms`);
    // The replica or the worker has gone meanwhile.
    else if (outcome !== undefined && outcome.code !== 'UNKNOWN_NAME')
      this.violations.add('other', `'${what}' failed: ${outcome}`);
  }
}
