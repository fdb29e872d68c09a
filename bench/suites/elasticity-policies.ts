// How the policy `rate` answers load that steps, swings and ramps, at an operator that waits for a service: so that the number of
// replicas that is right does not depend on the machine's processors.

import { setTimeout as sleep } from 'node:timers/promises';
import type { ScalingOptions } from '../../src/index.ts';
import type { By, Effort } from '../effort.ts';
import { waitingFlow } from '../flows/elasticity.ts';
import type { Measurement, Trace } from '../harness.ts';
import { quantile } from '../statistics.ts';
import { epochMs, gather, result, workSince } from './elastic-job.ts';
import { drain } from './elasticity-replicas.ts';

const WAIT_MS = 2;
const REPLICAS = 12;
const UTILISATION = 0.8;
const PUSH_EVERY_MS = 4;
const WATCH_EVERY_MS = 100;

const STEPS_EVERY_MS: By<number> = { quick: 100, usual: 500, full: 500 };
/**
 * Tuples per second for each step: work for 2.2 to 2.4, 4.2 to 4.5 and 8 to 8.5 replicas, as a wait of 2 ms takes up to 2.1.
 * Where the work is a whole number of replicas, which number is right would be chance.
 */
const STEPS: By<readonly number[]> = { quick: [900], usual: [900, 1700, 3250], full: [900, 1700, 3250] };

/** How long a load takes, and how the policy is set meanwhile. */
interface Course {
  readonly totalMs: number;
  readonly everyMs: number;
  readonly cooldownMs: number;
}

const SWING_MS: By<number> = { quick: 1500, usual: 20_000, full: 20_000 };
const OSCILLATION: By<Course> = {
  quick: { totalMs: 3000, everyMs: 50, cooldownMs: 150 },
  usual: { totalMs: 20_000, everyMs: 500, cooldownMs: 5000 },
  full: { totalMs: 60_000, everyMs: 500, cooldownMs: 5000 },
};
const RAMP_COURSE: By<Course> = {
  quick: { totalMs: 2500, everyMs: 50, cooldownMs: 200 },
  usual: { totalMs: 20_000, everyMs: 250, cooldownMs: 1500 },
  full: { totalMs: 40_000, everyMs: 500, cooldownMs: 3000 },
};

type Waiting = Awaited<ReturnType<typeof waitingFlow.run>>;

interface Watched {
  readonly atMs: number;
  readonly rate: number;
  readonly replicas: number;
  readonly utilisation: number;
}

/** A job whose input follows a rate over time. */
class DrivenJob {
  readonly job: Waiting;
  readonly latencies: { readonly atMs: number; readonly latencyMs: number }[] = [];
  readonly watched: Watched[] = [];
  readonly startedMs = epochMs();
  /** Tuples per second. */
  rate = 0;
  private readonly timers: NodeJS.Timeout[];
  private readonly reading: Promise<void>;

  private constructor(job: Waiting) {
    this.job = job;
    const input = job.input('source');
    let key = 0;
    let due = 0;
    let lastMs = epochMs();
    const push = (): void => {
      const nowMs = epochMs();
      due += ((nowMs - lastMs) * this.rate) / 1000;
      lastMs = nowMs;
      for (; due >= 1; due--) void input.push({ key: key++, madeAtMs: nowMs });
    };
    let before = job.reading();
    const watch = (): void => {
      const { replicas, busy } = workSince(before, job);
      before = job.reading();
      const atMs = epochMs() - this.startedMs;
      this.watched.push({ atMs, rate: this.rate, replicas: replicas.length, utilisation: 100 * busy });
    };
    this.timers = [setInterval(push, PUSH_EVERY_MS), setInterval(watch, WATCH_EVERY_MS)];
    this.reading = drain(job.output('answers'), (madeAtMs) => {
      const nowMs = epochMs();
      this.latencies.push({ atMs: nowMs - this.startedMs, latencyMs: nowMs - madeAtMs });
    });
  }

  static async start(scaling: ScalingOptions): Promise<DrivenJob> {
    const params = { waitMs: WAIT_MS, max: REPLICAS };
    return new DrivenJob(await waitingFlow.run({ params, workers: 2, maxWorkers: REPLICAS + 2, spares: 2, scaling }));
  }

  async end(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    await this.job.cancel();
    await this.reading;
  }
}

export function stepsRate(effort: Effort): Measurement {
  const everyMs = STEPS_EVERY_MS[effort];
  const rates = STEPS[effort];
  return {
    async measure(progress) {
      const driven = await DrivenJob.start({ policy: 'rate', everyMs, cooldownMs: 60_000, utilisation: UTILISATION });
      const decisions = gather(driven.job, 'decision');
      driven.rate = 200;
      await sleep(4 * everyMs);
      const counts: number[] = [];
      let right = 0;
      for (const rate of rates) {
        const from = decisions.length;
        driven.rate = rate;
        await sleep(11 * everyMs);
        const before = driven.job.reading();
        await sleep(everyMs);
        const own = decisions.slice(from).filter(({ action }) => action === 'scale');
        counts.push(own.length);
        const { replicas, rateIn } = workSince(before, driven.job);
        const secondsPerTuple = replicas.reduce((sum, { busy }) => sum + busy, 0) / rateIn;
        const needed = Math.ceil((rate * secondsPerTuple) / UTILISATION);
        if (replicas.length === needed) right++;
        const path = own.map(({ from, to }) => `${from} to ${to}`).join(', ');
        progress(`${rate} tuples/s: ${path || 'no change'}; ${replicas.length} replicas, ${needed} needed`);
      }
      await driven.end();
      return [
        result('steps-rate', 'decisions', counts, '1'),
        result('steps-rate-right', `of ${rates.length} steps`, [right], String(rates.length)),
      ];
    },
  };
}

