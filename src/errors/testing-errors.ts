// Texts of errors about runs of `millrace/testing`.
// One function an error: its text names the rule, the value and the remedy. Relies on codes.ts for when each code comes.

import { type ErrorDetails, MillraceError } from './millrace-error.ts';
import { messageOf } from './system-cause.ts';

export const testingErrors = {
  notRepeatable(
    operator: string,
    difference: string,
    disturbances: readonly ('rollback' | 'restore')[],
    details: ErrorDetails,
  ): MillraceError {
    const happened = {
      rollback: 'its batch was rolled back and run again',
      restore: 'it went on from a snapshot with fresh closures',
    };
    return new MillraceError(
      'NOT_REPEATABLE',
      `operator '${operator}' ${difference}, when ${disturbances.map((each) => happened[each]).join(' and ')}: it depends on something besides its tuples and its state, such as a variable outside of its closure, the time or chance. Keep that in 'state' or 'tables', or switch the check off ({ ${disturbances.map((each) => `${each}: false`).join(', ')} })`,
      { operator, disturbances, ...details },
    );
  },
  actorNotRepeatable(actor: string, handler: string, difference: string): MillraceError {
    return new MillraceError(
      'NOT_REPEATABLE',
      `'${handler}' of actor '${actor}' ${difference}, when it was rolled back and handled again: it depends on something besides its message and its state, such as a variable of the module, the time or chance. Keep that in 'state', or switch the check off ({ rollback: false })`,
      { actor, handler },
    );
  },
  notSettled(stepsMax: number): MillraceError {
    return new MillraceError(
      'NOT_SETTLED',
      `the system under test has not come to rest within ${stepsMax} steps: end what sends mail without end, or raise 'stepsMax'`,
      { stepsMax },
    );
  },
  simulationStuck(problem: string): MillraceError {
    return new MillraceError('SIMULATION_FAILED', problem, { problem });
  },
  simulationFailed(flow: string, seed: number, cause: unknown, trace: string): MillraceError {
    return new MillraceError(
      'SIMULATION_FAILED',
      `simulation of flow '${flow}' failed with seed ${seed}: ${messageOf(cause)}. The same flow, options and seed fail again in the same way. What happened last:\n${trace}`,
      { flow, seed, trace },
      cause,
    );
  },
};
