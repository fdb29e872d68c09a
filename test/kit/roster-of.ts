// The roster of a running job, for tests that change shared memory behind its back.

import type { Job } from '../../src/index.ts';
import { Roster } from '../../src/supervisor/replicas/roster.ts';

/** Looks over the shoulder of `job.workers()`, which asks the roster. */
export function rosterOf(job: Job): Roster {
  const { on } = Roster.prototype;
  let found: Roster | undefined;
  Roster.prototype.on = function (worker) {
    found = this;
    return on.call(this, worker);
  };
  try {
    job.workers();
  } finally {
    Roster.prototype.on = on;
  }
  if (found === undefined) throw new Error('the job has no workers');
  return found;
}
