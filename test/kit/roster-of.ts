// The roster of a running job, for tests that change shared memory behind its back.

import type { Job } from '../../src/index.ts';
import { Roster } from '../../src/supervisor/replicas/roster.ts';

/** Looks over the shoulder of `job.workers()`, which asks the roster. */
export function rosterOf(job: Job): Roster {
  const { hostedBy } = Roster.prototype;
  let found: Roster | undefined;
  Roster.prototype.hostedBy = function (worker) {
    found = this;
    return hostedBy.call(this, worker);
  };
  try {
    job.workers();
  } finally {
    Roster.prototype.hostedBy = hostedBy;
  }
  if (found === undefined) throw new Error('the job has no workers');
  return found;
}
