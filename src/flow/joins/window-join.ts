// Pairs of tuples of one window: each tuple of the one stream with each of the other.
// Promises: all of a window and key comes out when the window closes, once: when the watermark says that no tuple can come for it, not
// even a late one. A tuple without a mate in a window comes out then, too, if the kind wants it.

import { errors } from '../../errors.ts';
import type { JoinKind } from '../options/join-options.ts';
import type { Tuple } from '../timed/kept-fields.ts';
import type { EmitTuple, OwnContext } from '../timed/own-context.ts';
import { daysOf } from '../windows/calendar.ts';
import type { Window } from '../windows/window.ts';
import type { Kept } from './buckets.ts';
import { followingWindows } from './following-windows.ts';
import type { JoinClosures } from './join-closures.ts';
import { joinedSessions } from './joined-sessions.ts';
import { overlappingWindows } from './overlapping-windows.ts';
import type { Side } from './sides.ts';
import { type JoinInWindow, type JoinWindows, type WindowSide, WindowSides } from './window-sides.ts';

/** @throws MillraceError BAD_OPTION for windows that are not of time */
function windowsOf(operator: string, window: Window, sides: WindowSides): JoinWindows {
  switch (window.kind) {
    case 'tumbling': {
      const { sizeMs, offsetMs } = window;
      const startOf = (ms: number): number => Math.floor((ms - offsetMs) / sizeMs) * sizeMs + offsetMs;
      return followingWindows(sides, { startOf, endOf: (ms) => startOf(ms) + sizeMs });
    }
    case 'calendar':
      return followingWindows(sides, daysOf(window));
    case 'sliding':
      return overlappingWindows(sides, window);
    case 'session':
      return joinedSessions(sides, window);
    default:
      throw errors.badOption(
        'window',
        window.kind,
        'a window of time: tumbling, sliding, session or calendar',
        `operator '${operator}'`,
      );
  }
}

/** @throws MillraceError NO_EVENT_TIME, BAD_SCHEMA, BAD_OPTION for windows that are not of time */
export function windowJoinClosures(
  operator: string,
  left: Side,
  right: Side,
  window: Window,
  kind: JoinKind,
  join: JoinInWindow,
): JoinClosures {
  const sides = new WindowSides(operator, left, right, kind, join);
  const windows = windowsOf(operator, window, sides);
  const take =
    ({ buckets, isOuter, hasNullKey, alone }: WindowSide) =>
    (tuple: Tuple, state: Kept, emit: EmitTuple, context: OwnContext): void => {
      if (hasNullKey(tuple)) {
        if (isOuter) for (const bounds of windows.around(context.time)) emit(alone(tuple, bounds));
        context.remove();
        return;
      }
      buckets.add(state, windows.enter(state, context), context.time, tuple, true);
    };
  const [lefts, rights] = sides.both;
  return {
    state: windows.state ?? {},
    tables: { ...lefts.tables, ...rights.tables, ...windows.tables },
    left: take(sides.left),
    right: take(sides.right),
    onTimer: windows.onTimer,
  };
}
