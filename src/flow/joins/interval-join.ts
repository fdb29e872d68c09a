// Pairs of tuples whose times are near each other: left.time + fromMs <= right.time < left.time + toMs.
// Promises: a pair comes out with its second tuple. A tuple without a mate comes out once, if the kind wants it, when the watermark says
// that no mate can come; that it has met one is state. Tuples are kept no longer than the watermark needs.
// Relies on: tuples that are later than allowed never come (event-time.ts); timers of a key fire in the order of their times.
//
// Two sorts of timers: the key's own looks for what is out of date, and sets one by name for each tuple that has met no mate. So a
// closure that fails at such a tuple fails at that one only. A bucket goes when all these timers have fired.

import type { JoinKind } from '../options/join-options.ts';
import { dueBefore, dueUpTo, timeBefore } from '../timed/due.ts';
import { keptFields, type Tuple } from '../timed/kept-fields.ts';
import { type EmitTuple, type OwnContext, wakeBy } from '../timed/own-context.ts';
import { type Bucket, Buckets, type Kept, type KeptRow } from './buckets.ts';
import type { JoinClosures, JoinTuples } from './join-closures.ts';
import { latenessOf, type Side } from './sides.ts';

export interface Interval {
  readonly fromMs: number;
  readonly toMs: number;
}

/** So many buckets have the length of an interval: fewer cost more per look at one, more cost more looks. */
const BUCKETS = 8;

/** One of the two streams, as the other one sees it. */
interface Kin {
  readonly name: 'left' | 'right';
  readonly buckets: Buckets;
  readonly isOuter: boolean;
  /** How late tuples of the other stream may be. */
  readonly latenessMs: number;
  hasNullKey(tuple: Tuple): boolean;
  /** The tuple of a row. @param key with the names that the left stream, or the other one, has for it */
  tupleOf(row: KeptRow, key: Tuple): Tuple;
  tupleOfOther(row: KeptRow, key: Tuple): Tuple;
  /** When no mate can come any more for a tuple of a time. */
  dueMs(atMs: number): number;
  /** The times of its mates for a tuple of the other stream: from the one up to the other, which counts if they are the left ones. */
  firstMate(atMs: number): number;
  lastMate(atMs: number): number;
  isMate(atMs: number, otherMs: number): boolean;
  pair(own: Tuple | undefined, other: Tuple | undefined): unknown;
}

/**
 * @throws MillraceError NO_EVENT_TIME, BAD_SCHEMA
 */
