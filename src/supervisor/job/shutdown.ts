// The shutdown of a job's workers: sources and sinks are closed, right to left as OTP's supervisors do.
// Promises: takes no longer than it may; workers that do not answer in time are left to whoever ends the threads.

import { settlesWithin } from '../../platform/clock.ts';
import { outcomeOf } from '../../workers/remote-calls.ts';
import type { JobContext } from '../job-context.ts';
import type { JobWorker } from '../workers/job-worker.ts';

/** One replica that does not stop takes at most this share of the time for the shutdown. */
const SHUTDOWN_SHARES = 4;

/** How long each replica may take to stop. */
export const replicaShutdownMs = (shutdownTimeoutMs: number): number => shutdownTimeoutMs / SHUTDOWN_SHARES;

/** Releases all replicas and shuts all workers down that host some. Resolves when their tasks have ended, or it has taken too long. */
export async function shutDown(job: JobContext): Promise<void> {
  // Spares hold nothing that would have to be closed.
  const workers = job.workers.active();
  const ended = workers.map(({ hired }) => hired.ended.catch(() => {}));
  const orderly = (async () => {
    await releaseReplicas(job);
    for (const { hired } of workers) void outcomeOf(hired.control.shutdown());
    await Promise.all(ended);
  })();
  await settlesWithin(job.clock, orderly, job.options.shutdownTimeoutMs);
}

/** Releases replicas one after the other. A worker that lets one wait too long is not asked again. */
async function releaseReplicas({ clock, supervision }: JobContext): Promise<void> {
  const silent = new Set<JobWorker>();
  for (const { child: replica, shutdownMs } of supervision.shutdownOrder()) {
    const { worker } = replica;
    if (worker === undefined || worker.state === 'lost' || silent.has(worker)) continue;
    const released = outcomeOf(worker.hired.control.release([replica.actor]));
    if (!(await settlesWithin(clock, released, shutdownMs))) silent.add(worker);
  }
}
