// simulateSystem(): a system of actors under the scheduler of simulate(), with workers that die at any step, and key groups that move.
// Promises: all that simulate() does; system, mail and actors are those that run on threads.
// Relies on: handlers that await nothing but answers, since time outside is not simulated. Threads share what they have loaded, so
// modules are there already.

import { checkOptions } from '../options/check.ts';
import { sleep } from '../platform/clock.ts';
import type { Job } from '../supervisor/job/job-api.ts';
import { type ActorSystem, RunningSystem, systemParams } from '../system/app/actor-system.ts';
import { logRules } from '../system/app/logger.ts';
import { systemFlow } from '../system/system-flow.ts';
import { SYSTEM_OPTIONS, type SystemOptions } from '../system/system-options.ts';
import { Random } from './random.ts';
import { type Simulated, simulateWith } from './simulate.ts';
import { checkSimulateOptions, type SimulateOptions } from './simulate-options.ts';
import { CrashPlan } from './simulation/crash-plan.ts';

/** As simulate()'s: crashes are drawn from numbers of their own. */
const PLAN = 0x5eed;

export interface SimulateSystemOptions
  extends Omit<SimulateOptions, 'params' | 'inputs' | 'app' | 'lingerMs' | 'supervision'>,
    Pick<SystemOptions, 'supervision' | 'handlerTimeoutMs'> {
  /** True to stop the system at the end, false to have its threads end at once. */
  readonly stops: boolean;
  /** What the app does. */
  readonly app: (system: ActorSystem, sleep: (ms: number) => Promise<void>) => Promise<void>;
}

/** @throws MillraceError SIMULATION_FAILED */
export function simulateSystem(options: SimulateSystemOptions): Promise<Simulated> {
  const { app, stops, supervision, handlerTimeoutMs, ...given } = options;
  const { run, ...checked } = checkSimulateOptions({ ...given, lingerMs: 0 });
  const rules = checkOptions('simulateSystem()', SYSTEM_OPTIONS, { supervision, handlerTimeoutMs });
  const { workers = 1, ringBytes = rules.ringBytes } = run;
  const system = 1 + (checked.seed % 1_000_000);
  const params = systemParams(
    workers,
    ringBytes,
    { ...rules, log: logRules(false, 'error') },
    rules.startTimeoutMs,
    system,
  );
  const plan = new CrashPlan(new Random(checked.seed ^ PLAN), checked.crashes);
  return simulateWith(
    systemFlow,
    { ...checked, run: { ...run, params } },
    async (job, clock) => {
      const running = new RunningSystem(job as unknown as Job, params, false, false, clock);
      await app(running, (ms) => sleep(clock, ms));
      if (stops) await running.stop({ timeoutMs: 86_400_000 });
      else await job.cancel('the app has come to its end');
    },
    plan,
  );
}
