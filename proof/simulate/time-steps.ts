// What the operators of a simulated flow in event time do with a tuple, once: for the flow, and for the loop that says what must come
// out of it.

import { mix } from './steps.ts';
import type { Relay, TimedFlow, TimedSource } from './time-case.ts';

export interface Timed {
  readonly key: string;
  /** What keys of all sources share. */
  readonly team: string;
  /** The same, but null for some. */
  readonly mate: string | null;
  /** Among the tuples of its key, ascending. */
  readonly number: number;
  /** Milliseconds since the epoch; NaN if it cannot be. */
  readonly at: number;
  readonly digest: number;
  readonly text: string;
}

/** What windows and timers emit. */
export interface Result {
  readonly key: string;
  readonly all: string;
  readonly start: number;
  readonly end: number;
  readonly tuples: number;
  readonly digest: number;
}

export const resultName = ({ key, start, end, tuples, digest }: Result): string =>
  `${key} [${start}, ${end}): ${tuples} tuples, ${digest}`;

const TEAMS = 3;
const PARTS = 2;

/** Tuple `index` of a source, as it is before it has its time. */
export function timedTuple({ sources, rights, textBytes }: TimedFlow, source: number, index: number): Timed {
  const { keys, partitions, firstMs, stepMs, disorderMs, badEvery } = sources[source];
  const hash = mix(mix(source, index), 7);
  const partition = index % partitions;
  // Partitions are at the same times, but for one that lags.
  const place = Math.floor(index / partitions) + (partition === 1 ? -20 : 0);
  const half = hash % 5 === 0 ? 0.5 : 0;
  const back = disorderMs === 0 ? 0 : (hash >>> 4) % (disorderMs + 1);
  // Now and then nothing for long, which ends sessions.
  const pauses = Math.floor(place / 25) * 10 * stepMs;
  const at = firstMs + place * stepMs + pauses - back + half;
  // Sources of the right stream have the keys of those of the left one.
  const lefts = sources.length - rights;
  const team = `${(index % keys) % TEAMS}`;
  return {
    key: `${source < lefts ? source : source - lefts}-${index % keys}`,
    team,
    mate: (hash >>> 13) % 7 === 0 ? null : team,
    number: Math.floor(index / keys),
    at: badEvery > 0 && (hash >>> 8) % badEvery === 0 ? Number.NaN : at,
    digest: mix(source << 16, index),
    text: 'x'.repeat(textBytes === 0 ? 0 : hash % textBytes),
  };
}

/** What becomes of a tuple before it has its time. */
export function* beforeTime({ before }: Pick<TimedSource, 'before'>, tuple: Timed): Generator<Timed> {
  if (before === 'flatMap') {
    for (let part = 0; part < PARTS; part++)
      yield { ...tuple, number: tuple.number * PARTS + part, digest: mix(tuple.digest, part) };
  } else if (before !== 'filter' || isKeptBefore(tuple)) yield tuple;
}

export const isKeptBefore = ({ digest }: Timed): boolean => digest % 3 !== 0;
export const isKept = (drop: number, { digest }: Timed): boolean => (digest >>> 3) % 5 >= drop;

export const isTimedPoison = (relay: Relay, { digest }: Timed): boolean =>
  relay.kind === 'map' && relay.poisonEvery > 0 && (digest >>> 5) % relay.poisonEvery === 0;

/** The latest time that there is, which is that of what keys leave at the end. */
export const LATEST_MS = 8.64e15;
const LEFT_FIRST = 0xffff0000;

/** What a key leaves at its end. */
export const leftTuple = (relay: number, key: string, team: string, digest: number): Timed => ({
  key,
  team,
  mate: team,
  number: LEFT_FIRST + relay,
  at: LATEST_MS,
  digest,
  text: '',
});

/** True if the closure of a timer throws. */
export const isPoisonBucket = (poisonEvery: number, key: string, start: number): boolean =>
  poisonEvery > 0 && (mix(Math.round(start), key.charCodeAt(key.length - 1)) >>> 9) % poisonEvery === 0;

/** The digest of tuples in any order, with one more. */
export const gatherTimed = (digest: number, tuple: Timed): number => (digest + mix(tuple.digest, tuple.number)) >>> 0;
/** The same of tuples in their order. */
export const chainTimed = (digest: number, tuple: Timed): number => mix(digest, mix(tuple.digest, tuple.number));

export const gatherResult = (digest: number, { key, start, tuples, digest: own }: Result): number =>
  (digest + mix(mix(mix(own, tuples), Math.round(start * 2)), key.length)) >>> 0;

/** How much later than a bucket's end, or an echo, the next echo is. */
export const ECHO_MS = 7;
