// Options of ask(): one table.

import { closure, integer, number, toggle } from '../../options/kinds.ts';

export const ASK_STEP_OPTIONS = {
  /** Asks that wait for their answers at most: an integer from 1 to 1000000. Default: 256. */
  capacity: integer({ help: 'asks that wait for their answers at most', from: 1, to: 1_000_000, default: 256 }),
  /** `false` gives each tuple when its answer comes, instead of in the order of the tuples: true or false. Default: `true`. */
  ordered: toggle({
    help: '`false` gives each tuple when its answer comes, instead of in the order of the tuples',
    default: true,
  }),
  /** How long an answer is waited for: milliseconds above 0, at most 86400000. Default: 5,000. */
  timeoutMs: number({
    help: 'how long an answer is waited for',
    unit: 'milliseconds',
    above: 0,
    to: 86_400_000,
    default: 5000,
  }),
  failed: closure<(...values: never[]) => unknown>({
    help: 'what becomes of a tuple whose ask fails: `(tuple, error) =>` the tuple to give, or undefined to leave it out',
    defaultText: 'the job fails with the error',
  }),
};
