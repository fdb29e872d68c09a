// A window of all tuples of a key, which a trigger gives: at every so many tuples, at tuples of a kind, or so long after one by the clock.
// Promises: whatever triggers first gives what has come since, once; then all triggers begin anew, and so does the window if it is
// purged. What no trigger has given is given at the end of the input, unless that is declined.

import { errors } from '../../errors.ts';
import { generate } from '../../mailbox/codegen.ts';
import { refuseDeferred, refuseDeferredFunction } from '../../mailbox/deferred.ts';
import { t } from '../../mailbox/schema.ts';
import { checkOptions } from '../../options/check.ts';
import { closure, integer, toggle } from '../../options/kinds.ts';
import type { Given } from '../../options/option.ts';
import { refuseSurplus } from '../../surplus.ts';
import type { WindowClosures, WindowContent } from './content.ts';

export const GLOBAL_OPTIONS = {
  /** Emits the window when so many tuples have come since it was emitted last: an integer from 1 to 2147483648. */
  count: integer({
    help: 'emits the window when so many tuples have come since it was emitted last',
    from: 1,
    to: 2 ** 31,
    isMain: true,
  }),
  /** Emits the window at a tuple of which it is true: a function. */
  when: closure<(tuple: never) => boolean>({ help: 'emits the window at a tuple of which it is true' }),
  /**
   * Emits the window so long, by the clock, after the first tuple since it was emitted last: milliseconds, an integer
   * from 1 to 2147483647.
   */
  everyMs: integer({
    help: 'emits the window so long, by the clock, after the first tuple since it was emitted last',
    unit: 'milliseconds, an integer',
    from: 1,
    to: 2 ** 31 - 1,
  }),
  /** Begins anew when the window has been emitted, without the tuples so far: true or false. Default: `false`. */
  purge: toggle({
    help: 'begins anew when the window has been emitted, without the tuples so far',
    default: false,
  }),
  /** Emits at the end of the input what has come since the window was emitted last: true or false. Default: `true`. */
  rest: toggle({
    help: 'emits at the end of the input what has come since the window was emitted last',
    default: true,
  }),
};

/** Options of `globalWindow`. */
export interface GlobalOptions<Tuple> extends Omit<Given<typeof GLOBAL_OPTIONS>, 'when'> {
  /** Emits the window at a tuple of which it is true. */
  when?: (tuple: Tuple) => boolean;
}

/** One window of all tuples of a key. */
export interface GlobalWindow<Tuple> {
  /** Which function has made it. */
  readonly kind: 'global';
  /** After how many tuples it is emitted. */
  readonly count: number | undefined;
  /** At which tuples it is emitted. */
  readonly when: ((tuple: Tuple) => boolean) | undefined;
  /** How long after a tuple it is emitted, in milliseconds. */
  readonly everyMs: number | undefined;
  /** Whether it begins anew when it has been emitted. */
  readonly purge: boolean;
  /** Whether what is left at the end of the input is emitted. */
  readonly rest: boolean;
}

/**
 * One window of all tuples of a key, that is emitted by whichever of its triggers comes first: `count`, `when` or `everyMs`. It needs no
 * event time; with `everyMs` its results have none. See docs/windows.md#by-triggers.
 * @throws MillraceError BAD_OPTION, also without a trigger; ASYNC_CLOSURE
 */
export function globalWindow<Tuple>(options: GlobalOptions<Tuple>, ...surplus: readonly never[]): GlobalWindow<Tuple> {
  refuseSurplus('globalWindow(options)', 1, surplus);
  const where = 'globalWindow()';
  const { count, everyMs, when, purge, rest } = checkOptions(where, GLOBAL_OPTIONS, options as never);
  if (count === undefined && everyMs === undefined && when === undefined) {
    const rule =
      'given, or everyMs or when: without a trigger the window would be emitted at the end only, as keyed.aggregate() does';
    throw errors.badOption('count', count, rule, where);
  }
  refuseDeferredFunction(where, when);
  return { kind: 'global', count, everyMs, when: when as GlobalWindow<Tuple>['when'], purge, rest };
}

/** The closures of an operator whose window is of all tuples of a key. */
export function globalClosures(
  operator: string,
  content: WindowContent,
  { count, everyMs, when, purge, rest }: GlobalWindow<never>,
): WindowClosures {
  const triggers = [
    ...(count === undefined ? [] : [`state.$new >= ${count}`]),
    ...(when === undefined ? [] : ['isTrigger(tuple)']),
  ];
  const body = `
// Set while the window is given: what add fails at then is the window.
let isGiving = false;
function give(key, state, emit, context) {
if (!context.isLeftOut) {
isGiving = true;
${content.give('state', '0', 'state.$n')}
isGiving = false;
}
${purge ? 'context.remove();' : `state.$new = 0; ${everyMs === undefined ? '' : 'context.timers.cancel();'}`}
}
function add(tuple, state, emit, context) {
if (context.isLeftOut && !isGiving) return;
isGiving = false;
${content.add('state', 'state.$n')}
state.$n++;
state.$new++;
${triggers.length === 0 ? '' : `if (${triggers.join(' || ')}) { give(tuple, state, emit, context); return; }`}
${everyMs === undefined ? '' : `if (state.$new === 1) context.timers.after(${everyMs});`}
}
function onTimer(key, state, emit, context) { give(key, state, emit, context); }
function end(key, state, emit) {
if (state.$new > 0) { ${content.give('state', '0', 'state.$n')} }
}
return { add, onTimer, end };`;
  const isTrigger = (tuple: never): boolean => {
    const answer = when?.(tuple);
    if (answer === true || !answer) return answer === true;
    refuseDeferred(operator, answer);
    return true;
  };
  const { add, onTimer, end } = generate<Pick<WindowClosures, 'add' | 'onTimer' | 'end'>>(
    `${operator}/global`,
    { ...content.constants, isTrigger },
    body,
  );
  return {
    state: { $n: t.f64(), $new: t.f64(), ...content.pane, ...content.state },
    tables: content.tables,
    add,
    leavesOutTuples: true,
    merge: undefined,
    onTimer: everyMs === undefined ? undefined : onTimer,
    isByClock: true,
    end: rest ? end : undefined,
  };
}