export function intervalClosures(
  operator: string,
  left: Side,
  right: Side,
  { fromMs, toMs }: Interval,
  kind: JoinKind,
  join: JoinTuples,
): JoinClosures {
  const lateness = latenessOf(operator, 'an interval join', left, right);
  const bucketMs = Math.max(1, Math.ceil((toMs - fromMs) / BUCKETS));
  const leftFields = keptFields(operator, left.schema, left.key, right.key);
  const rightFields = keptFields(operator, right.schema, right.key, left.key);
  const lefts: Kin = {
    name: 'left',
    buckets: new Buckets('left', leftFields),
    isOuter: kind !== 'inner',
    latenessMs: lateness.right,
    hasNullKey: leftFields.hasNullKey,
    tupleOf: leftFields.tupleOf,
    tupleOfOther: leftFields.tupleOfOther,
    dueMs: (atMs) => dueBefore(atMs + toMs, lateness.right),
    firstMate: (atMs) => Math.floor((atMs - toMs) / bucketMs),
    lastMate: (atMs) => Math.floor((atMs - fromMs) / bucketMs),
    isMate: (atMs, otherMs) => atMs + fromMs <= otherMs && otherMs < atMs + toMs,
    pair: (own, other) => join(own, other),
  };
  const rights: Kin = {
    name: 'right',
    buckets: new Buckets('right', rightFields),
    isOuter: kind === 'full',
    latenessMs: lateness.left,
    hasNullKey: rightFields.hasNullKey,
    // Keys that come without a tuple have the names that the left stream has for them.
    tupleOf: rightFields.tupleOfOther,
    tupleOfOther: rightFields.tupleOfOther,
    dueMs: (atMs) => dueUpTo(atMs - fromMs, lateness.left),
    firstMate: (atMs) => Math.floor((atMs + fromMs) / bucketMs),
    lastMate: (atMs) => Math.floor((atMs + toMs) / bucketMs),
    isMate: (atMs, otherMs) => otherMs + fromMs <= atMs && atMs < otherMs + toMs,
    pair: (own, other) => join(other, own),
  };
  /** After all tuples of the bucket are due. */
  const goneMs = (kin: Kin, at: number): number => kin.dueMs((at + 1) * bucketMs) + 1;

  const take =
    (own: Kin, other: Kin) =>
    (tuple: Tuple, state: Kept, emit: EmitTuple, context: OwnContext): void => {
      const atMs = context.time;
      if (own.hasNullKey(tuple)) {
        if (own.isOuter) emit(own.pair(tuple, undefined));
        context.remove();
        return;
      }
      let isSettled = false;
      const visit = (row: KeptRow): void => {
        if (!other.isMate(row.$at, atMs)) return;
        isSettled = true;
        if (other.isOuter && !row.$isSettled) row.$isSettled = true;
        context.setTime(Math.max(atMs, row.$at));
        emit(own.pair(tuple, other.tupleOfOther(row, tuple)));
      };
      const last = other.buckets.of(state).size === 0 ? Number.NEGATIVE_INFINITY : other.lastMate(atMs);
      for (let at = other.firstMate(atMs); at <= last; at++) other.buckets.each(state, at, visit);
      context.setTime(atMs);
      const at = Math.floor(atMs / bucketMs);
      const waits = own.isOuter && !isSettled;
      own.buckets.add(state, at, atMs, tuple, !waits);
      wakeBy(context, waits ? own.dueMs(atMs) : goneMs(own, at));
    };

  /** Sets a timer for each tuple of a bucket that no mate can come for. Returns true if there is one. */
  const settle = (kin: Kin, state: Kept, bucket: Bucket, { untilMs, timers }: OwnContext): boolean => {
    let first = Number.POSITIVE_INFINITY;
    let found = false;
    kin.buckets.each(state, bucket.$bucket, (row) => {
      if (row.$isSettled) return;
      const dueMs = kin.dueMs(row.$at);
      if (dueMs > untilMs) first = Math.min(first, row.$at);
      else {
        found = true;
        row.$isSettled = true;
        timers.at(dueMs, `${kin.name} ${row.$bucket} ${row.$nth}`);
      }
    });
    bucket.$first = first;
    return found;
  };

  /** Goes through what is out of date of one stream. Returns when it is to be gone through again. */
  const sweep = (kin: Kin, state: Kept, context: OwnContext): number => {
    const { untilMs, timer } = context;
    let next = Number.POSITIVE_INFINITY;
    const gone: number[] = [];
    for (const bucket of kin.buckets.of(state)) {
      const { $bucket } = bucket;
      const isFound = kin.dueMs(bucket.$first) <= untilMs && settle(kin, state, bucket, context);
      const atMs = goneMs(kin, $bucket);
      if (atMs <= timer.atMs && !isFound && bucket.$first === Number.POSITIVE_INFINITY) gone.push($bucket);
      else next = Math.min(next, bucket.$first === Number.POSITIVE_INFINITY ? atMs : kin.dueMs(bucket.$first));
    }
    for (const at of gone) kin.buckets.drop(state, at);
    return next;
  };

  const tellAlone = (kin: Kin, key: Tuple, state: Kept, emit: EmitTuple, context: OwnContext): void => {
    const [, at, nth] = context.timer.name.split(' ');
    const row = kin.buckets.get(state, Number(at), Number(nth));
    if (row === undefined) return;
    context.setTime(timeBefore(kin.dueMs(row.$at), row.$at, kin.latenessMs));
    emit(kin.pair(kin.tupleOf(row, key), undefined));
  };

  const onTimer = (key: Tuple, state: Kept, emit: EmitTuple, context: OwnContext): void => {
    const { name, atMs } = context.timer;
    if (name !== '') {
      tellAlone(name.startsWith('left') ? lefts : rights, key, state, emit, context);
      return;
    }
    const next = Math.min(sweep(lefts, state, context), sweep(rights, state, context));
    if (next < Number.POSITIVE_INFINITY) context.timers.at(Math.max(next, atMs));
    else context.remove();
  };

  return {
    state: {},
    tables: { ...lefts.buckets.tables, ...rights.buckets.tables },
    left: take(lefts, rights),
    right: take(rights, lefts),
    onTimer,
  };
}
