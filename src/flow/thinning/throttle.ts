// Lets at most one tuple of a key, or two, pass in each pause, in event time.
// Promises: a pause begins with the first tuple that is in none, and is [start, start + everyMs). Its first tuple passes ('leading'), its
// last ('trailing'), or both if these are two. Tuples are taken in the order of their times, so what passes does not depend on the order
// in which they come, but for those of one time. At the end of the input the pause ends.
// Relies on: a tuple waits until the watermark says that no earlier one can come.

import { type Schema, t } from '../../mailbox/schema.ts';
import { table } from '../../state/rows/row-layout.ts';
import { dueBefore, timeBefore } from '../timed/due.ts';
import { keptFields, type Tuple } from '../timed/kept-fields.ts';
import { type EmitTuple, type OwnContext, wakeBy } from '../timed/own-context.ts';
import type { ThinningClosures } from './thinning.ts';

export type Edge = 'leading' | 'trailing' | 'both';

interface Waiting extends Tuple {
  readonly $at: number;
  readonly $nth: number;
}

interface Kept {
  /** The number of the next tuple. */
  $next: number;
  $isPaused: boolean;
  /** When the pause ends. */
  $untilMs: number;
  /** The last tuple of the pause, if it is to pass: it stands among those that wait. */
  $isHeld: boolean;
  $heldAt: number;
  $heldNth: number;
  readonly $waiting: Iterable<Waiting> & {
    get(atMs: number, nth: number): Waiting | undefined;
    upsert(atMs: number, nth: number): Tuple;
    delete(atMs: number, nth: number): boolean;
  };
}

/** @throws MillraceError BAD_SCHEMA */
export function throttleClosures(
  operator: string,
  schema: Schema,
  key: readonly string[],
  { everyMs, edge }: { readonly everyMs: number; readonly edge: Edge },
  allowedLatenessMs: number,
): ThinningClosures {
  const fields = keptFields(operator, schema, key);
  const dueMs = (atMs: number): number => dueBefore(atMs, allowedLatenessMs);
  const isLeading = edge !== 'trailing';
  const isTrailing = edge !== 'leading';

  /** The pause is over: what was held passes. */
  const endPause = (key: Tuple, state: Kept, emit: EmitTuple, { setTime }: OwnContext): void => {
    state.$isPaused = false;
    if (!state.$isHeld) return;
    const { $heldAt, $heldNth, $untilMs, $waiting } = state;
    const row = $waiting.get($heldAt, $heldNth);
    state.$isHeld = false;
    if (row === undefined) return;
    setTime(timeBefore(dueMs($untilMs), $heldAt, allowedLatenessMs));
    emit(fields.tupleOf(row, key));
    $waiting.delete($heldAt, $heldNth);
  };

  const hold = (state: Kept, atMs: number, nth: number): void => {
    if (state.$isHeld) state.$waiting.delete(state.$heldAt, state.$heldNth);
    state.$isHeld = true;
    state.$heldAt = atMs;
    state.$heldNth = nth;
  };

  const pass = (key: Tuple, atMs: number, nth: number, state: Kept, emit: EmitTuple, context: OwnContext): void => {
    const { $waiting } = state;
    if (state.$isPaused && state.$untilMs <= atMs) endPause(key, state, emit, context);
    const isFirst = !state.$isPaused;
    if (isFirst) {
      state.$isPaused = true;
      state.$untilMs = atMs + everyMs;
    }
    const row = $waiting.get(atMs, nth);
    if (isFirst && isLeading && row !== undefined) {
      context.setTime(atMs);
      emit(fields.tupleOf(row, key));
      $waiting.delete(atMs, nth);
    } else if (isTrailing) hold(state, atMs, nth);
    else $waiting.delete(atMs, nth);
  };

  return {
    state: {
      $next: t.u32(),
      $isPaused: t.bool(),
      $untilMs: t.f64(),
      $isHeld: t.bool(),
      $heldAt: t.f64(),
      $heldNth: t.u32(),
    },
    tables: { $waiting: table({ $at: t.f64(), $nth: t.u32() }, fields.row) },
    take(tuple: Tuple, state: Kept, _emit: EmitTuple, context: OwnContext): void {
      const { time } = context;
      const nth = state.$next;
      state.$next = (nth + 1) >>> 0;
      fields.store(state.$waiting.upsert(time, nth), tuple);
      wakeBy(context, dueMs(time));
    },
    onTimer(key: Tuple, state: Kept, emit: EmitTuple, context: OwnContext): void {
      const { untilMs, timers, remove } = context;
      const due: { at: number; nth: number }[] = [];
      let next = Number.POSITIVE_INFINITY;
      for (const { $at, $nth } of state.$waiting) {
        if (state.$isHeld && $at === state.$heldAt && $nth === state.$heldNth) continue;
        if (dueMs($at) <= untilMs) due.push({ at: $at, nth: $nth });
        else next = Math.min(next, dueMs($at));
      }
      due.sort((a, b) => a.at - b.at || a.nth - b.nth);
      for (const { at, nth } of due) pass(key, at, nth, state, emit, context);
      if (state.$isPaused && dueMs(state.$untilMs) <= untilMs) endPause(key, state, emit, context);
      if (state.$isPaused) next = Math.min(next, dueMs(state.$untilMs));
      if (next < Number.POSITIVE_INFINITY) timers.at(next);
      else remove();
    },
  };
}
