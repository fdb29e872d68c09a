// What a job shows of itself to people and to Prometheus: the servers of the options `ui` and `metrics`.
// Promises: listens before anything of the job runs, so that a port in use fails the start; ports are free when the job has ended.

import type { SystemHandle } from '../../flow/bridge.ts';
import { JobReporter } from '../inspect/job-report.ts';
import { Feed } from './feed.ts';
import { EventCounts } from './metrics/event-counts.ts';
import { Exposition } from './metrics/exposition.ts';
import type { CheckedAddress, CheckedUi } from './page-options.ts';
import { PageServer } from './server.ts';
import type { WatchedJob } from './watched-job.ts';

/** Where a job is to be seen. */
export interface JobUrls {
  /** Of the page. */
  readonly ui?: string;
  /** For Prometheus. */
  readonly metrics?: string;
}

interface PagesOptions {
  readonly ui: CheckedUi | undefined;
  readonly metrics: CheckedAddress | undefined;
  readonly system: SystemHandle | undefined;
}

export class Pages {
  readonly #options: PagesOptions;
  readonly #ui: PageServer | undefined;
  readonly #metrics: PageServer | undefined;

  private constructor(options: PagesOptions, ui: PageServer | undefined, metrics: PageServer | undefined) {
    this.#options = options;
    this.#ui = ui;
    this.#metrics = metrics;
  }

  /** @throws MillraceError LISTEN_FAILED, and nothing is listened on then */
  static async open(options: PagesOptions): Promise<Pages> {
    const ui = options.ui && (await PageServer.listen(options.ui, 'ui'));
    try {
      const metrics = options.metrics && (await PageServer.listen(options.metrics, 'metrics'));
      return new Pages(options, ui, metrics);
    } catch (error) {
      ui?.close();
      throw error;
    }
  }

  get urls(): JobUrls {
    const metrics = this.#metrics ?? this.#ui;
    return {
      ...(this.#ui !== undefined && { ui: `${this.#ui.url}/` }),
      ...(metrics !== undefined && { metrics: `${metrics.url}/metrics` }),
    };
  }

  /** Watches a job that is about to start; returns what begins to answer requests when it has. */
  async watch(job: WatchedJob, run: string): Promise<() => void> {
    const { ui, system } = this.#options;
    const counts = new EventCounts();
    const exposition = await Exposition.of(job, counts);
    const reporter = new JobReporter(job, run);
    const feed = ui && new Feed(job, { system, canAct: ui.token !== undefined, showsState: ui.state });
    job.on('*', (event) => {
      counts.hear(event);
      if (event.type === 'ended') this.close();
    });
    return () => {
      this.#ui?.serve({ job, exposition, reporter, feed });
      this.#metrics?.serve({ job, exposition, reporter, feed: undefined });
    };
  }

  close(): void {
    this.#ui?.close();
    this.#metrics?.close();
  }
}
