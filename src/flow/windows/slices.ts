// Windows of one length, by slices: what is kept of tuples is kept once for each slice of time, the largest that no window cuts, and
// joined when a window closes.
// Promises: a window is given when the watermark has come to its end, in the order of ends; one without tuples is not. A tuple that
// comes late, though not too late, has its windows given again. Slices go when the last window of theirs can change no more. Work goes
// by the slices that there are, and not by the time between them.
// Relies on: a timer of the key at the next end (state/timers); tuples that are later than allowed never come (event-time.ts).

import { generate } from '../../mailbox/codegen.ts';
import { t } from '../../mailbox/schema.ts';
import { table } from '../../state/rows/row-layout.ts';
import type { WindowEmit } from '../options/aggregate-options.ts';
import {
  commonDivisor,
  ENDED_UNTIL,
  eachRow,
  ONE_ONLY,
  PANES,
  resultTime,
  SLICE,
  timerAt,
  type WindowClosures,
  type WindowContent,
} from './content.ts';
import { changedCode, earlyField, earlyTime, onClockCode } from './early.ts';
import type { SlicedWindow } from './window.ts';

/** The table of the ends of windows that are done, while they are given one by one. */
const DONE = '$done';

/** The length of a slice. */
export const sliceMs = ({ sizeMs, everyMs }: SlicedWindow): number => commonDivisor(sizeMs, everyMs);

/** An expression for the start of the slice that a time is in. */
export function sliceCode(window: SlicedWindow, time: string): string {
  const ms = sliceMs(window);
  const { offsetMs } = window;
  return offsetMs === 0
    ? `Math.floor(${time} / ${ms}) * ${ms}`
    : `Math.floor((${time} - ${offsetMs}) / ${ms}) * ${ms} + ${offsetMs}`;
}

/** An expression for the end of the first window that ends after a time. */
export const endAfterCode = ({ sizeMs, everyMs, offsetMs }: SlicedWindow, time: string): string =>
  `(Math.floor((${time} - ${sizeMs + offsetMs}) / ${everyMs}) + 1) * ${everyMs} + ${sizeMs + offsetMs}`;

/**
 * The closures of an operator that keeps windows of one length.
 * @param emit when windows are given: at their ends, or whenever they have changed instead, or early besides
 */
