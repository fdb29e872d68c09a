// Sessions of a join: a window lasts as long as tuples of the key keep coming, of either stream.
// Promises: tuples of both streams are of one session if each is less than the gap from the one before. A session comes out once, and
// goes, when the watermark says that no tuple can join it.
// Relies on: a bucket is as long as the gap, so all in it are of one session.
//
// Two sorts of timers: the key's own looks which sessions have ended, and sets one by name for each, which gives it. So a session that
// fails takes no other along, and goes all the same.

import { t } from '../../mailbox/schema.ts';
import { table } from '../../state/rows/row-layout.ts';
import type { Tuple } from '../timed/kept-fields.ts';
import { type EmitTuple, type OwnContext, wakeBy } from '../timed/own-context.ts';
import type { SessionWindow } from '../windows/window.ts';
import type { Kept, Rows } from './buckets.ts';
import { bucketsWithin, type JoinWindows, type WindowSides } from './window-sides.ts';

interface SessionRow {
  readonly $from: number;
  /** The time of its last tuple. */
  $to: number;
  /** True once the timer is set that gives it. */
  $isDue: boolean;
}

const sessionsOf = (state: Kept): Rows<SessionRow> => state.$sessions;

export function joinedSessions(sides: WindowSides, { gapMs }: SessionWindow): JoinWindows {
  const dueMs = ({ $to }: Pick<SessionRow, '$to'>): number => sides.dueMs($to + gapMs);
  const bucketOf = (ms: number): number => Math.floor(ms / gapMs);
  const bucketsOf = (state: Kept, { $from, $to }: Pick<SessionRow, '$from' | '$to'>) =>
    bucketsWithin(state, bucketOf($from), bucketOf($to) + 1);

  const drop = (state: Kept, session: Pick<SessionRow, '$from' | '$to'>): void => {
    const { $from } = session;
    const bucketsIn = bucketsOf(state, session);
    for (const buckets of sides.both) for (const at of bucketsIn(buckets)) buckets.drop(state, at);
    sessionsOf(state).delete($from);
  };

  const sweep = (state: Kept, context: OwnContext): void => {
    const { timer, timers, untilMs } = context;
    const gone: Pick<SessionRow, '$from' | '$to'>[] = [];
    let next = Number.POSITIVE_INFINITY;
    for (const session of sessionsOf(state)) {
      const { $from, $to, $isDue } = session;
      const due = dueMs(session);
      if ($isDue && due < timer.atMs) gone.push({ $from, $to });
      else if ($isDue || due <= untilMs) {
        if (!$isDue) timers.at(due, String($from));
        session.$isDue = true;
        next = Math.min(next, due + 1);
      } else next = Math.min(next, due);
    }
    for (const session of gone) drop(state, session);
    if (next < Number.POSITIVE_INFINITY) timers.at(Math.max(next, timer.atMs));
    else context.remove();
  };

  return {
    tables: { $sessions: table({ $from: t.f64() }, { $to: t.f64(), $isDue: t.bool() }) },
    around: (atMs) => [{ windowStart: atMs, windowEnd: atMs + gapMs }],
    enter(state, context) {
      const { time } = context;
      const sessions = sessionsOf(state);
      const joined: number[] = [];
      let from = time;
      let to = time;
      for (const { $from, $to, $isDue } of sessions) {
        if ($isDue || time >= $to + gapMs || time <= $from - gapMs) continue;
        joined.push($from);
        from = Math.min(from, $from);
        to = Math.max(to, $to);
      }
      for (const each of joined) if (each !== from) sessions.delete(each);
      sessions.upsert(from).$to = to;
      wakeBy(context, dueMs({ $to: to }));
      return bucketOf(time);
    },
    onTimer(key: Tuple, state: Kept, emit: EmitTuple, context: OwnContext) {
      const { name } = context.timer;
      if (name === '') {
        sweep(state, context);
        return;
      }
      const found = sessionsOf(state).get(Number(name));
      if (found === undefined) return;
      const session = { $from: found.$from, $to: found.$to };
      const bounds = { windowStart: session.$from, windowEnd: session.$to + gapMs };
      sides.give(key, state, bounds, bucketsOf(state, session), emit, context);
      drop(state, session);
      if (sessionsOf(state).size === 0) context.remove();
    },
  };
}
