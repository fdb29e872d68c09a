// What a tuple of the chaos run in event time is, by its source, partition and number alone; and what a run is laid out by.
// Promises: the flow and the oracle agree on these. Some partitions fall silent now and then; when they come back their times are behind
// those of the others, or not.

import type { RunOptions } from '../../src/index.ts';
import { Random } from '../../src/testing/random.ts';
import type { JoinCase } from '../simulate/join-case.ts';
import { JOIN_REPLICAS_MAX, joinName, timedJoins } from './time-joins.ts';

export const SOURCES = ['a', 'b'] as const;
export type SourceName = (typeof SOURCES)[number];
export const PARTITIONS: Readonly<Record<SourceName, number>> = { a: 4, b: 2 };

/** Tuples per second and partition of the first source, as far as others let it. */
const RATE_PER_SECOND = 800;
/** A partition that falls silent does so again and again, each time for so long. */
const PAUSE_EVERY_MS = 625;
export const PAUSE_MS = 500;
const KEYS = 30;
/** Tuples come out of order by less than this; and one of some, far more. */
const DISORDER_MS = 20;
const FAR_EVERY = 97;
const FAR_MS = 200;

export interface TimedTuple {
  readonly source: SourceName;
  readonly partition: number;
  readonly n: number;
  readonly key: string;
  readonly at: number;
  /** Any 32 bits: no two mistakes cancel in their sum. */
  readonly weight: number;
}

/** True of a partition that falls silent now and then. */
export const isPausing = ({ silentB }: TimeSettings, source: SourceName, partition: number): boolean =>
  partition % 2 === 1 || (silentB && source === 'b');

/** Tuples per second and partition. */
export const rateOf = ({ rateOfB }: TimeSettings, source: SourceName): number =>
  source === 'b' ? rateOfB : RATE_PER_SECOND;

/** A partition that falls silent does so behind each of so many tuples. */
export const pauseEvery = (settings: TimeSettings, source: SourceName): number =>
  Math.round((rateOf(settings, source) * PAUSE_EVERY_MS) / 1000);

const mixed = (number: number): number => {
  const one = Math.imul(number ^ (number >>> 15), 0x85ebca6b);
  return (one ^ (one >>> 13)) >>> 0;
};

export function timedTuple(settings: TimeSettings, source: SourceName, partition: number, n: number): TimedTuple {
  const weight = mixed((n + 1) * 16 + partition * 2 + (source === 'a' ? 0 : 1));
  const far = n % FAR_EVERY === FAR_EVERY - 1 ? FAR_MS : 0;
  // Behind every other pause it is as far as the others; behind those between it goes on where it was.
  const pauses = 2 * Math.floor(n / (2 * pauseEvery(settings, source)));
  const skipped = isPausing(settings, source, partition) ? pauses * PAUSE_MS : 0;
  const first = source === 'b' ? settings.aheadMsOfB : 0;
  const at = first + Math.floor((n * 1000) / rateOf(settings, source)) + skipped - (weight % DISORDER_MS) - far;
  return { source, partition, n, key: `key-${weight % KEYS}`, at, weight };
}

/** What the flow is built from. */
export interface TimeSettings {
  readonly outOfOrderMs: number;
  readonly idleAfterMs: number;
  readonly combine: boolean;
  /** Tuples per second and partition of the second source. */
  readonly rateOfB: number;
  /** By how much the second source's times are ahead of the first one's. */
  readonly aheadMsOfB: number;
  /** True if all partitions of the second source fall silent, at once. */
  readonly silentB: boolean;
  /** What the two sources meet in. */
  readonly joins: readonly JoinCase[];
}

export const WINDOWS = { tumblingMs: 200, slidingMs: 300, everyMs: 100, gapMs: 15, bucketMs: 250 } as const;

/** The operators that change, and how many replicas each may have. */
export const TIME_ELASTIC = { a: 3, b: 2, tumbling: 3, sliding: 2, sessions: 3, timers: 2 } as const;

export const elasticOf = ({ joins }: TimeSettings): Readonly<Record<string, number>> => ({
  ...TIME_ELASTIC,
  ...Object.fromEntries(joins.map((join, index) => [joinName(join, index), JOIN_REPLICAS_MAX])),
});

export interface TimePlan {
  readonly flow: TimeSettings;
  readonly run: Required<Pick<RunOptions, 'ringBytes' | 'lingerMs' | 'spares'>>;
}

export function timePlanOf(seed: number): TimePlan {
  const random = new Random(seed);
  return {
    flow: {
      outOfOrderMs: random.pick([8, 20, 60]),
      idleAfterMs: random.pick([120, 200]),
      combine: random.chance(0.5),
      rateOfB: random.pick([RATE_PER_SECOND, RATE_PER_SECOND / 4]),
      aheadMsOfB: random.pick([0, 0, 300, -300]),
      silentB: random.chance(0.3),
      joins: timedJoins(random),
    },
    run: {
      ringBytes: 2 ** (13 + random.below(6)),
      lingerMs: random.pick([0, 0, 2]),
      spares: random.pick([1, 2]),
    },
  };
}
