// The orderly end of a job's workers: sources and sinks are closed, right to left as OTP's supervisors do.
// Promises: takes no longer than it may; workers that do not answer in time are left to whoever ends the threads.

import { type Clock, settlesWithin } from '../../platform/clock.ts';
import { outcomeOf } from '../../workers/remote-calls.ts';
import type { Crew, CrewMember } from '../recovery/crew.ts';
import type { Recoverable } from '../recovery/recovery.ts';
import type { JobSupervision } from '../supervision.ts';

/** One worker that does not answer takes at most this share of the time for an orderly end. */
const SHUTDOWN_SHARES = 4;

/** What an orderly end needs of the job. */
export interface EndingJob {
  readonly clock: Clock;
  readonly crew: Crew;
  readonly actors: readonly Recoverable[];
  readonly supervision: JobSupervision;
  readonly shutdownTimeoutMs: number;
}

/** Releases all actors and shuts all workers down that host some. Resolves when their tasks have ended, or it has taken too long. */
export async function endWorkers(job: EndingJob): Promise<void> {
  // Spares hold nothing that would have to be closed.
  const members = job.crew.active();
  const ended = members.map(({ hired }) => hired.ended.catch(() => {}));
  const orderly = (async () => {
    await releaseActors(job);
    for (const { hired } of members) void outcomeOf(hired.control.shutdown());
    await Promise.all(ended);
  })();
  await settlesWithin(job.clock, orderly, job.shutdownTimeoutMs);
}

/** Releases actors one after the other. A worker that lets one wait too long is not asked again. */
async function releaseActors({ clock, actors, supervision, shutdownTimeoutMs }: EndingJob): Promise<void> {
  const silent = new Set<CrewMember>();
  for (const { operator, replica } of supervision.stopOrder()) {
    const actor = actors.find(
      ({ placement: { descriptor } }) => descriptor.stage === operator && descriptor.replica === replica,
    );
    const member = actor?.member;
    if (member === undefined || member.state === 'lost' || silent.has(member)) continue;
    const released = outcomeOf(member.hired.control.release([{ stage: operator, replica }]));
    if (!(await settlesWithin(clock, released, shutdownTimeoutMs / SHUTDOWN_SHARES))) silent.add(member);
  }
}
