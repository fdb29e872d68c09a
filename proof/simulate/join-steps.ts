// What the joins of a simulated flow make of tuples, once: for the flow, and for the loops that say what must come out of it.
// Promises: a row tells which tuples it is of, and the time that it must have.

import { mix } from './steps.ts';
import { chainTimed, LATEST_MS, type Result, type Timed } from './time-steps.ts';

/** A stream's tuple among all that a join has to do with. */
const markOf = (tuple: Timed | undefined): number => (tuple === undefined ? 0 : chainTimed(7, tuple));

/** 1 for a row with a left tuple alone, 2 with a right one, 3 with both. */
const sidesOf = (left: Timed | undefined, right: Timed | undefined): number =>
  (left === undefined ? 0 : 1) + (right === undefined ? 0 : 2);

export type JoinedBy = 'key' | 'mate';

const keyOf = (tuple: Timed | undefined, by: JoinedBy): string => tuple?.[by] ?? 'null';

/** A row of a join, within what it says of time. */
export const joinedRow = (
  left: Timed | undefined,
  right: Timed | undefined,
  by: JoinedBy,
  start: number,
  end: number,
): Result => ({
  key: keyOf(left ?? right, by),
  all: '',
  start,
  end,
  tuples: sidesOf(left, right),
  // Which one is the left one counts.
  digest: mix(mix(markOf(left), 0x51de), markOf(right)),
});

/** A row of a look-up: `end` says which row was the latest, so that its digest is of the tuple alone. */
export const lookedUpRow = (fact: Timed, latest: Timed | undefined, by: JoinedBy): Result => ({
  key: keyOf(fact, by),
  all: '',
  start: fact.at,
  end: latest === undefined ? -1 : markOf(latest),
  tuples: 1,
  digest: markOf(fact),
});

const within = (ms: number): number => Math.max(-LATEST_MS, Math.min(LATEST_MS - 1, ms));

interface Interval {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The time of a row of an interval join: of the later tuple, or the last at which a mate could have come. */
export function intervalTime(
  left: Timed | undefined,
  right: Timed | undefined,
  by: JoinedBy,
  { fromMs, toMs }: Interval,
): number {
  if (left !== undefined && right !== undefined) return Math.max(left.at, right.at);
  const alone = (left ?? right) as Timed;
  if (alone[by] === null) return alone.at;
  const dueMs = left === undefined ? Math.floor(alone.at - fromMs) + 1 : Math.ceil(alone.at + toMs);
  return Math.max(alone.at, within(dueMs) - 1);
}

/** True of a tuple without a mate at whose row the closure throws. */
export const isPoisonAlone = (poisonEvery: number, by: JoinedBy, tuple: Timed): boolean =>
  poisonEvery > 0 && tuple[by] !== null && (mix(tuple.digest, tuple.number) >>> 11) % poisonEvery === 0;

export const isRemoved = (removesEvery: number, { digest }: Timed): boolean =>
  removesEvery > 0 && (digest >>> 7) % removesEvery === 0;
