// Random joins as data: what a second stream meets the first one in, in cases of `npm run simulate -- --time`.
// Promises: a case depends on its random numbers alone.

import type { JoinKind } from '../../src/index.ts';
import type { Random } from '../../src/testing/random.ts';
import { type Parallelism, parallelismOf } from './case.ts';
import type { SecondStage } from './time-case.ts';

interface Joining {
  /** `mate` is what keys of all sources share, or null: its tuples come in no order. */
  readonly by: 'key' | 'mate';
  readonly parallelism: Parallelism;
  /** Windows of its results. */
  readonly second: SecondStage | undefined;
}

interface Pairing extends Joining {
  readonly pairs: JoinKind;
  /** Of how many tuples without a mate one fails; 0 for none. */
  readonly poisonEvery: number;
}

export interface IntervalCase extends Pairing {
  readonly kind: 'interval';
  readonly fromMs: number;
  readonly toMs: number;
}

interface JoinedSlicesCase extends Pairing {
  readonly kind: 'joinedSlices';
  readonly sizeMs: number;
  readonly everyMs: number;
  readonly offsetMs: number;
}

interface JoinedSessionsCase extends Pairing {
  readonly kind: 'joinedSessions';
  readonly gapMs: number;
}

export interface LookupCase extends Joining {
  /** The latest row that has come, or that which was valid at the tuple's time. */
  readonly kind: 'latest' | 'asOf';
  /** Of how many changes one is a removal; 0 for none. */
  readonly removesEvery: number;
}

/** Two closures, with a state for both: buckets of time that timers empty, and what has come in which order. */
export interface BothCase extends Joining {
  readonly kind: 'both';
  readonly sizeMs: number;
}

export type JoinedWindowCase = JoinedSlicesCase | JoinedSessionsCase;

/** What the two streams meet in. */
export type JoinCase = IntervalCase | JoinedWindowCase | LookupCase | BothCase;

const JOIN_KINDS: readonly JoinKind[] = ['inner', 'left', 'full'];

/** @param second what draws windows of results; undefined if what is late may change these */
export function joinCase(random: Random, second: ((random: Random) => SecondStage) | undefined): JoinCase {
  const by = random.pick(['key', 'mate'] as const);
  const parallelism = parallelismOf(random);
  const drawn = second !== undefined && random.chance(0.4) ? second(random) : undefined;
  const pairs = random.pick(JOIN_KINDS);
  const poisonEvery = random.pick([0, 0, 0, 3, 9]);
  switch (random.weighted({ interval: 3, joinedSlices: 3, joinedSessions: 2, latest: 2, asOf: 3, both: 2 })) {
    case 'interval': {
      const fromMs = random.pick([0, -10, -100, 5, 30, -7]);
      const toMs = fromMs + random.pick([1, 7, 20, 120, 1000]);
      return { kind: 'interval', by, parallelism, second: drawn, pairs, poisonEvery, fromMs, toMs };
    }
    case 'joinedSlices': {
      const sizeMs = random.pick([10, 100, 120, 1000]);
      const everyMs = random.pick([sizeMs, sizeMs, sizeMs / 2, sizeMs / 5, Math.ceil(sizeMs * 0.7)]);
      const offsetMs = random.pick([0, 0, 3, -7]);
      return { kind: 'joinedSlices', by, parallelism, second: drawn, pairs, poisonEvery, sizeMs, everyMs, offsetMs };
    }
    case 'joinedSessions': {
      const gapMs = random.pick([2, 10, 50]);
      return { kind: 'joinedSessions', by, parallelism, second: drawn, pairs, poisonEvery, gapMs };
    }
    case 'latest':
      return { kind: 'latest', by, parallelism, second: drawn, removesEvery: random.pick([0, 4]) };
    case 'asOf':
      return { kind: 'asOf', by, parallelism, second: drawn, removesEvery: random.pick([0, 4]) };
    case 'both':
      return { kind: 'both', by: 'key', parallelism, second: undefined, sizeMs: random.pick([10, 100, 500]) };
  }
}

/** What a join is, in a few words. */
export function joinText(join: JoinCase): string {
  switch (join.kind) {
    case 'interval':
      return `${join.pairs} interval [${join.fromMs}, ${join.toMs})`;
    case 'joinedSlices':
      return `${join.pairs} windows ${join.sizeMs}/${join.everyMs}+${join.offsetMs}`;
    case 'joinedSessions':
      return `${join.pairs} sessions ${join.gapMs}`;
    case 'both':
      return `both ${join.sizeMs}`;
    default:
      return join.removesEvery > 0 ? `${join.kind} with removals` : join.kind;
  }
}
