// Windows that last as long as tuples of the key keep coming: a tuple joins the sessions from which it is less than the gap away.
// Promises: a session is given when the watermark has come to its last tuple plus the gap; then it goes. One that is changed by what
// comes late, though not too late, is given again: it replaces those given before that it overlaps.
// Relies on: a timer of the key at the first end; panes are few, since sessions of a key do not overlap.

import { generate } from '../../mailbox/codegen.ts';
import { t } from '../../mailbox/schema.ts';
import { table } from '../../state/rows/row-layout.ts';
import { PANES, resultTime, TIMER_TIME, timerAt, type WindowClosures, type WindowContent } from './content.ts';
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
  givesChanges: boolean,
): WindowClosures {
  const panes = `state.${PANES}`;
  const arrival = (name: string, first: string, last: string, code: string): string => `
function ${name}(tuple, state, emit, context) {
const pane = paneOf(state, ${first}, ${last});
${code}
changed(tuple, state, pane, emit, context);
}`;
  const body = `
const joined = [];
const byTime = (one, other) => one - other;
function paneOf(state, first, last) {
joined.length = 0;
for (const pane of ${panes}) {
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
let next = Infinity;
for (const pane of ${panes}) next = Math.min(next, pane.${LAST} + ${gapMs} + (pane.$isFired ? ${allowedLatenessMs} : 0));
if (next < Infinity) timers.at(${timerAt('next')});
}
${arrival('add', 'context.time', 'context.time', content.add('pane'))}
${content.merge === undefined ? 'const merge = undefined;' : arrival('merge', `tuple.${FIRST}`, `tuple.${LAST}`, content.merge('pane'))}
function onTimer(key, state, emit, context) {
const now = ${TIMER_TIME}, due = [];
for (const pane of ${panes}) if (pane.${LAST} + ${gapMs} <= now) due.push(pane.${FIRST});
due.sort(byTime);
for (const first of due) {
const pane = ${panes}.get(first), end = pane.${LAST} + ${gapMs};
if (!pane.$isFired) {
pane.$isFired = true;
${givesChanges ? '' : `context.setTime(${resultTime('Math.ceil(end)')}); ${content.give('pane', 'first', 'end')}`}
}
if (end + ${allowedLatenessMs} <= now) { ${content.release('first', 'end')} ${panes}.delete(first); }
}
if (${panes}.size === 0) context.remove();
else setTimer(state, context.timers);
}
return { add, merge, onTimer };`;
  return {
    state: content.state,
    tables: {
      [PANES]: table({ [FIRST]: t.f64() }, { [LAST]: t.f64(), $isFired: t.bool(), ...content.pane }),
      ...content.tables,
    },
    end: undefined,
    ...generate<Pick<WindowClosures, 'add' | 'merge' | 'onTimer'>>(`${operator}/sessions`, content.constants, body),
  };
}
