// What a flow says about failures: what becomes of a tuple that an operator fails at, and how supervisors restart.
// The words and defaults are OTP's (docs/supervision.md); the supervisors themselves stand in src/supervisor.

import { errors } from '../errors.ts';

/**
 * What is done with a tuple whose closure throws, or that kills or hangs its worker, once it is found:
 * - `deadLetter`: it goes to `job.deadLetters`, and the stream goes on behind it;
 * - `stop`: the job fails with its error;
 * - `escalate`: the replica counts as crashed, and its supervisor decides. Fits failures that pass by themselves.
 */
export type FailurePolicy = 'deadLetter' | 'stop' | 'escalate';

export const FAILURE_POLICIES: readonly FailurePolicy[] = ['deadLetter', 'stop', 'escalate'];

/** Which children a supervisor restarts when one crashes: that one, all, or that one and those declared after it. */
export type Strategy = 'one_for_one' | 'one_for_all' | 'rest_for_one';

export const STRATEGIES: readonly Strategy[] = ['one_for_one', 'one_for_all', 'rest_for_one'];

/** How a supervisor restarts its children. */
export interface SupervisionOptions {
  /** Default one_for_one. */
  strategy?: Strategy;
  /** Most crashes without progress within `periodMs`; one more, and the supervisor itself counts as crashed. Default 1. */
  intensity?: number;
  /** In milliseconds. Default 5,000. */
  periodMs?: number;
}

const INTENSITY_DEFAULT = 1;
export const INTENSITY_MAX = 1_000_000;
const PERIOD_MS_DEFAULT = 5000;
const PERIOD_MS_MAX = 86_400_000;

const OPTION_NAMES = ['strategy', 'intensity', 'periodMs'];

/**
 * Fills in defaults.
 * @throws MillraceError BAD_OPTION
 */
export function checkSupervision(where: string, options: SupervisionOptions | undefined): Required<SupervisionOptions> {
  const given = options === undefined ? {} : options;
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw errors.badOption('supervision', given, `an object, for ${where}`);
  for (const name of Object.keys(given)) {
    if (!OPTION_NAMES.includes(name)) throw errors.unknownOption(`'supervision' of ${where}`, name, OPTION_NAMES);
  }
  const { strategy = 'one_for_one', intensity = INTENSITY_DEFAULT, periodMs = PERIOD_MS_DEFAULT } = given;
  if (!STRATEGIES.includes(strategy)) {
    throw errors.badOption(
      'supervision.strategy',
      strategy,
      `${STRATEGIES.map((name) => `'${name}'`).join(' or ')}, for ${where}`,
    );
  }
  if (!Number.isInteger(intensity) || intensity < 0 || intensity > INTENSITY_MAX) {
    throw errors.badOption('supervision.intensity', intensity, `an integer from 0 to ${INTENSITY_MAX}, for ${where}`);
  }
  if (typeof periodMs !== 'number' || !(periodMs > 0 && periodMs <= PERIOD_MS_MAX)) {
    throw errors.badOption(
      'supervision.periodMs',
      periodMs,
      `milliseconds above 0, at most ${PERIOD_MS_MAX}, for ${where}`,
    );
  }
  return { strategy, intensity, periodMs };
}
