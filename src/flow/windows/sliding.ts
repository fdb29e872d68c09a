// Windows that overlap and close once, of aggregates: two joins a window, however many slices it has.
// Promises: what is given is what slices.ts would give.
// Relies on: a slice whose end the watermark has passed changes no more; what is kept of two stretches of time is joined in their order.
//
// How: slices before `$until` have been joined with all that come after them up to there, from the last one back, each in its own row.
// So the row of a window's first slice stands for the window up to `$until`, and the key's own row for what is behind: the *front*. When
// a window starts behind `$until`, the slices of the front are joined anew. Each slice is so joined twice, in all. (The aggregate of a
// queue by two stacks: Tangwongsan, Hirzel and Schneider, "Low-latency sliding-window aggregation in worst-case constant time", 2017,
// have its history.)

import { generate } from '../../mailbox/codegen.ts';
import { t } from '../../mailbox/schema.ts';
import { table } from '../../state/rows/row-layout.ts';
import { LATEST_MS } from '../event-time.ts';
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
import { endAfterCode, sliceCode, sliceMs } from './slices.ts';
import type { SlicedWindow } from './window.ts';

/** The closures of an operator that keeps windows which overlap. */
export function slidingClosures(operator: string, content: WindowContent, window: SlicedWindow): WindowClosures {
  const { sizeMs, everyMs } = window;
  const ms = sliceMs(window);
  const panes = `state.${PANES}`;
  const eachPane = eachRow('pane', panes);
  const arrival = (name: string, start: string, code: string): string => `
function ${name}(tuple, state, emit, context) {
const start = ${start}, pane = paneOf(state, start, context.timers);
${code}
}`;
  const body = `
const endAfter = (time) => ${endAfterCode(window, 'time')};
function paneOf(state, start, timers) {
const { size } = ${panes}, pane = ${panes}.upsert(start);
if (${panes}.size === size) return pane;
if (!state.$isOpen || start < state.$first) {
state.$isOpen = true;
state.$first = start;
const end = endAfter(start), due = timers.due();
if (due === undefined || end < due) timers.at(${timerAt('end')});
}
return pane;
}
${arrival('add', sliceCode(window, 'context.time'), content.add('pane', 'start'))}
${content.merge === undefined ? 'const merge = undefined;' : arrival('merge', `tuple.${SLICE}`, content.merge('pane', 'start'))}
/** Slices from \`start\` to \`end\` are joined with those behind them; returns the first one. */
function rebuild(state, start, end) {
let newer;
for (let at = end - ${ms}; at >= start; at -= ${ms}) {
const pane = ${panes}.get(at);
if (pane === undefined) continue;
if (newer !== undefined) { ${content.join('pane', 'newer')} }
newer = pane;
}
state.$until = end;
state.$hasFront = false;
${content.clear('state')}
return newer;
}
function backOf(state, start) {
for (let at = Math.max(start, state.$first); at < state.$until; at += ${ms}) {
const pane = ${panes}.get(at);
if (pane !== undefined) return pane;
}
return undefined;
}
function takeFront(state, end) {
for (let at = Math.max(state.$until, state.$taken, state.$first); at < end; at += ${ms}) {
const pane = ${panes}.get(at);
if (pane === undefined) continue;
${content.join('state', 'pane')}
state.$hasFront = true;
}
}
/** Gives the window that ends at \`end\`; returns the end of the next one. */
function close(key, state, end, emit, context) {
const start = end - ${sizeMs};
let back;
if (!state.$isBuilt || start >= state.$until) {
state.$isBuilt = true;
back = rebuild(state, Math.max(start, state.$first), end);
} else {
takeFront(state, end);
back = backOf(state, start);
}
state.$taken = end;
if (!context.isLeftOut && (back !== undefined || state.$hasFront)) {
const pane = ${content.empty};
if (back !== undefined) { ${content.join('pane', 'back')} }
if (state.$hasFront) { ${content.join('pane', 'state')} }
context.setTime(${resultTime('end')});
${content.give('pane', 'start', 'end')}
}
const gone = start + ${everyMs};
for (let at = state.$first; at < gone && ${panes}.size > 0; at += ${ms}) ${panes}.delete(at);
if (${panes}.size === 0) return Infinity;
if (state.$first < gone) {
let first = gone;
// What comes next may be far away.
if (!${panes}.has(first)) {
first = Infinity;
${eachPane} first = Math.min(first, pane.${SLICE});
}
state.$first = first;
}
return Math.max(end + ${everyMs}, endAfter(state.$first));
}
function onTimer(key, state, emit, context) {
const now = ${ENDED_UNTIL};
let next = context.timer.atMs, left = ${ONE_ONLY} ? 1 : ${WINDOWS_AT_ONCE};
if (next >= ${LATEST_MS}) next = Math.max(endAfter(state.$first), state.$isBuilt ? state.$taken + ${everyMs} : -Infinity);
while (next <= now && next < Infinity && left-- > 0) next = close(key, state, next, emit, context);
if (next < Infinity) context.timers.at(${timerAt('next')});
else context.remove();
}
return { add, merge, onTimer };`;
  return {
    state: {
      ...{ $isOpen: t.bool(), $isBuilt: t.bool(), $hasFront: t.bool() },
      ...{ $first: t.f64(), $until: t.f64(), $taken: t.f64() },
      ...content.pane,
      ...content.state,
    },
    tables: { [PANES]: table({ [SLICE]: t.f64() }, content.pane), ...content.tables },
    end: undefined,
    ...generate<Pick<WindowClosures, 'add' | 'merge' | 'onTimer'>>(`${operator}/windows`, content.constants, body),
  };
}
