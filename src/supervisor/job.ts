// A running flow: starts workers, deploys actors, hears their reports, and ends in exactly one way: done, failed or cancelled.
// Promises: whatever the outcome, afterwards no thread and no timer of the job is left; a failing job never takes the app's
// process down, and `done` tells why it failed.

import type { FlowReference, WorkerReports } from '../actors/control.ts';
import { buildGraph, type FlowDefinition } from '../actors/dataflow.ts';
import { type Plan, planOf, stageName } from '../actors/plan.ts';
import { type HiredWorker, WorkerPool } from '../actors/pool.ts';
import type { ErrorRecord } from '../errors.ts';
import { errors, fromRecord, toRecord } from '../errors.ts';
import { WakeWords } from '../mailbox/wake.ts';
import { AppHost } from './app-host.ts';
import { type Deployment, deploy } from './deployment.ts';
import type { Job, JobEvent, JobInput, JobMetrics, JobOutput, RunOptions } from './job-api.ts';
import { PushedInput } from './job-input.ts';
import { CollectedOutput } from './job-output.ts';
import { MetricsReader } from './metrics.ts';
import { checkRunOptions } from './run-options.ts';

type Outcome = Extract<JobEvent, { type: 'ended' }>['outcome'];

/** How long a worker may take to close what it holds, before its thread is terminated. */
const SHUTDOWN_MS = 500;

const actorKey = (stage: number, replica: number): string => `${stage}/${replica}`;

/** Errors come over comlink as records; anything else is a fault of the control plane itself. */
function revive(error: unknown): unknown {
  const record = error as Partial<ErrorRecord> | null;
  return typeof record === 'object' && record !== null && 'details' in record && !(error instanceof Error)
    ? fromRecord(record as ErrorRecord)
    : error;
}

function tell(listener: (event: JobEvent) => void, event: JobEvent): void {
  try {
    listener(event);
  } catch (error) {
    // A listener's fault is the app's own, but it must not keep the job from ending.
    queueMicrotask(() => {
      throw error;
    });
  }
}

export class RunningJob implements Job {
  readonly name: string;
  readonly done: Promise<void>;
  private readonly plan: Plan;
  private readonly deployment: Deployment;
  private readonly appHost: AppHost;
  private readonly pool: WorkerPool;
  private readonly outputs = new Map<string, CollectedOutput<unknown>>();
  private readonly inputs = new Map<string, PushedInput<unknown>>();
  private readonly metricsReader: MetricsReader;
  private readonly listeners = new Set<(event: JobEvent) => void>();
  /** Events that nobody has listened to yet: run() resolves after the first of them. */
  private unheard: JobEvent[] = [];
  private readonly running = new Set<string>();
  private workers: HiredWorker[] = [];
  private outcome: Outcome | undefined;
  private resolveDone!: () => void;
  private rejectDone!: (error: unknown) => void;
  private readonly workerCount: number;

  constructor(name: string, plan: Plan, options: RunOptions) {
    const { workers, ...limits } = checkRunOptions(options);
    this.name = name;
    this.plan = plan;
    this.workerCount = workers;
    this.deployment = deploy(plan, workers, limits);
    const wakeWords = new WakeWords(WakeWords.allocate(workers + 1));
    this.appHost = new AppHost(this.deployment.appHost, wakeWords);
    this.done = new Promise((resolve, reject) => {
      this.resolveDone = resolve;
      this.rejectDone = reject;
    });
    // Whoever awaits done or reads an output hears of a failure; nobody's silence may end the process.
    this.done.catch(() => {});
    const counts = new Map<number, () => number>();
    for (const { stage, descriptor, host } of this.deployment.placements) {
      if (host !== this.deployment.appHost) {
        this.running.add(actorKey(descriptor.stage, descriptor.replica));
      } else if (stage.output === undefined) {
        const output = new CollectedOutput(plan, stage, descriptor, this.appHost);
        this.outputs.set(output.name, output);
        counts.set(stage.index, () => output.tuplesRead);
      } else {
        const input = new PushedInput(stage, descriptor, this.appHost, () => this.endIfAllEnded());
        this.inputs.set(input.name, input);
        counts.set(stage.index, () => input.tuplesPushed);
      }
    }
    this.metricsReader = new MetricsReader(plan, this.deployment, counts);
    this.pool = new WorkerPool(workers, wakeWords.buffer);
  }

