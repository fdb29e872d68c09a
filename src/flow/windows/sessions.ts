// Windows that last as long as tuples of the key keep coming: a tuple joins the sessions from which it is less than the gap away.
// Promises: a session is given when the watermark has come to its last tuple plus the gap; then it goes. One that is changed by what
// comes late, though not too late, is given again: it replaces those given before that it overlaps.
// Relies on: a timer of the key at the first end; panes are few, since sessions of a key do not overlap.

import { generate } from '../../mailbox/codegen.ts';
import { t } from '../../mailbox/schema.ts';
import { table } from '../../state/rows/row-layout.ts';
import type { WindowEmit } from '../options/aggregate-options.ts';
import {
  ENDED_UNTIL,
  eachRow,
  ONE_ONLY,
  PANES,
  resultTime,
  timerAt,
  type WindowClosures,
  type WindowContent,
} from './content.ts';
import { changedCode, earlyField, earlyTime, isEarly, onClockCode } from './early.ts';
import type { SessionWindow } from './window.ts';

/** The slot of time, no longer than the gap, in which combined tuples are: they are of one session. */
export const SLOT = '$slot';
/** The first and the last time of combined tuples. */
export const FIRST = '$first';
export const LAST = '$last';

/** The closures of an operator that keeps sessions. */
export function sessionClosures(
  operator: string,
  content: WindowContent,
  { gapMs }: SessionWindow,
  allowedLatenessMs: number,
  emit: WindowEmit,
): WindowClosures {
  const givesChanges = emit === 'changes';
  const panes = `state.${PANES}`;
  const eachPane = eachRow('pane', panes);
  const arrival = (name: string, first: string, last: string, code: string): string => `
function ${name}(tuple, state, emit, context) {
const pane = paneOf(state, ${first}, ${last});
${code}
changed(tuple, state, pane, emit, context);
${changedCode(emit, 'pane')}
}`;
  // A key with one session, which is nearly all of them, has that in its own row; more of them are rows of a table under the key.
  const isInRow = allowedLatenessMs === 0 && !isEarly(emit);
  const inRowCode = `if (${panes}.size === 0) {
if (!state.$isOpen) {
state.$isOpen = true;
state.${FIRST} = first;
state.${LAST} = last;
return state;
}
if (first < state.${LAST} + ${gapMs} && last > state.${FIRST} - ${gapMs}) {
if (first < state.${FIRST}) state.${FIRST} = first;
if (last > state.${LAST}) state.${LAST} = last;
return state;
}
const pane = ${panes}.upsert(state.${FIRST});
pane.${LAST} = state.${LAST};
${content.join('pane', 'state')}
state.$isOpen = false;
${content.clear('state')}
}`;
  const closeCode = `if (state.$isOpen) {
const first = state.${FIRST}, end = state.${LAST} + ${gapMs};
if (end > now) { context.timers.at(${timerAt('end')}); return; }
${givesChanges ? '' : `if (!context.isLeftOut) { context.setTime(${resultTime('Math.ceil(end)')}); ${content.give('state', 'first', 'end')} }`}
${content.release('first', 'end')}
context.remove();
return;
}`;
  const body = `
const joined = [];
const byTime = (one, other) => one - other;
function paneOf(state, first, last) {
${isInRow ? inRowCode : ''}
joined.length = 0;
${eachPane} {
if (first < pane.${LAST} + ${gapMs} && last > pane.${FIRST} - ${gapMs}) joined.push(pane.${FIRST});
}
joined.sort(byTime);
let from = first, until = last;
for (const start of joined) from = Math.min(from, start);
const pane = ${panes}.upsert(from);
if (!joined.includes(from)) pane.${LAST} = until;
for (const start of joined) {
const other = ${panes}.get(start);
until = Math.max(until, other.${LAST});
if (start === from) continue;
${content.join('pane', 'other')}
${panes}.delete(start);
}
pane.${LAST} = until;
pane.$isFired = false;
return pane;
}
function changed(key, state, pane, emit, { timers }) {
${givesChanges ? `{ const first = pane.${FIRST}, end = pane.${LAST} + ${gapMs}; ${content.give('pane', 'first', 'end')} }` : ''}
setTimer(state, timers);
}
function setTimer(state, timers) {
${isInRow ? `if (state.$isOpen) { const end = state.${LAST} + ${gapMs}; timers.at(${timerAt('end')}); return; }` : ''}
let next = Infinity;
${eachPane} next = Math.min(next, pane.${LAST} + ${gapMs} + (pane.$isFired ? ${allowedLatenessMs} : 0));
if (next < Infinity) timers.at(${timerAt('next')});
}
${arrival('add', 'context.time', 'context.time', content.add('pane', 'context.time'))}
${content.merge === undefined ? 'const merge = undefined;' : arrival('merge', `tuple.${FIRST}`, `tuple.${LAST}`, content.merge('pane', `tuple.${FIRST}`))}
function onTimer(key, state, emit, context) {
const now = ${ENDED_UNTIL}, due = [], isOne = ${ONE_ONLY};
let isDone = false;
${isInRow ? closeCode : ''}
${eachPane} if (pane.${LAST} + ${gapMs} <= now) due.push(pane.${FIRST});
due.sort(byTime);
for (const first of due) {
const pane = ${panes}.get(first), end = pane.${LAST} + ${gapMs};
if (!pane.$isFired) {
pane.$isFired = true;
isDone = true;
${givesChanges ? '' : `if (!context.isLeftOut) { context.setTime(${resultTime('Math.ceil(end)')}); ${content.give('pane', 'first', 'end')} }`}
}
if (end + ${allowedLatenessMs} <= now) { ${content.release('first', 'end')} ${panes}.delete(first); }
if (isDone && isOne) break;
}
if (${panes}.size === 0) context.remove();
else setTimer(state, context.timers);
}
${onClockCode(
  emit,
  panes,
  FIRST,
  `for (const first of changed) {
const pane = ${panes}.get(first), end = pane.${LAST} + ${gapMs};
if (pane.$isFired) continue;
${earlyTime('first', 'Math.ceil(end)')}
${content.give('pane', 'first', 'end')}
}`,
)}
return { add, merge, onTimer, onClock };`;
  return {
    state: {
      ...(isInRow && { $isOpen: t.bool(), [FIRST]: t.f64(), [LAST]: t.f64(), ...content.pane }),
      ...content.state,
    },
    tables: {
      [PANES]: table(
        { [FIRST]: t.f64() },
        { [LAST]: t.f64(), $isFired: t.bool(), ...earlyField(emit), ...content.pane },
      ),
      ...content.tables,
    },
    end: undefined,
    ...generate<Pick<WindowClosures, 'add' | 'merge' | 'onTimer' | 'onClock'>>(
      `${operator}/sessions`,
      content.constants,
      body,
    ),
  };
}
