// What must come out of the joins of a flow in event time, simulated or under chaos: loops over all tuples at once, of which those of a
// key are sorted by time.
// Promises: knows nothing of Millrace, nor of when anything happens. A row that could be another one as well, as the latest of a
// changelog, is not told here: join-verdict.ts says whether it is one that could be.

import type { BothCase, IntervalCase, JoinCase, JoinedWindowCase } from './join-case.ts';
import { Chronicle, chroniclesOf } from './join-chronicle.ts';
import { intervalTime, isPoisonAlone, joinedRow } from './join-steps.ts';
import { grouped, type ResultAt } from './time-expected.ts';
import { chainTimed, gatherTimed, LATEST_MS, type Result, type Timed } from './time-steps.ts';

/** What a join comes to. */
export interface Joined {
  readonly rows: readonly ResultAt[];
  /** What its dead letters say. */
  readonly failed: readonly string[];
}

type Exact = Exclude<JoinCase, { readonly kind: 'latest' | 'asOf' }>;

export function joinedOf(join: Exact, lefts: readonly Timed[], rights: readonly Timed[]): Joined {
  switch (join.kind) {
    case 'interval':
      return intervalOf(join, lefts, rights);
    case 'both':
      return { rows: bothOf(join, lefts, rights), failed: [] };
    default:
      return windowsOf(join, lefts, rights);
  }
}

function intervalOf(join: IntervalCase, lefts: readonly Timed[], rights: readonly Timed[]): Joined {
  const { by, fromMs, toMs, pairs, poisonEvery } = join;
  const rows: ResultAt[] = [];
  const failed: string[] = [];
  const give = (left: Timed | undefined, right: Timed | undefined): void => {
    const atMs = intervalTime(left, right, by, join);
    rows.push({ result: joinedRow(left, right, by, atMs, 0), atMs });
  };
  const alone = (tuple: Timed, left: Timed | undefined, right: Timed | undefined): void => {
    if (isPoisonAlone(poisonEvery, by, tuple)) failed.push(`${tuple.key} ${tuple.number} is poison`);
    else give(left, right);
  };
  const rightsOf = chroniclesOf(rights, by);
  const matched = new Set<Timed>();
  for (const left of lefts) {
    const mates = left[by] === null ? [] : (rightsOf.get(left[by])?.between(left.at + fromMs, left.at + toMs) ?? []);
    for (const right of mates) {
      give(left, right);
      matched.add(right);
    }
    if (mates.length === 0 && pairs !== 'inner') alone(left, left, undefined);
  }
  if (pairs !== 'full') return { rows, failed };
  for (const right of rights) if (!matched.has(right)) alone(right, undefined, right);
  return { rows, failed };
}

interface Bounds {
  readonly start: number;
  readonly end: number;
}

/** All windows that tuples of these times are in, in order. */
function boundsOf(join: JoinedWindowCase, times: readonly number[]): Bounds[] {
  if (join.kind === 'joinedSlices') {
    const { sizeMs, everyMs, offsetMs } = join;
    const starts = new Set<number>();
    for (const at of times) {
      const last = Math.floor((at - offsetMs) / everyMs) * everyMs + offsetMs;
      for (let start = last; start + sizeMs > at; start -= everyMs) starts.add(start);
    }
    return [...starts].sort((one, other) => one - other).map((start) => ({ start, end: start + sizeMs }));
  }
  const sessions: { start: number; end: number }[] = [];
  for (const at of times.toSorted((one, other) => one - other)) {
    const last = sessions.at(-1);
    if (last !== undefined && at < last.end) last.end = at + join.gapMs;
    else sessions.push({ start: at, end: at + join.gapMs });
  }
  return sessions;
}

function windowsOf(join: JoinedWindowCase, lefts: readonly Timed[], rights: readonly Timed[]): Joined {
  const { by, pairs, poisonEvery } = join;
  const rows: ResultAt[] = [];
  const failed: string[] = [];
  const takesLeft = pairs !== 'inner';
  const takesRight = pairs === 'full';
  const [leftsOf, rightsOf] = [chroniclesOf(lefts, by), chroniclesOf(rights, by)];
  const none = new Chronicle([]);
  for (const key of new Set([...leftsOf.keys(), ...rightsOf.keys()])) {
    const { tuples: ownLefts, between: leftsBetween } = leftsOf.get(key) ?? none;
    const { tuples: ownRights, between: rightsBetween } = rightsOf.get(key) ?? none;
    if (key === null) {
      // Nothing is equal to null: each comes out by itself, at its own time.
      const alone = (tuple: Timed, left: Timed | undefined, right: Timed | undefined): void => {
        for (const { start, end } of boundsOf(join, [tuple.at]))
          rows.push({ result: joinedRow(left, right, by, start, end), atMs: tuple.at });
      };
      if (takesLeft) for (const tuple of ownLefts) alone(tuple, tuple, undefined);
      if (takesRight) for (const tuple of ownRights) alone(tuple, undefined, tuple);
      continue;
    }
    for (const { start, end } of boundsOf(
      join,
      [...ownLefts, ...ownRights].map(({ at }) => at),
    )) {
      const [inLeft, inRight] = [leftsBetween(start, end), rightsBetween(start, end)];
      const couples: [Timed | undefined, Timed | undefined][] = inLeft.flatMap((left) =>
        inRight.map((right): [Timed, Timed] => [left, right]),
      );
      const alone = inRight.length === 0 && takesLeft ? inLeft : inLeft.length === 0 && takesRight ? inRight : [];
      for (const tuple of alone) couples.push(inRight.length === 0 ? [tuple, undefined] : [undefined, tuple]);
      // What fails takes its window along, and no other.
      if (alone.some((tuple) => isPoisonAlone(poisonEvery, by, tuple))) failed.push(`${key} ${start} is poison`);
      else
        for (const [left, right] of couples)
          rows.push({ result: joinedRow(left, right, by, start, end), atMs: Math.ceil(end) - 1 });
    }
  }
  return { rows, failed };
}

function bothOf({ sizeMs }: BothCase, lefts: readonly Timed[], rights: readonly Timed[]): ResultAt[] {
  const rows: Result[] = [];
  const keyOf = ({ key }: Timed): string => key;
  const [leftsOf, rightsOf] = [grouped(lefts, keyOf), grouped(rights, keyOf)];
  for (const [key, own] of grouped([...lefts, ...rights], keyOf)) {
    for (const [name, bucket] of grouped(own, ({ at }) => String(Math.floor(at / sizeMs) * sizeMs))) {
      const start = Number(name);
      const end = Math.min(start + sizeMs, LATEST_MS);
      rows.push({ key, all: '', start, end, tuples: bucket.length, digest: bucket.reduce(gatherTimed, 0) });
    }
    rows.push({
      ...{ key, all: 'end', digest: 0 },
      start: (leftsOf.get(key) ?? []).reduce(chainTimed, 0),
      end: (rightsOf.get(key) ?? []).reduce(chainTimed, 0),
      tuples: own.length,
    });
  }
  return rows.map((result) => ({ result, atMs: result.end }));
}
