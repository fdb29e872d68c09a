// A profile that a person asks for by the page: of an operator's thread, for some seconds at most.
// Promises: a request that is not one for a profile does nothing, and says why.

import type { CpuProfile } from '../../workers/cpu-profile.ts';
import { type ActionResult, fieldsOf, isCount, refused } from './action-request.ts';
import type { WatchedJob } from './watched-job.ts';

const MS_MAX = 10_000;

/** @param request what its body holds: `{ operator, replica, ms }`, of which the last two may be left out */
export async function profiled(
  job: WatchedJob,
  request: unknown,
): Promise<ActionResult & { readonly profile?: CpuProfile }> {
  const { operator, replica, ms = 1000 } = fieldsOf(request);
  const isGiven = typeof operator === 'string' && (replica === undefined || isCount(replica)) && isCount(ms);
  if (!isGiven || ms > MS_MAX)
    return { status: 400, text: `give an operator, and if you like a replica, and ms up to ${MS_MAX}` };
  try {
    return { status: 200, text: '', profile: await job.profile(operator, { ms, replica }) };
  } catch (error) {
    return refused(error);
  }
}
