// Metrics of a whole run, from samples: metrics() tells rates and shares of the span since it was last asked.
// Relies on: every sample of the job is added, the last one after the job has ended.

import type { JobMetrics, OperatorMetrics, ReplicaMetrics } from '../supervisor/job/job-api.ts';

interface Times {
  busyMs: number;
  blockedMs: number;
}

export class RunTotals {
  readonly #times = new Map<string, Times>();
  #last: JobMetrics = { elapsedMs: 0, stalled: undefined, operators: [] };

  add(metrics: JobMetrics): void {
    const spanMs = metrics.elapsedMs - this.#last.elapsedMs;
    for (const { name, replicas } of metrics.operators) {
      for (const { replica, busy, blocked } of replicas) {
        const times = this.#timesOf(name, replica);
        times.busyMs += busy * spanMs;
        times.blockedMs += blocked * spanMs;
      }
    }
    this.#last = metrics;
  }

  /** Rates and shares as means over the run. */
  get(): JobMetrics {
    const { elapsedMs, stalled, operators } = this.#last;
    return { elapsedMs, stalled, operators: operators.map((operator) => this.#operatorMeans(operator, elapsedMs)) };
  }

  #timesOf(name: string, replica: number): Times {
    const key = `${replica}/${name}`;
    let times = this.#times.get(key);
    if (times === undefined) {
      times = { busyMs: 0, blockedMs: 0 };
      this.#times.set(key, times);
    }
    return times;
  }

  #operatorMeans(operator: OperatorMetrics, elapsedMs: number): OperatorMetrics {
    const replicas = operator.replicas.map((replica) => this.#replicaMeans(operator.name, replica, elapsedMs));
    return {
      ...operator,
      rateIn: replicas.reduce((sum, { rateIn }) => sum + rateIn, 0),
      rateOut: replicas.reduce((sum, { rateOut }) => sum + rateOut, 0),
      busy: Math.max(...replicas.map(({ busy }) => busy)),
      blocked: Math.max(...replicas.map(({ blocked }) => blocked)),
      idle: Math.min(...replicas.map(({ idle }) => idle)),
      replicas,
    };
  }

  #replicaMeans(operator: string, replica: ReplicaMetrics, elapsedMs: number): ReplicaMetrics {
    const { busyMs, blockedMs } = this.#timesOf(operator, replica.replica);
    const busy = Math.min(1, busyMs / elapsedMs);
    const blocked = Math.min(1 - busy, blockedMs / elapsedMs);
    return {
      ...replica,
      rateIn: (replica.tuplesIn * 1000) / elapsedMs,
      rateOut: (replica.tuplesOut * 1000) / elapsedMs,
      busy,
      blocked,
      idle: 1 - busy - blocked,
    };
  }
}
