// Windows that follow each other without a gap, and close once: nothing of theirs is kept when the watermark has come to their end.
// Promises: what is given is what slices.ts would give. A key with one open window, which is nearly all of them, keeps that in its own
// row; more of them, while tuples come out of order around an end, are rows of a table under the key.
// Relies on: a timer of the key at the first end.

import { generate } from '../../mailbox/codegen.ts';
import { t } from '../../mailbox/schema.ts';
import { table } from '../../state/rows/row-layout.ts';
import {
  ENDED_UNTIL,
  eachRow,
  ONE_ONLY,
  PANES,
  resultTime,
  SLICE,
  timerAt,
  WINDOWS_AT_ONCE,
  type WindowClosures,
  type WindowContent,
} from './content.ts';
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
  const eachPane = eachRow('pane', panes);
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
function close(key, state, pane, start, emit, context) {
const end = start + ${sizeMs};
${givesChanges ? '' : `if (!context.isLeftOut) { context.setTime(${resultTime('end')}); give(key, state, pane, start, emit); }`}
${content.release('start', 'end')}
}
const ended = [];
const inOrder = (one, other) => one - other;
function onTimer(key, state, emit, context) {
const latest = ${ENDED_UNTIL} - ${sizeMs};
const isOwn = state.$isOpen && state.$start <= latest;
if (isOwn && ${panes}.size === 0) {
close(key, state, state, state.$start, emit, context);
context.remove();
return;
}
let next = state.$isOpen && !isOwn ? state.$start : Infinity;
ended.length = 0;
if (isOwn) ended.push(state.$start);
${eachPane} {
const start = pane.${SLICE};
if (start <= latest) ended.push(start);
else if (start < next) next = start;
}
ended.sort(inOrder);
const count = Math.min(ended.length, ${ONE_ONLY} ? 1 : ${WINDOWS_AT_ONCE});
if (count < ended.length) next = ended[count];
for (let i = 0; i < count; i++) {
const start = ended[i];
if (state.$isOpen && state.$start === start) {
close(key, state, state, start, emit, context);
state.$isOpen = false;
${isInRow ? content.clear('state') : ''}
} else {
close(key, state, ${panes}.get(start), start, emit, context);
${panes}.delete(start);
}
}
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
