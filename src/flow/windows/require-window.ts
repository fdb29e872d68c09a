// What `window()` and `windowJoin()` accept: what the functions of millrace/windows have made, and nothing that only resembles it.
// Promises: what passes would be made again by the function that its `kind` names; so nothing of it is missing or out of range.
// Not by a mark on the object, since a window may be a parameter of the flow, and a mark does not travel between threads.

import { errors, MillraceError } from '../../errors.ts';
import { calendar } from './calendar.ts';
import { globalWindow } from './global-window.ts';
import { count, session, sliding, tumbling, type Window } from './window.ts';

type Parts = Readonly<Record<string, unknown>>;
type Kind = Window['kind'];

/** The function of each kind, by what it has made. */
const MAKERS: Readonly<Record<Kind, (parts: Parts) => unknown>> = {
  tumbling: ({ everyMs, ...parts }) => {
    const made = tumbling(parts as never);
    if (everyMs !== made.sizeMs)
      throw errors.badOption('everyMs', everyMs, `sizeMs, which is ${made.sizeMs}`, 'tumbling()');
    return made;
  },
  sliding: (parts) => sliding(parts as never),
  session: (parts) => session(parts as never),
  calendar: (parts) => calendar(parts as never),
  count: (parts) => count(parts as never),
  global: (parts) => globalWindow(parts as never),
};

const NAMES: Readonly<Record<Kind, string>> = {
  tumbling: 'tumbling({ sizeMs })',
  sliding: 'sliding({ sizeMs, everyMs })',
  session: 'session({ gapMs })',
  calendar: 'calendar({ timeZone })',
  count: 'count({ size })',
  global: 'globalWindow({ count })',
};

const isObject = (given: unknown): given is Parts => typeof given === 'object' && given !== null;

/**
 * @param where whose window it is, as error texts name it
 * @throws MillraceError BAD_OPTION unless a function of millrace/windows has made it
 */
export function requireWindow(given: unknown, where: string): asserts given is Window {
  const refuse = (rule: string): never => {
    throw errors.badOption('window', given, rule, where);
  };
  if (!isObject(given)) return refuse('a window such as tumbling({ sizeMs: 60_000 }) of millrace/windows');
  const { kind, ...parts } = given;
  // Both entry points have a count.
  if (typeof given.plan === 'function') {
    const meant = kind === 'count' ? NAMES.count : 'tumbling({ sizeMs: 60_000 })';
    return refuse(
      `a window such as ${meant} of millrace/windows, and this is the aggregate ${kind}() of millrace/aggregates, which aggregate() takes`,
    );
  }
  if (!Object.hasOwn(MAKERS, String(kind)))
    return refuse('a window such as tumbling({ sizeMs: 60_000 }) of millrace/windows');
  try {
    MAKERS[kind as Kind](parts);
  } catch (cause) {
    if (!(cause instanceof MillraceError)) throw cause;
    refuse(`what ${NAMES[kind as Kind]} of millrace/windows makes (${cause.message})`);
  }
}
