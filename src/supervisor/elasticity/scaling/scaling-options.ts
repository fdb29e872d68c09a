// The option `scaling` of run(): defaults and checks.

import { checkOptions } from '../../../options/check.ts';
import { choice, number } from '../../../options/kinds.ts';
import { type Checked, type Given, ownEntry } from '../../../options/option.ts';

/** Who decides about replicas: `rate` computes how many the load needs, `threshold` adds one at a time, `manual` leaves it to the app. See docs/scaling.md. */
export type ScalingPolicy = 'rate' | 'threshold' | 'manual';

const POLICIES: readonly ScalingPolicy[] = ['rate', 'threshold', 'manual'];
/** In less time, shares of busy time are chance. */
const EVERY_MS_MIN = 20;
const TIME_MS_MAX = 86_400_000;
const SKEW_MAX = 1000;
const UTILISATION_MIN = 0.05;
const UTILISATION_DEFAULT: Readonly<Record<ScalingPolicy, number>> = { rate: 0.8, threshold: 0.7, manual: 0.8 };

export const SCALING_OPTIONS = {
  /**
   * Who decides about the replicas of elastic operators: `rate` computes how many the load needs, `threshold` adds one
   * where the hottest is too busy, `manual` leaves it to the app: 'rate', 'threshold' or 'manual'. Default: `rate`;
   * `manual` without `scaling`.
   */
  policy: choice(POLICIES, {
    help: 'who decides about the replicas of elastic operators: `rate` computes how many the load needs, `threshold` adds one where the hottest is too busy, `manual` leaves it to the app',
    default: 'rate',
    defaultText: '`rate`; `manual` without `scaling`',
    flag: 'scaling POLICY',
  }),
  /** `plan` only announces decisions: 'act' or 'plan'. Default: `act`. */
  mode: choice(['act', 'plan'], {
    help: '`plan` only announces decisions',
    default: 'act',
    flag: 'scaling-mode MODE',
  }),
  /** Time between two reports: milliseconds from 20 to 86400000. Default: 500. */
  everyMs: number({
    help: 'time between two reports',
    unit: 'milliseconds',
    from: EVERY_MS_MIN,
    to: TIME_MS_MAX,
    default: 500,
  }),
  /**
   * Time after a change of an operator in which nothing is taken back from it: milliseconds from 0 to 86400000.
   * Default: 5,000.
   */
  cooldownMs: number({
    help: 'time after a change of an operator in which nothing is taken back from it',
    unit: 'milliseconds',
    from: 0,
    to: TIME_MS_MAX,
    default: 5000,
  }),
  /**
   * Share of its time that a replica may be busy: a share from 0.05 to 1. Default: 0.8 for `rate`, 0.7 for `threshold`.
   */
  utilisation: number({
    help: 'share of its time that a replica may be busy',
    unit: 'a share',
    from: UTILISATION_MIN,
    to: 1,
    defaultText: '0.8 for `rate`, 0.7 for `threshold`',
  }),
  /**
   * Load of the hottest replica over the mean from which key groups are spread anew: a ratio from 1 to 1000. Default:
   * 1.2.
   */
  skew: number({
    help: 'load of the hottest replica over the mean from which key groups are spread anew',
    unit: 'a ratio',
    from: 1,
    to: SKEW_MAX,
    default: 1.2,
  }),
};

/** Who decides about replicas, and how. See docs/scaling.md. */
export interface ScalingOptions extends Given<typeof SCALING_OPTIONS> {}

export type CheckedScaling = Readonly<Required<ScalingOptions>>;

const RULE = "an object such as { policy: 'rate' }";

function checkScaling(given: unknown, where: string, name: string): CheckedScaling {
  const checked: Checked<typeof SCALING_OPTIONS> = checkOptions(where, SCALING_OPTIONS, given, name, RULE);
  return { ...checked, utilisation: checked.utilisation ?? UTILISATION_DEFAULT[checked.policy] };
}

/** The entry of run()'s table. Where it is left out nobody decides but the app. */
export const SCALING_OPTION = ownEntry<ScalingOptions, CheckedScaling>({
  help: 'who decides about the replicas of elastic operators',
  rule: RULE,
  defaultText: 'nobody but the app',
  page: 'scaling.md',
  within: SCALING_OPTIONS,
  read: (given, { where, name }) => checkScaling(given, where, name),
  absent: ({ where, name }) => checkScaling({ policy: 'manual' }, where, name),
});
