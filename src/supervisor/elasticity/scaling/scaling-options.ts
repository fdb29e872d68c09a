// The option `scaling` of run(): defaults and checks.

import { errors } from '../../../errors.ts';

export type ScalingPolicy = 'rate' | 'threshold' | 'manual';

/** Who decides about replicas, and how. See docs/scaling.md. */
export interface ScalingOptions {
  /**
   * `rate` (the default) computes how many replicas each operator needs; `threshold` adds one to an operator whose hottest
   * replica is too busy; `manual` leaves it to `job.scale`, `job.rebalance` and `job.move`.
   */
  policy?: ScalingPolicy;
  /** `act` (the default), or `plan`: decisions are only announced. */
  mode?: 'act' | 'plan';
  /** Time between two reports, in milliseconds. Default 500. */
  everyMs?: number;
  /** Time after a change of an operator in which nothing is taken back from it, in milliseconds. Default 5,000. */
  cooldownMs?: number;
  /** Share of its time that a replica may be busy. Default 0.8 for `rate`, 0.7 for `threshold`. */
  utilisation?: number;
  /** The load of the hottest replica over the mean from which key groups are spread anew. Default 1.2. */
  skew?: number;
}

export type CheckedScaling = Readonly<Required<ScalingOptions>>;

const EVERY_MS_DEFAULT = 500;
/** In less time, shares of busy time are chance. */
const EVERY_MS_MIN = 20;
const COOLDOWN_MS_DEFAULT = 5000;
const TIME_MS_MAX = 86_400_000;
const SKEW_DEFAULT = 1.2;
const SKEW_MAX = 1000;
const UTILISATION_MIN = 0.05;
const UTILISATION_DEFAULT: Readonly<Record<ScalingPolicy, number>> = { rate: 0.8, threshold: 0.7, manual: 0.8 };

const NAMES = ['policy', 'mode', 'everyMs', 'cooldownMs', 'utilisation', 'skew'];
const POLICIES: readonly unknown[] = ['rate', 'threshold', 'manual'];
const MODES: readonly unknown[] = ['act', 'plan'];

function checkNumber(name: string, value: unknown, from: number, to: number, unit: string): void {
  if (typeof value === 'number' && value >= from && value <= to) return;
  throw errors.badOption(`scaling.${name}`, value, `${unit} from ${from} to ${to}`);
}

/**
 * Fills in defaults. Without the option nobody decides but the app.
 * @throws MillraceError BAD_OPTION
 */
export function checkScaling(options: ScalingOptions | undefined): CheckedScaling {
  const given: ScalingOptions = options === undefined ? { policy: 'manual' } : options;
  if (typeof given !== 'object' || given === null) {
    throw errors.badOption('scaling', given, "an object such as {policy: 'rate'}");
  }
  for (const name of Object.keys(given)) if (!NAMES.includes(name)) throw errors.unknownOption('scaling', name, NAMES);
  const { policy = 'rate', mode = 'act' } = given;
  if (!POLICIES.includes(policy)) throw errors.badOption('scaling.policy', policy, "'rate', 'threshold' or 'manual'");
  if (!MODES.includes(mode)) throw errors.badOption('scaling.mode', mode, "'act' or 'plan'");
  const checked = {
    policy,
    mode,
    everyMs: given.everyMs ?? EVERY_MS_DEFAULT,
    cooldownMs: given.cooldownMs ?? COOLDOWN_MS_DEFAULT,
    utilisation: given.utilisation ?? UTILISATION_DEFAULT[policy],
    skew: given.skew ?? SKEW_DEFAULT,
  };
  checkNumber('everyMs', checked.everyMs, EVERY_MS_MIN, TIME_MS_MAX, 'milliseconds');
  checkNumber('cooldownMs', checked.cooldownMs, 0, TIME_MS_MAX, 'milliseconds');
  checkNumber('utilisation', checked.utilisation, UTILISATION_MIN, 1, 'a share');
  checkNumber('skew', checked.skew, 1, SKEW_MAX, 'a ratio');
  return checked;
}
