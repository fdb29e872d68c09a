// Texts of errors about workers that die, and supervisors that give up.
// One function an error: its text names the rule, the value and the remedy. Relies on codes.ts for when each code comes.

import { MillraceError } from './millrace-error.ts';
import { startErrors } from './start-errors.ts';
import { messageOf } from './system-cause.ts';

/** What a thread has died of that was refused to run a job; undefined if it was something else. Its error has lost its class. */
function refusedRunOf(cause: unknown): MillraceError | undefined {
  const { code, details } = (cause ?? {}) as Partial<MillraceError>;
  if (code !== 'RUN_IN_WORKER') return undefined;
  return startErrors.runInWorker(typeof details?.flow === 'string' ? details.flow : undefined, cause);
}

export const workerErrors = {
  /** WORKER_DIED; or RUN_IN_WORKER, which nobody has awaited on that thread, and which any other one would die of, too. */
  workerDied(worker: number, actors: readonly string[], cause: unknown): MillraceError {
    const refused = refusedRunOf(cause);
    if (refused !== undefined) return refused;
    return new MillraceError(
      'WORKER_DIED',
      `worker ${worker} died with the actors ${actors.map((name) => `'${name}'`).join(', ') || '(none)'}: ${messageOf(cause)}`,
      { worker, actors },
      cause,
    );
  },
  profileFailed(operator: string, problem: string, cause?: unknown): MillraceError {
    return new MillraceError(
      'PROFILE_FAILED',
      `operator '${operator}' cannot be profiled: ${problem}. Call job.profile() while the operator runs`,
      { operator },
      cause,
    );
  },
  workerHung(worker: number, operator: string | undefined, limitMs: number): MillraceError {
    const where = operator === undefined ? 'outside of any operator' : `in operator '${operator}'`;
    return new MillraceError(
      'WORKER_HUNG',
      `worker ${worker} made no progress for ${limitMs} ms ${where}, and was terminated: make the closure return, or raise 'hangTimeoutMs'`,
      { worker, operator, limitMs },
    );
  },
  workerStuck(worker: number, actors: readonly string[], limitMs: number): MillraceError {
    return new MillraceError(
      'WORKER_STUCK',
      `worker ${worker} was terminated and has not exited within ${limitMs} ms: it hangs in a call that cannot be interrupted. Its actors (${actors.map((name) => `'${name}'`).join(', ') || 'none'}) cannot be taken over, since it may still write: use asynchronous or bounded calls in closures, or raise 'fenceTimeoutMs'`,
      { worker, actors, limitMs },
    );
  },
  workerKilled(worker: number): MillraceError {
    return new MillraceError('WORKER_KILLED', `worker ${worker} was terminated by killWorker()`, { worker });
  },
  tupleKilledWorker(operator: string, deaths: number, cause: unknown): MillraceError {
    return new MillraceError(
      'TUPLE_KILLED_WORKER',
      `a tuple of operator '${operator}' ended its worker ${deaths} times when it was tried alone, the last time with: ${messageOf(cause)}. It is not tried again`,
      { operator, deaths },
      cause,
    );
  },
  noSpare(attempts: number, cause: unknown): MillraceError {
    return new MillraceError(
      'NO_SPARE',
      `no worker could take over: ${attempts} in a row failed while they loaded the flow, the last with: ${messageOf(cause)}. Make sure that the flow's module can be imported again at any time`,
      { attempts },
      cause,
    );
  },
  restartIntensity(supervisor: string, intensity: number, periodMs: number, cause: unknown): MillraceError {
    return new MillraceError(
      'RESTART_INTENSITY',
      `supervisor '${supervisor}' gave up: more than ${intensity} ${intensity === 1 ? 'crash' : 'crashes'} without progress within ${periodMs} ms, the last with: ${messageOf(cause)}. Mend the cause, or raise 'intensity' of its supervision`,
      { supervisor, intensity, periodMs },
      cause,
    );
  },
};
