// What a person may do to a job by the page: scale, move, kill as a drill, through the same calls as an app.
// Promises: a request that is not one of these does nothing, and says why.

import { MillraceError } from '../../errors.ts';
import type { WatchedJob } from './watched-job.ts';

/** What came of an action. */
export interface ActionResult {
  readonly status: 200 | 400 | 409;
  readonly text: string;
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** @param action what the body of a request holds: `{ action: 'scale', operator, replicas }` and the like */
export async function act(job: WatchedJob, action: unknown): Promise<ActionResult> {
  const given = (typeof action === 'object' && action !== null ? action : {}) as Record<string, unknown>;
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
    if (error instanceof MillraceError) return { status: 409, text: `${error.message} [${error.code}]` };
    throw error;
  }
  return { status: 400, text: "give an action: 'scale', 'rebalance', 'move' or 'kill', with what it takes" };
}
