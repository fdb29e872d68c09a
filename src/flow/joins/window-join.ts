// Pairs of tuples of one window: each tuple of the one stream with each of the other.
// Promises: all of a window and key comes out when the window closes, once: when the watermark says that no tuple can come for it, not
// even a late one. A tuple without a mate comes out then, too, if the kind wants it.
// Relies on: timers of a key have names: there is one for each window.

import { errors } from '../../errors.ts';
import type { JoinKind } from '../operator-options.ts';
import { dueBefore, timeBefore } from '../timed/due.ts';
import { keptFields, type Tuple } from '../timed/kept-fields.ts';
import type { EmitTuple, OwnContext } from '../timed/own-context.ts';
import type { Window } from '../windows/window.ts';
import { Buckets, type Kept, type KeptRow } from './buckets.ts';
import type { JoinClosures } from './join-closures.ts';
import { latenessOf, type Side } from './sides.ts';

/** The bounds of a window, [start, end), in milliseconds since the epoch. */
export interface JoinBounds {
  /** The first millisecond of the window. */
  readonly windowStart: number;
  /** The first one behind it. */
  readonly windowEnd: number;
}

type JoinInWindow = (left: Tuple | undefined, right: Tuple | undefined, bounds: JoinBounds) => unknown;

/** @throws MillraceError NO_EVENT_TIME, BAD_SCHEMA, BAD_OPTION for windows that are not tumbling */
export function windowJoinClosures(
  operator: string,
  left: Side,
  right: Side,
  window: Window,
  kind: JoinKind,
  join: JoinInWindow,
): JoinClosures {
  if (window.kind !== 'tumbling')
    throw errors.badOption(
      'window',
      window.kind,
      'tumbling: a pair would come out several times',
      `operator '${operator}'`,
    );
  const { sizeMs, offsetMs } = window;
  const lateness = latenessOf(operator, 'a window join', left, right);
  const latenessMs = Math.max(lateness.left, lateness.right);
  const leftFields = keptFields(operator, left.schema, left.key);
  const rightFields = keptFields(operator, right.schema, right.key, left.key);
  const lefts = new Buckets('left', leftFields);
  const rights = new Buckets('right', rightFields);
  const hasLefts = kind !== 'inner';
  const hasRights = kind === 'full';
  const boundsOf = (windowStart: number): JoinBounds => ({ windowStart, windowEnd: windowStart + sizeMs });
  const startOf = (atMs: number): number => Math.floor((atMs - offsetMs) / sizeMs) * sizeMs + offsetMs;

  const take =
    (buckets: Buckets, hasNullKey: (tuple: Tuple) => boolean, alone: (tuple: Tuple, bounds: JoinBounds) => unknown) =>
    (tuple: Tuple, state: Kept, emit: EmitTuple, context: OwnContext): void => {
      const start = startOf(context.time);
      if (hasNullKey(tuple)) {
        const row = alone(tuple, boundsOf(start));
        if (row !== NOTHING) emit(row);
        context.remove();
        return;
      }
      buckets.add(state, start, context.time, tuple, true);
      context.timers.at(dueBefore(start + sizeMs, latenessMs), String(start));
    };

  const rowsOf = (buckets: Buckets, state: Kept, start: number, make: (row: KeptRow) => Tuple): Tuple[] => {
    const tuples: Tuple[] = [];
    buckets.each(state, start, (row) => void tuples.push(make(row)));
    return tuples;
  };

  const onTimer = (key: Tuple, state: Kept, emit: EmitTuple, context: OwnContext): void => {
    const start = Number(context.timer.name);
    const bounds = boundsOf(start);
    const { windowEnd } = bounds;
    context.setTime(timeBefore(dueBefore(windowEnd, latenessMs), windowEnd - 1, latenessMs));
    const leftTuples = rowsOf(lefts, state, start, (row) => leftFields.tupleOf(row, key));
    const rightTuples = rowsOf(rights, state, start, (row) => rightFields.tupleOfOther(row, key));
    for (const each of leftTuples) for (const other of rightTuples) emit(join(each, other, bounds));
    if (hasLefts && rightTuples.length === 0) for (const each of leftTuples) emit(join(each, undefined, bounds));
    if (hasRights && leftTuples.length === 0) for (const each of rightTuples) emit(join(undefined, each, bounds));
    for (const buckets of [lefts, rights]) dropUpTo(buckets, state, start, context);
    if (lefts.of(state).size + rights.of(state).size === 0) context.remove();
  };

  return {
    state: {},
    tables: { ...lefts.tables, ...rights.tables },
    left: take(lefts, leftFields.hasNullKey, (tuple, bounds) => (hasLefts ? join(tuple, undefined, bounds) : NOTHING)),
    right: take(rights, rightFields.hasNullKey, (tuple, bounds) =>
      hasRights ? join(undefined, tuple, bounds) : NOTHING,
    ),
    onTimer,
  };
}

const NOTHING = Symbol('no row');

/** Forgets the window that has closed, and those before it whose timers were dead letters. */
function dropUpTo(buckets: Buckets, state: Kept, start: number, { timers }: OwnContext): void {
  const gone: number[] = [];
  for (const { $bucket } of buckets.of(state))
    if ($bucket === start || ($bucket < start && timers.due(String($bucket)) === undefined)) gone.push($bucket);
  for (const at of gone) buckets.drop(state, at);
}
