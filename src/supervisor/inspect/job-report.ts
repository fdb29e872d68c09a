// What is told of a job to whoever attaches to its process: plain data that JSON holds, made when somebody asks.
// Promises: nothing is read unless somebody asks; events are of bounded number and length, and show no password in a URL.

import { type ShownEvent, shownEvent } from '../dashboard/event-text.ts';
import { History } from '../dashboard/history.ts';
import type { WatchedJob } from '../dashboard/watched-job.ts';
import type { WorkerInfo } from '../job/job-api.ts';
import type { JobReading } from '../readings/job-reading.ts';
import type { JobTopology } from '../readings/job-topology.ts';
import type { SupervisionNode } from '../supervision/tree.ts';

const EVENTS_KEPT = 200;

/** An event as it is told. */
export type ToldEvent = ShownEvent & { readonly atMs: number };

/** A job at one moment. */
export interface JobReport {
  readonly pid: number;
  /** Tells the jobs of a process apart. */
  readonly run: string;
  /** The flow's name. */
  readonly job: string;
  readonly reading: JobReading;
  readonly topology: JobTopology;
  readonly workers: readonly WorkerInfo[];
  readonly tree: SupervisionNode;
  /** The latest 200, but for dead letters. */
  readonly events: readonly ToldEvent[];
}

/** Listens to a job from its start on, and reports on it. */
export class JobReporter {
  readonly run: string;
  readonly job: WatchedJob;
  readonly #events = new History<ToldEvent>(EVENTS_KEPT);

  constructor(job: WatchedJob, run: string) {
    this.run = run;
    this.job = job;
    job.on('*', (event) => {
      const shown = shownEvent(event);
      if (shown !== undefined) this.#events.add({ atMs: event.atMs, ...shown });
    });
  }

  report(): JobReport {
    const { job, run } = this;
    return {
      pid: process.pid,
      run,
      job: job.name,
      reading: job.reading(),
      topology: job.topology(),
      workers: job.workers(),
      tree: job.tree(),
      events: this.#events.since(0),
    };
  }
}
