// Elasticity: reads the graph's vitals on a timer, has a policy decide, announces each decision, and acts on it.
// Promises: nothing is decided while a change is made, nor by what was measured during it; in mode 'plan' nothing is changed. No
// timer is left after stop().
// Relies on: policies are pure (decide.ts); hand-overs come one after the other and end, whatever happens (hand-overs.ts).

import type { Cancel } from '../../../platform/clock.ts';
import type { JobContext } from '../../job-context.ts';
import type { JobReader } from '../../readings/job-reader.ts';
import type { GroupLoads } from '../group-loads.ts';
import { decide, settled } from './decide.ts';
import { type Decision, NO_MEMORY, type PolicyMemory } from './decision.ts';
import { Reporter } from './reporter.ts';
import type { CheckedScaling } from './scaling-options.ts';

/** What decisions act by. */
export interface Changes {
  scale(operator: string, replicas: number): Promise<unknown>;
  rebalance(operator: string): Promise<unknown>;
  move(operator: string, replica: number, worker: number): Promise<unknown>;
}

export class Elasticity {
  private readonly job: JobContext;
  private readonly changes: Changes;
  private readonly reader: JobReader;
  private readonly reporter: Reporter;
  private readonly loads: GroupLoads;
  private readonly options: CheckedScaling;
  private cancel: Cancel | undefined;
  private memory: PolicyMemory = NO_MEMORY;
  private isActing = false;
  /** What was planned of each operator, and when: a plan that nobody carries out is not told at each report. */
  private readonly planned = new Map<string, { readonly what: string; readonly atMs: number }>();

  constructor(job: JobContext, changes: Changes, reader: JobReader, loads: GroupLoads) {
    this.job = job;
    this.changes = changes;
    this.reader = reader;
    this.reporter = new Reporter(job, loads);
    this.loads = loads;
    this.options = job.options.scaling;
  }

  start(): void {
    this.reporter.restart(this.reader.read());
    this.cancel = this.job.clock.every(this.options.everyMs, () => this.report());
  }

  stop(): void {
    this.cancel?.();
  }

  private report(): void {
    // Also under the policy 'manual': job.scale and job.rebalance spread by recent load.
    const reading = this.reader.read();
    this.loads.take(reading);
    const { policy } = this.options;
    if (policy === 'manual' || this.isActing || this.job.isOver()) return;
    const report = this.reporter.take(reading);
    if (report === undefined) return;
    const { decisions, memory } = decide(report, this.memory, { ...this.options, policy });
    this.memory = memory;
    if (this.options.mode === 'plan') this.plan(decisions, report.atMs);
    else if (decisions.length > 0) void this.act(decisions, report.atMs);
  }

  private plan(decisions: readonly Decision[], nowMs: number): void {
    for (const decision of decisions) {
      const what = `${decision.action} ${decision.to}`;
      const before = this.planned.get(decision.operator);
      if (before?.what === what && nowMs - before.atMs < this.options.cooldownMs) continue;
      this.planned.set(decision.operator, { what, atMs: nowMs });
      this.announce(decision);
    }
  }

  private async act(decisions: readonly Decision[], decidedAtMs: number): Promise<void> {
    this.isActing = true;
    for (const decision of decisions) this.announce(decision);
    for (const decision of decisions) {
      if (this.job.isOver()) break;
      try {
        await this.carryOut(decision);
      } catch (error) {
        if (this.job.isOver()) break;
        // A replica may have gone meanwhile, or no worker could be had: what is still needed is decided again.
        const reason = `could not ${decision.action} '${decision.operator}': ${(error as Error).message}`;
        this.announce({ ...decision, action: 'report', to: decision.from, reason });
      }
    }
    this.reporter.restart(this.reader.read());
    this.memory = settled(this.memory, decidedAtMs, this.job.clock.now());
    this.isActing = false;
  }

  private async carryOut({ action, operator, replica, to }: Decision): Promise<void> {
    if (action === 'scale') await this.changes.scale(operator, to);
    else if (action === 'rebalance') await this.changes.rebalance(operator);
    else if (action === 'move' && replica !== undefined) await this.changes.move(operator, replica, to);
  }

  private announce(decision: Decision): void {
    this.job.announce({ type: 'decision', mode: this.options.mode, ...decision });
  }
}