  /** Starts the workers and the actors. Rejects, with everything taken down again, if that fails. */
  async start(flow: FlowReference, options: RunOptions): Promise<void> {
    const { signal } = options;
    if (signal?.aborted)
      return this.fail(errors.jobCancelled(this.name, signal.reason), 'cancelled').then(() => this.done);
    const abort = (): void => void this.cancel(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    void this.done.catch(() => {}).finally(() => signal?.removeEventListener('abort', abort));
    try {
      this.workers = Array.from({ length: this.workerCount }, (_, host) => this.pool.hire(host, this.reports));
      for (const worker of this.workers) this.watch(worker);
      const { lingerMs } = checkRunOptions(options);
      // Whatever ends the job also ends the wait: a thread that is gone answers no call.
      await Promise.race([this.deployAll(flow, lingerMs), this.done]);
      if (this.outcome !== undefined) return this.done;
    } catch (error) {
      await this.fail(revive(error), 'failed');
      return this.done;
    }
    this.announce({ type: 'started', workers: this.workerCount, actors: this.running.size });
    const started = Promise.all(this.workers.map(({ control }) => control.start()));
    await Promise.race([started, this.done.catch(() => {})]);
    this.endIfAllEnded();
  }

  private async deployAll(flow: FlowReference, lingerMs: number): Promise<void> {
    await Promise.all(this.workers.map(({ control }) => control.load(flow)));
    await Promise.all(
      this.workers.map(({ control, host }) => {
        const mine = this.deployment.placements.filter((placement) => placement.host === host);
        return control.deploy(
          mine.map(({ descriptor }) => descriptor),
          lingerMs,
        );
      }),
    );
  }

  /** Fails the job if a worker's thread dies. */
  private watch(worker: HiredWorker): void {
    worker.ended.catch((cause) => {
      const actors = this.deployment.placements
        .filter(
          ({ host, descriptor }) =>
            host === worker.host && this.running.has(actorKey(descriptor.stage, descriptor.replica)),
        )
        .map(({ stage }) => stageName(stage));
      void this.fail(errors.workerDied(worker.host, actors, cause), 'failed');
    });
  }

  private readonly reports: WorkerReports = {
    ended: (stage, replica) => {
      this.running.delete(actorKey(stage, replica));
      const isLast = ![...this.running].some((key) => key.startsWith(`${stage}/`));
      if (isLast) {
        for (const { name } of this.plan.stages[stage].operators)
          this.announce({ type: 'operatorEnded', operator: name });
      }
      this.endIfAllEnded();
    },
    failed: (_stage, _replica, record) => void this.fail(fromRecord(record), 'failed'),
  };

  private endIfAllEnded(): void {
    // An input may lead straight to an output: then no actor's end tells the end of the job.
    const fed = [...this.inputs.values()].some((input) => !input.isEnded);
    if (this.running.size === 0 && !fed && this.outcome === undefined) void this.finish('done');
  }

  private async finish(outcome: Outcome, error?: unknown): Promise<void> {
    if (this.outcome !== undefined) return;
    this.outcome = outcome;
    if (error !== undefined) {
      for (const output of this.outputs.values()) output.fail(error);
    }
    for (const input of this.inputs.values()) input.close();
    if (outcome !== 'done') this.appHost.close();
    if (error instanceof Error && outcome === 'failed')
      this.announce({ type: 'failed', error, record: toRecord(error) });
    await this.shutDownWorkers();
    await this.pool.close();
    this.metricsReader.freeze();
    this.announce({ type: 'ended', outcome });
    if (error === undefined) this.resolveDone();
    else this.rejectDone(error);
  }

  /** Lets the workers close their sources and sinks. One that does not answer in time is terminated with the pool. */
  private async shutDownWorkers(): Promise<void> {
    const ended = this.workers.map(({ control, ended: task }) => {
      control.shutdown().catch(() => {});
      return task.catch(() => {});
    });
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise((resolve) => {
      timer = setTimeout(resolve, SHUTDOWN_MS);
    });
    await Promise.race([Promise.all(ended), deadline]);
    clearTimeout(timer);
  }

  private fail(error: unknown, outcome: 'failed' | 'cancelled'): Promise<void> {
    return this.finish(outcome, error);
  }

  private announce(event: JobEvent): void {
    if (this.listeners.size === 0) this.unheard.push(event);
    for (const listener of this.listeners) tell(listener, event);
  }

  async stop(): Promise<void> {
    if (this.outcome === undefined) {
      for (const input of this.inputs.values()) input.end();
      await Promise.race([
        Promise.all(this.workers.map(({ control }) => control.stopSources())),
        this.done.catch(() => {}),
      ]);
    }
    await this.done;
  }

  async cancel(reason?: unknown): Promise<void> {
    await this.fail(errors.jobCancelled(this.name, reason), 'cancelled');
    await this.done.catch(() => {});
  }

  output(name: string): JobOutput<unknown> {
    const output = this.outputs.get(name);
    if (output === undefined) throw errors.unknownName('output', name, [...this.outputs.keys()]);
    return output;
  }

  input<Tuple>(name: string): JobInput<Tuple> {
    const input = this.inputs.get(name);
    if (input === undefined) throw errors.unknownName('input', name, [...this.inputs.keys()]);
    return input as JobInput<unknown> as JobInput<Tuple>;
  }

  metrics(): JobMetrics {
    return this.metricsReader.read();
  }

  on(listener: (event: JobEvent) => void): () => void {
    this.listeners.add(listener);
    for (const event of this.unheard.splice(0)) tell(listener, event);
    return () => this.listeners.delete(listener);
  }
}

/** Builds, deploys and starts a flow. */
export async function runFlow<Params>(flow: FlowDefinition<Params>, options: RunOptions<Params>): Promise<RunningJob> {
  checkRunOptions(options);
  const graph = buildGraph(flow, options.params as Params);
  const job = new RunningJob(flow.name, planOf(graph), options);
  await job.start(
    { moduleUrl: flow.moduleUrl, name: flow.name, params: options.params, fingerprint: graph.fingerprint },
    options,
  );
  return job;
}
