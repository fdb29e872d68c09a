// Starts the replicas of a new job on its workers: makes them, opens their sources and sinks, lets them step.
// Promises: whatever takes too long, or cannot be opened, is told by name; a worker that dies before anything has run fails the start.

import { FIRST_START } from '../../actors/actor-descriptor.ts';
import { errors } from '../../errors.ts';
import { stageName } from '../../flow/plan.ts';
import type { Patience } from '../../workers/patience.ts';
import { type CallOutcome, outcomeOf } from '../../workers/remote-calls.ts';
import type { JobContext } from '../job-context.ts';
import type { Replica } from '../replicas/replica.ts';
import type { JobWorker } from '../workers/job-worker.ts';

export class JobStart {
  readonly #job: JobContext;
  readonly #patience: Patience;

  constructor(job: JobContext, patience: Patience) {
    this.#job = job;
    this.#patience = patience;
  }

  /** Makes the replicas on their workers. The hosts of a new job are numbered from 0, as the deployment has placed them. */
  async deploy(workers: readonly JobWorker[]): Promise<void> {
    const { roster, settings } = this.#job;
    await Promise.all(
      workers.map(async (worker) => {
        const mine = roster.replicas.filter(({ firstHost }) => firstHost === worker.host);
        for (const replica of mine) replica.hostOn(worker);
        for (const replicas of apart(mine, ({ opensSource }) => opensSource)) {
          const orders = replicas.map(({ descriptor }) => ({ descriptor, resumption: FIRST_START }));
          const outcome = await this.#opened(worker, replicas, worker.hired.control.deploy(orders, settings));
          // Nothing has run yet: what keeps a worker from starting is not worth a second try.
          if (outcome.kind === 'gone') {
            const names = mine.map(({ text }) => text);
            throw errors.workerDied(worker.host, names, outcome.cause);
          }
          if (outcome.kind === 'failed') throw outcome.error;
        }
      }),
    );
  }

  /** How a call ends in which replicas open their sources. Rejects if that takes too long. */
  #opened({ host }: JobWorker, replicas: readonly Replica[], call: Promise<unknown>): Promise<CallOutcome> {
    if (!replicas.some(({ opensSource }) => opensSource)) return outcomeOf(call);
    const names = replicas.map(({ stage }) => stageName(stage));
    return this.#patience.await(outcomeOf(call), {
      what: `open() of source ${names.map((name) => `'${name}'`).join(' or ')} on worker ${host}`,
      failure: () => errors.openTimeout('source', names, host, this.#patience.limitMs),
    });
  }

  /** Lets all workers open their sinks, and begin; returns why one has not. What dies or fails there is recovery's matter. */
  async begin(): Promise<unknown> {
    const failures = await Promise.all(this.#job.workers.active().map((worker) => this.#beginOn(worker)));
    return failures.find((error) => error !== undefined);
  }

  async #beginOn(worker: JobWorker): Promise<unknown> {
    const sinks = this.#job.roster
      .hostedBy(worker)
      .flatMap(({ stage }) => stage.operators.filter(({ sink }) => sink !== undefined))
      .map(({ name }) => name);
    const { limitMs } = this.#patience;
    const started = outcomeOf(worker.hired.control.start());
    if (sinks.length === 0) return undefined;
    // It answers before its first step, which may take long, or end the worker.
    const outcome = await this.#patience
      .await(started, {
        what: `open() of sink ${sinks.map((name) => `'${name}'`).join(' or ')} on worker ${worker.host}`,
        failure: () => errors.openTimeout('sink', sinks, worker.host, limitMs),
      })
      .catch((error: unknown) => error);
    return outcome instanceof Error ? outcome : undefined;
  }
}

/** Parts of a list, in its order: each one that is `alone` by itself, those between them together. */
function apart<Item>(items: readonly Item[], alone: (item: Item) => boolean): Item[][] {
  const parts: Item[][] = [];
  let isOpen = false;
  for (const item of items) {
    if (isOpen && !alone(item)) parts[parts.length - 1].push(item);
    else parts.push([item]);
    isOpen = !alone(item);
  }
  return parts;
}
