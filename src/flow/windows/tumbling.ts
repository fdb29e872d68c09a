// Windows that follow each other without a gap, and close once: nothing of theirs is kept when the watermark has come to their end.
// Promises: what is given is what slices.ts would give. A key with one open window, which is nearly all of them, keeps that in its own
// row; more of them, while tuples come out of order around an end, are rows of a table under the key.
// Relies on: timers of a key fire in the order of their times, so each finds the window that ends then.

import { generate } from '../../mailbox/codegen.ts';
import { t } from '../../mailbox/schema.ts';
import { table } from '../../state/rows/row-layout.ts';
import { PANES, resultTime, SLICE, TIMER_TIME, timerAt, type WindowClosures, type WindowContent } from './content.ts';
import { sliceCode } from './slices.ts';
import type { SlicedWindow } from './window.ts';

/** The closures of an operator that keeps windows which follow each other. */
export function tumblingClosures(
  operator: string,
  content: WindowContent,
  window: SlicedWindow,
  givesChanges: boolean,
): WindowClosures {
  const { sizeMs } = window;
  const panes = `state.${PANES}`;
  // A table of values has the name of its aggregate, which a field of the row cannot have then.
  const isInRow = Object.keys(content.tables).length === 0;
  const arrival = (name: string, start: string, code: string): string => `
function ${name}(tuple, state, emit, context) {
const start = ${start}, pane = paneOf(state, start, context.timers);
${code}
${givesChanges ? 'give(tuple, state, pane, start, emit);' : ''}
}`;
  const body = `
function paneOf(state, start, timers) {
${isInRow ? `if (state.$isOpen && state.$start === start) return state;` : ''}
const before = ${panes}.size, found = before > 0 ? ${panes}.get(start) : undefined;
if (found !== undefined) return found;
const due = timers.due(), end = start + ${sizeMs};
if (due === undefined || end < due) timers.at(${timerAt('end')});
${isInRow ? `if (!state.$isOpen) { state.$isOpen = true; state.$start = start; return state; }` : ''}
return ${panes}.upsert(start);
}
${arrival('add', sliceCode(window, 'context.time'), content.add('pane', 'start'))}
${content.merge === undefined ? 'const merge = undefined;' : arrival('merge', `tuple.${SLICE}`, content.merge('pane', 'start'))}
function give(key, state, pane, start, emit) {
${content.give('pane', 'start', `start + ${sizeMs}`)}
}
function close(key, state, start, emit, context) {
const end = start + ${sizeMs};
const isOwn = ${isInRow ? 'state.$isOpen && state.$start === start' : 'false'};
const pane = isOwn ? state : ${panes}.get(start);
${givesChanges ? '' : `if (pane !== undefined) { context.setTime(${resultTime('end')}); give(key, state, pane, start, emit); }`}
${content.release('start', 'end')}
if (isOwn && ${panes}.size === 0) return Infinity;
if (isOwn) { state.$isOpen = false; ${content.clear('state')} }
else ${panes}.delete(start);
return first(state);
}
function first(state) {
let least = state.$isOpen ? state.$start : Infinity;
for (const pane of ${panes}) least = Math.min(least, pane.${SLICE});
return least;
}
function onTimer(key, state, emit, context) {
const now = ${TIMER_TIME};
let next = now < Infinity ? close(key, state, now - ${sizeMs}, emit, context) : first(state);
if (now === Infinity) while (next < Infinity) next = close(key, state, next, emit, context);
if (next < Infinity) context.timers.at(${timerAt(`next + ${sizeMs}`)});
else context.remove();
}
return { add, merge, onTimer };`;
  return {
    state: { $isOpen: t.bool(), $start: t.f64(), ...(isInRow && content.pane), ...content.state },
    tables: { [PANES]: table({ [SLICE]: t.f64() }, content.pane), ...content.tables },
    end: undefined,
    ...generate<Pick<WindowClosures, 'add' | 'merge' | 'onTimer'>>(`${operator}/windows`, content.constants, body),
  };
}
