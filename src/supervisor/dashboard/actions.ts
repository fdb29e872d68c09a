// What a person may do to a job by the page: scale, move, kill as a drill, through the same calls as an app.
// Promises: a request that is not one of these does nothing, and says why.

import { type ActionResult, fieldsOf, isCount, refused } from './action-request.ts';
import type { WatchedJob } from './watched-job.ts';

/** @param action what the body of a request holds: `{ action: 'scale', operator, replicas }` and the like */
export async function act(job: WatchedJob, action: unknown): Promise<ActionResult> {
  const given = fieldsOf(action);
  const { operator, replicas, replica, worker } = given;
  try {
    if (given.action === 'scale' && typeof operator === 'string' && isCount(replicas)) {
      const { from, to } = await job.scale(operator, replicas);
      return { status: 200, text: `scaled from ${from} to ${to}` };
    }
    if (given.action === 'rebalance' && typeof operator === 'string') {
      const { groups } = await job.rebalance(operator);
      return { status: 200, text: `${groups} key groups moved` };
    }
    if (given.action === 'move' && typeof operator === 'string' && isCount(replica) && isCount(worker)) {
      await job.move(operator, replica, worker);
      return { status: 200, text: `moved to worker ${worker}` };
    }
    if (given.action === 'kill' && isCount(worker)) {
      await job.killWorker(worker);
      return { status: 200, text: `worker ${worker} was terminated` };
    }
  } catch (error) {
    return refused(error);
  }
  return { status: 400, text: "give an action: 'scale', 'rebalance', 'move' or 'kill', with what it takes" };
}
