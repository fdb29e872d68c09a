// Options of operators that leave tuples out: `deduplicate`, `throttle`, `sample`.

import { choice, integer, value } from '../../options/kinds.ts';
import type { Given } from '../../options/option.ts';
import { isNames, OPERATOR_OPTIONS } from '../operator-options.ts';

export const DEDUPLICATE_OPTIONS = {
  ...OPERATOR_OPTIONS,
  /**
   * How far apart the event times of two tuples of a key are that both pass, at least: milliseconds, an integer from 1
   * to 1125899906842624.
   */
  withinMs: integer({
    help: 'how far apart the event times of two tuples of a key are that both pass, at least',
    unit: 'milliseconds, an integer',
    from: 1,
    to: 2 ** 50,
    isRequired: true,
  }),
};

/** Options of `deduplicate`. */
export interface DeduplicateOptions extends Given<typeof DEDUPLICATE_OPTIONS> {
  withinMs: number;
}

export const THROTTLE_OPTIONS = {
  ...OPERATOR_OPTIONS,
  /** How long a pause is, in event time: milliseconds, an integer from 1 to 1125899906842624. */
  everyMs: integer({
    help: 'how long a pause is, in event time',
    unit: 'milliseconds, an integer',
    from: 1,
    to: 2 ** 50,
    isRequired: true,
  }),
  /**
   * Which tuples of a pause pass: the first, the last, or both if these are two: 'leading', 'trailing' or 'both'.
   * Default: `leading`.
   */
  edge: choice(['leading', 'trailing', 'both'], {
    help: 'which tuples of a pause pass: the first, the last, or both if these are two',
    default: 'leading',
  }),
};

/** Options of `throttle`. */
export interface ThrottleOptions extends Given<typeof THROTTLE_OPTIONS> {
  everyMs: number;
}

export const SAMPLE_OPTIONS = {
  ...OPERATOR_OPTIONS,
  /** Chooses one of many samples: an integer from 0 to 4294967295. Default: 0. */
  seed: integer({ help: 'chooses one of many samples', from: 0, to: 2 ** 32 - 1, default: 0 }),
  /** The fields that decide: names of fields. Default: all that can be keys. */
  by: value('names of fields', isNames, { help: 'the fields that decide', defaultText: 'all that can be keys' }),
};

/** Options of `sample`. `Name` are the fields of the stream. */
export interface SampleOptions<Name extends string> extends Omit<Given<typeof SAMPLE_OPTIONS>, 'by'> {
  /** The fields that decide. Default: all that can be keys. */
  by?: readonly Name[];
}