export function oscillation(effort: Effort): Measurement {
  const { totalMs, everyMs, cooldownMs } = OSCILLATION[effort];
  const periodMs = SWING_MS[effort];
  return {
    async measure(progress) {
      const driven = await DrivenJob.start({ policy: 'rate', everyMs, cooldownMs, utilisation: UTILISATION });
      const changes: { atMs: number; from: number; to: number }[] = [];
      driven.job.on('scaled', ({ atMs, from, to }) => {
        if (from !== to) changes.push({ atMs: atMs - driven.startedMs, from, to });
      });
      while (epochMs() - driven.startedMs < totalMs) {
        const phase = (2 * Math.PI * (epochMs() - driven.startedMs)) / periodMs;
        driven.rate = 1300 - 1000 * Math.cos(phase);
        await sleep(20);
      }
      await driven.end();
      const flaps = changes.filter(
        ({ atMs, from, to }, i) =>
          i > 0 && to > from !== changes[i - 1].to > changes[i - 1].from && atMs - changes[i - 1].atMs < cooldownMs / 2,
      );
      const path = changes.map(({ atMs, to }) => `${(atMs / 1000).toFixed(1)} s ${to}`).join(', ');
      progress(`${totalMs / periodMs} periods: ${path}`);
      return [
        result('oscillation', 'changes', [changes.length], 'reported'),
        result('oscillation-flaps', 'changes', [flaps.length], '0'),
      ];
    },
  };
}

/** Low, a ramp up, high, a ramp down, low: shares of the whole, and the rate at the end of each. */
const RAMP: readonly { readonly until: number; readonly rate: number }[] = [
  { until: 0.1, rate: 300 },
  { until: 0.4, rate: 3000 },
  { until: 0.55, rate: 3000 },
  { until: 0.75, rate: 300 },
  { until: 1, rate: 300 },
];

function rampRate(share: number): number {
  let from = 0;
  let before = RAMP[0].rate;
  for (const { until, rate } of RAMP) {
    if (share <= until) return before + ((rate - before) * (share - from)) / (until - from);
    from = until;
    before = rate;
  }
  return before;
}

export function ramp(effort: Effort): Measurement {
  const { totalMs, everyMs, cooldownMs } = RAMP_COURSE[effort];
  return {
    async measure(progress) {
      const driven = await DrivenJob.start({ policy: 'rate', everyMs, cooldownMs, utilisation: UTILISATION });
      const events: { x: number; label: string }[] = [];
      driven.job.on('scaled', ({ atMs, from, to }) => {
        if (from !== to) events.push({ x: (atMs - driven.startedMs) / 1000, label: `${from} → ${to}` });
      });
      for (let share = 0; share < 1; share = (epochMs() - driven.startedMs) / totalMs) {
        driven.rate = rampRate(share);
        await sleep(20);
      }
      await driven.end();
      const { watched, latencies } = driven;
      progress(`replicas ${watched.map(({ replicas }) => replicas).join('')}`);
      const p99Ms = quantile(
        latencies.map(({ latencyMs }) => latencyMs),
        0.99,
      );
      const most = Math.max(...watched.map(({ replicas }) => replicas));
      return [
        { ...result('ramp-p99', 'ms', [p99Ms]), trace: rampTrace(driven, events) },
        result('ramp-replicas-max', 'replicas', [most]),
        result('ramp-replicas-end', 'replicas', [watched[watched.length - 1].replicas]),
      ];
    },
  };
}

const PLOT_SLOT_MS = 500;

function rampTrace({ watched, latencies }: DrivenJob, events: Trace['events']): Trace {
  const slots = new Map<number, number[]>();
  for (const { atMs, latencyMs } of latencies) {
    const slot = Math.floor(atMs / PLOT_SLOT_MS);
    const values = slots.get(slot);
    if (values === undefined) slots.set(slot, [latencyMs]);
    else values.push(latencyMs);
  }
  const over = (name: 'rate' | 'replicas' | 'utilisation'): { x: number; y: number }[] =>
    watched.map((each) => ({ x: each.atMs / 1000, y: each[name] }));
  return {
    series: {
      rate: over('rate'),
      replicas: over('replicas'),
      utilisation: over('utilisation'),
      p99: [...slots]
        .sort(([a], [b]) => a - b)
        .map(([slot, values]) => ({ x: ((slot + 0.5) * PLOT_SLOT_MS) / 1000, y: quantile(values, 0.99) })),
    },
    events,
  };
}
