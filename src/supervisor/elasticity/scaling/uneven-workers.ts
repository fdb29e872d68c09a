// Whether one worker has more than it can do while another one has time: then an actor should move.
// Promises: pure. Names a move only if the busier of the two workers is clearly less busy afterwards.

import type { GraphReport } from './report.ts';

const FULL_BUSY = 0.9;
/** The busier worker must be relieved by so much: a move is a restart of the actor. */
const GAIN_MIN = 0.2;

export interface WorkerMove {
  readonly operator: string;
  readonly replica: number;
  readonly from: number;
  readonly to: number;
  /** Busy shares of the two workers before, and as they are expected to be afterwards. */
  readonly fromBusy: number;
  readonly toBusy: number;
  readonly afterBusy: number;
}

export function unevenWorkers(graph: GraphReport): WorkerMove | undefined {
  const busyOf = new Map(graph.workers.map(({ worker }) => [worker, 0]));
  const actors = graph.operators.flatMap(({ operator, canMove, replicas }) =>
    replicas.map((each) => ({ operator, canMove, ...each })),
  );
  for (const { worker, busy } of actors) {
    const before = busyOf.get(worker);
    if (before !== undefined) busyOf.set(worker, before + busy);
  }
  const workers = [...busyOf].sort(([, a], [, b]) => b - a);
  if (workers.length < 2) return undefined;
  const [[from, fromBusy]] = workers;
  const [to, toBusy] = workers[workers.length - 1];
  if (fromBusy < FULL_BUSY) return undefined;
  const moves = actors
    .filter(({ worker, canMove }) => worker === from && canMove)
    .map(({ operator, replica, busy }) => ({
      operator,
      replica,
      from,
      to,
      fromBusy,
      toBusy,
      afterBusy: Math.max(fromBusy - busy, toBusy + busy),
    }));
  if (moves.length === 0) return undefined;
  const best = moves.reduce((a, b) => (b.afterBusy < a.afterBusy ? b : a));
  return best.afterBusy <= fromBusy - GAIN_MIN ? best : undefined;
}
