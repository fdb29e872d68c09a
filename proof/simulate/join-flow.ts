// Adds a join of two streams to a simulated flow in event time: built from a case (join-case.ts), its rows from join-steps.ts.

import { type JoinBounds, type Stream, type SupervisionOptions, t, table } from '../../src/index.ts';
import { session, sliding } from '../../src/windows.ts';
import type { BothCase, IntervalCase, JoinCase, JoinedWindowCase, LookupCase } from './join-case.ts';
import { intervalTime, isPoisonAlone, isRemoved, joinedRow, lookedUpRow } from './join-steps.ts';
import { type FIELDS, RESULT } from './time-fields.ts';
import { chainTimed, gatherTimed, LATEST_MS, type Timed } from './time-steps.ts';

type TimedStream = Stream<typeof FIELDS>;
type Results = Stream<typeof RESULT>;

/** To the types either field is as good. */
const connected = (left: TimedStream, right: TimedStream, by: 'key' | 'mate') =>
  left.keyBy(by as 'key').connect(right.keyBy(by as 'key'));

/** What is not of the case, but of those who run it. */
interface More {
  readonly supervision?: SupervisionOptions;
}

export function addJoin(left: TimedStream, right: TimedStream, join: JoinCase, name: string, more: More = {}): Results {
  switch (join.kind) {
    case 'interval':
      return withInterval(left, right, join, name, more);
    case 'joinedSlices':
    case 'joinedSessions':
      return withWindows(left, right, join, name, more);
    case 'latest':
    case 'asOf':
      return withLookup(left, right, join, name, more);
    case 'both':
      return withBoth(left, right, join, name, more);
  }
}

type MaybeTimed = Timed | undefined;

function withInterval(left: TimedStream, right: TimedStream, join: IntervalCase, name: string, more: More): Results {
  const { by, fromMs, toMs, pairs: kind, poisonEvery, parallelism } = join;
  const pair = (one: MaybeTimed, other: MaybeTimed) => {
    const alone = one === undefined ? other : other === undefined ? one : undefined;
    if (alone !== undefined && isPoisonAlone(poisonEvery, by, alone))
      throw new Error(`${alone.key} ${alone.number} is poison`);
    return joinedRow(one, other, by, intervalTime(one, other, by, join), 0);
  };
  return connected(left, right, by).intervalJoin(name, { fromMs, toMs }, RESULT, pair, { kind, parallelism, ...more });
}

const windowOf = (join: JoinedWindowCase) =>
  join.kind === 'joinedSessions'
    ? session({ gapMs: join.gapMs })
    : sliding({ sizeMs: join.sizeMs, everyMs: join.everyMs, offsetMs: join.offsetMs });

function withWindows(left: TimedStream, right: TimedStream, join: JoinedWindowCase, name: string, more: More): Results {
  const { by, pairs: kind, poisonEvery, parallelism } = join;
  const pair = (one: MaybeTimed, other: MaybeTimed, { windowStart, windowEnd }: JoinBounds) => {
    const alone = one === undefined ? other : other === undefined ? one : undefined;
    if (alone !== undefined && isPoisonAlone(poisonEvery, by, alone))
      throw new Error(`${alone[by]} ${windowStart} is poison`);
    return joinedRow(one, other, by, windowStart, windowEnd);
  };
  return connected(left, right, by).windowJoin(name, windowOf(join), RESULT, pair, { kind, parallelism, ...more });
}

function withLookup(left: TimedStream, right: TimedStream, join: LookupCase, name: string, more: More): Results {
  const { by, kind, removesEvery, parallelism } = join;
  return connected(left, right, by).lookupJoin(name, RESULT, (fact, latest) => lookedUpRow(fact, latest, by), {
    asOf: kind === 'asOf',
    parallelism,
    isRemoval: (change) => isRemoved(removesEvery, change),
    ...more,
  });
}

function withBoth(
  left: TimedStream,
  right: TimedStream,
  { sizeMs, parallelism }: BothCase,
  name: string,
  more: More,
): Results {
  const startOf = ({ at }: Timed): number => Math.floor(at / sizeMs) * sizeMs;
  const endOf = (start: number): number => Math.min(start + sizeMs, LATEST_MS);
  return left
    .keyBy('key')
    .connect(right.keyBy('key'))
    .process(
      name,
      {
        state: { tuples: t.u32(), ofLeft: t.u32(), ofRight: t.u32() },
        tables: { buckets: table({ start: t.f64() }, { tuples: t.u32(), digest: t.u32() }) },
        output: RESULT,
      },
      {
        left: (tuple, state, _emit, { timers }) => {
          state.tuples += 1;
          state.ofLeft = chainTimed(state.ofLeft, tuple);
          const bucket = state.buckets.upsert(startOf(tuple));
          bucket.tuples += 1;
          bucket.digest = gatherTimed(bucket.digest, tuple);
          timers.at(endOf(startOf(tuple)), `${startOf(tuple)}`);
        },
        right: (tuple, state, _emit, { timers }) => {
          state.tuples += 1;
          state.ofRight = chainTimed(state.ofRight, tuple);
          const bucket = state.buckets.upsert(startOf(tuple));
          bucket.tuples += 1;
          bucket.digest = gatherTimed(bucket.digest, tuple);
          timers.at(endOf(startOf(tuple)), `${startOf(tuple)}`);
        },
        onTimer: ({ key }, { buckets }, emit, { timer: { name: of, atMs } }) => {
          const start = Number(of);
          const { tuples = 0, digest = 0 } = buckets.get(start) ?? {};
          buckets.delete(start);
          emit({ key, all: '', start, end: atMs, tuples, digest });
        },
        end: ({ key }, { tuples, ofLeft, ofRight }, emit) =>
          emit({ key, all: 'end', start: ofLeft, end: ofRight, tuples, digest: 0 }),
      },
      { parallelism, ...more },
    );
}
