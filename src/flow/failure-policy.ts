// What a flow says about failures: what becomes of a tuple that an operator fails at, and how supervisors restart.
// The words and defaults are OTP's (docs/supervision.md); the supervisors themselves stand in src/supervisor.

import { checkOptions } from '../options/check.ts';
import { choice, integer, type NestedWords, nested, number } from '../options/kinds.ts';
import type { Checked, Given, Option } from '../options/option.ts';

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

export const INTENSITY_MAX = 1_000_000;
const PERIOD_MS_MAX = 86_400_000;

export const SUPERVISION_OPTIONS = {
  /**
   * Which replicas are restarted with a crashed one: 'one_for_one', 'one_for_all' or 'rest_for_one'. Default:
   * `one_for_one`.
   */
  strategy: choice(STRATEGIES, {
    help: 'which replicas are restarted with a crashed one',
    default: 'one_for_one',
  }),
  /**
   * Most crashes without progress within `periodMs`; one more, and the supervisor itself counts as crashed: an integer
   * from 0 to 1000000. Default: 1.
   */
  intensity: integer({
    help: 'most crashes without progress within `periodMs`; one more, and the supervisor itself counts as crashed',
    from: 0,
    to: INTENSITY_MAX,
    default: 1,
  }),
  /** The time that `intensity` is about: milliseconds above 0, at most 86400000. Default: 5,000. */
  periodMs: number({
    help: 'the time that `intensity` is about',
    unit: 'milliseconds',
    above: 0,
    to: PERIOD_MS_MAX,
    default: 5000,
  }),
};

/** How a supervisor restarts its children. */
export interface SupervisionOptions extends Given<typeof SUPERVISION_OPTIONS> {}

export type CheckedSupervision = Checked<typeof SUPERVISION_OPTIONS>;

/** The entry of a table whose object takes them: of a job, or of an operator. */
export const supervisionOption = (words: NestedWords): Option<SupervisionOptions, CheckedSupervision> =>
  nested(SUPERVISION_OPTIONS, words);

/**
 * Fills in defaults.
 * @throws MillraceError BAD_OPTION
 */
export const checkSupervision = (where: string, options: SupervisionOptions | undefined): CheckedSupervision =>
  checkOptions(where, SUPERVISION_OPTIONS, options ?? {}, 'supervision');