export function slicedClosures(
  operator: string,
  content: WindowContent,
  window: SlicedWindow,
  allowedLatenessMs: number,
  emit: WindowEmit,
): WindowClosures {
  const givesChanges = emit === 'changes';
  const { sizeMs, everyMs, offsetMs } = window;
  const ms = sliceMs(window);
  const isWhole = ms === sizeMs;
  const panes = `state.${PANES}`;
  const eachPane = eachRow('pane', panes);
  const eachEnd = (from: string, until: string, code: string): string =>
    `for (let end = ${from}; end <= ${until}; end += ${everyMs}) ${code}`;
  const arrival = (name: string, start: string, code: string): string => `
function ${name}(tuple, state, emit, context) {
const start = ${start}, pane = ${panes}.upsert(start);
${code}
changed(tuple, state, pane, start, emit, context);
${changedCode(emit, 'pane')}
}`;
  const body = `
const endAfter = (time) => ${endAfterCode(window, 'time')};
const lastEnd = (start) => Math.floor((start - ${offsetMs}) / ${everyMs}) * ${everyMs} + ${sizeMs + offsetMs};
function changed(key, state, pane, start, emit, { timers }) {
const first = endAfter(start), due = timers.due();
${
  givesChanges
    ? eachEnd('first', 'lastEnd(start)', 'give(key, state, end, emit);')
    : 'if (state.$isFired && first <= state.$fired) pane.$isLate = true;'
}
if (due === undefined || first < due) timers.at(${timerAt('first')});
}
${arrival('add', sliceCode(window, 'context.time'), content.add('pane', 'start'))}
${content.merge === undefined ? 'const merge = undefined;' : arrival('merge', `tuple.${SLICE}`, content.merge('pane', 'start'))}
function give(key, state, end, emit) {
${
  isWhole
    ? `const pane = ${panes}.get(end - ${sizeMs});`
    : `let pane;
for (let start = end - ${sizeMs}; start < end; start += ${ms}) {
const slice = ${panes}.get(start);
if (slice === undefined) continue;
if (pane === undefined) pane = ${content.empty};
${content.join('pane', 'slice')}
}`
}
if (pane === undefined) return;
${content.give('pane', `end - ${sizeMs}`, 'end')}
}
// One by one windows are given, or left out, while one that fails is looked for: which have been is in a table until all have.
let isOne = false, isDone = false, hasDone = false, nextEnd;
function finish(key, state, end, emit, context) {
if (hasDone && state.${DONE}.get(end) !== undefined) return;
if (isOne) {
if (isDone) { nextEnd ??= end; return; }
isDone = true;
state.${DONE}.upsert(end);
if (context.isLeftOut) return;
}
context.setTime(${resultTime('end')});
give(key, state, end, emit);
}
const late = [], kept = [];
const inOrder = (one, other) => one - other;
// Only ends of windows that have something: how much time lies between slices costs nothing.
function finishAll(starts, from, until, key, state, emit, context) {
let next = from;
for (const start of starts.sort(inOrder)) {
const last = Math.min(lastEnd(start), until);
for (let end = Math.max(next, endAfter(start)); end <= last; end += ${everyMs}) {
finish(key, state, end, emit, context);
next = end + ${everyMs};
}
}
}
function onTimer(key, state, emit, context) {
const now = ${ENDED_UNTIL}, fired = state.$isFired ? state.$fired : -Infinity, until = Math.max(now, fired);
late.length = kept.length = 0;
${eachPane} {
kept.push(pane.${SLICE});
if (pane.$isLate) late.push(pane.${SLICE});
}
isOne = ${ONE_ONLY};
hasDone = state.${DONE}.size > 0;
isDone = false;
nextEnd = undefined;
${
  givesChanges
    ? ''
    : `finishAll(late, -Infinity, fired, key, state, emit, context);
finishAll(kept, endAfter(fired), now, key, state, emit, context);`
}
if (nextEnd !== undefined) { context.timers.at(${timerAt('nextEnd')}); return; }
for (const start of late) ${panes}.get(start).$isLate = false;
if (state.${DONE}.size > 0) { const done = []; for (const { $end } of state.${DONE}) done.push($end); for (const end of done) state.${DONE}.delete(end); }
state.$isFired = true;
state.$fired = until;
let next = Infinity, gone;
${eachPane} {
const start = pane.${SLICE}, last = lastEnd(start);
if (last + ${allowedLatenessMs} <= now) (gone ??= []).push(start);
// The next end of a window with this slice, or else the time from which on nothing changes it.
else next = Math.min(next, last > until ? Math.max(endAfter(start), endAfter(until)) : last + ${allowedLatenessMs});
}
if (gone !== undefined) for (const start of gone) { ${content.release('start', `start + ${ms}`)} ${panes}.delete(start); }
if (${panes}.size === 0) context.remove();
else if (next < Infinity) context.timers.at(${timerAt('next')});
}
${onClockCode(
  emit,
  panes,
  SLICE,
  `let next = endAfter(state.$isFired ? state.$fired : -Infinity);
for (const start of changed) {
const last = following === undefined ? lastEnd(start) : Math.min(lastEnd(start), endAfter(following) - ${everyMs});
for (let end = Math.max(next, endAfter(start)); end <= last; end += ${everyMs}) {
${earlyTime(`end - ${sizeMs}`, 'end')}
give(key, state, end, emit);
next = end + ${everyMs};
}
}`,
)}
return { add, merge, onTimer, onClock };`;
  return {
    state: { $isFired: t.bool(), $fired: t.f64(), ...content.state },
    tables: {
      [PANES]: table({ [SLICE]: t.f64() }, { $isLate: t.bool(), ...earlyField(emit), ...content.pane }),
      [DONE]: table({ $end: t.f64() }, {}),
      ...content.tables,
    },
    end: undefined,
    ...generate<Pick<WindowClosures, 'add' | 'merge' | 'onTimer' | 'onClock'>>(
      `${operator}/windows`,
      content.constants,
      body,
    ),
  };
}
