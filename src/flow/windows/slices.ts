// Windows of one length, by slices: what is kept of tuples is kept once for each slice of time, the largest that no window cuts, and
// joined when a window closes.
// Promises: a window is given when the watermark has come to its end, in the order of ends; one without tuples is not. A tuple that
// comes late, though not too late, has its windows given again. Slices go when the last window of theirs can change no more. Work goes
// by the slices that there are, and not by the time between them.
// Relies on: a timer of the key at the next end (state/timers); tuples that are later than allowed never come (event-time.ts).

import { generate } from '../../mailbox/codegen.ts';
import { t } from '../../mailbox/schema.ts';
import { table } from '../../state/rows/row-layout.ts';
import { LATEST_MS } from '../event-time.ts';
import { SLICE } from './aggregate-content.ts';
import { PANES, type WindowClosures, type WindowContent } from './content.ts';
import type { SlicedWindow } from './window.ts';

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

/** The length of a slice. */
const sliceMs = ({ sizeMs, everyMs }: SlicedWindow): number => gcd(sizeMs, everyMs);

/** An expression for the start of the slice that a time is in. */
export function sliceCode(window: SlicedWindow, time: string): string {
  const ms = sliceMs(window);
  const { offsetMs } = window;
  return offsetMs === 0
    ? `Math.floor(${time} / ${ms}) * ${ms}`
    : `Math.floor((${time} - ${offsetMs}) / ${ms}) * ${ms} + ${offsetMs}`;
}

/**
 * The closures of an operator that keeps windows of one length.
 * @param givesChanges true if each window is given whenever it has changed, instead of at its end
 */
export function slicedClosures(
  operator: string,
  content: WindowContent,
  window: SlicedWindow,
  allowedLatenessMs: number,
  givesChanges: boolean,
): WindowClosures {
  const { sizeMs, everyMs, offsetMs } = window;
  const ms = sliceMs(window);
  const isWhole = ms === sizeMs;
  const panes = `state.${PANES}`;
  const eachEnd = (from: string, until: string, code: string): string =>
    `for (let end = ${from}; end <= ${until}; end += ${everyMs}) ${code}`;
  const arrival = (name: string, start: string, code: string): string => `
function ${name}(tuple, state, emit, context) {
const start = ${start}, pane = ${panes}.upsert(start);
${code}
changed(tuple, state, pane, start, emit, context);
}`;
  const body = `
const endAfter = (time) => (Math.floor((time - ${sizeMs + offsetMs}) / ${everyMs}) + 1) * ${everyMs} + ${sizeMs + offsetMs};
const lastEnd = (start) => Math.floor((start - ${offsetMs}) / ${everyMs}) * ${everyMs} + ${sizeMs + offsetMs};
function changed(key, state, pane, start, emit, { timers }) {
const first = endAfter(start), due = timers.due();
${
  givesChanges
    ? eachEnd('first', 'lastEnd(start)', 'give(key, state, end, emit);')
    : 'if (state.$isFired && first <= state.$fired) pane.$isLate = true;'
}
if (due === undefined || first < due) timers.at(Math.min(first, ${LATEST_MS}));
}
${arrival('add', sliceCode(window, 'context.time'), content.add('pane'))}
${content.merge === undefined ? 'const merge = undefined;' : arrival('merge', `tuple.${SLICE}`, content.merge('pane'))}
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
function finish(key, state, end, emit, context) {
context.setTime(Math.min(end - 1, ${LATEST_MS}));
give(key, state, end, emit);
}
const ends = [];
const byTime = (one, other) => one - other;
function finishAll(key, state, fired, now, emit, context) {
ends.length = 0;
const next = endAfter(fired);
for (const pane of ${panes}) {
const start = pane.${SLICE}, isLate = pane.$isLate, last = Math.min(lastEnd(start), Math.max(now, fired));
${eachEnd('isLate ? endAfter(start) : Math.max(endAfter(start), next)', 'last', 'ends.push(end);')}
if (isLate) pane.$isLate = false;
}
if (ends.length > 1) ends.sort(byTime);
let before;
for (const end of ends) {
if (end !== before) finish(key, state, end, emit, context);
before = end;
}
}
function onTimer(key, state, emit, context) {
// The latest timer that there can be stands for all times behind it.
const now = context.timer.atMs < ${LATEST_MS} ? context.timer.atMs : Infinity;
const fired = state.$isFired ? state.$fired : -Infinity, until = Math.max(now, fired);
${givesChanges ? '' : 'finishAll(key, state, fired, now, emit, context);'}
state.$isFired = true;
state.$fired = until;
let next = Infinity, gone;
for (const pane of ${panes}) {
const start = pane.${SLICE}, last = lastEnd(start);
if (last + ${allowedLatenessMs} <= now) (gone ??= []).push(start);
// The next end of a window with this slice, or else the time from which on nothing changes it.
else next = Math.min(next, last > until ? Math.max(endAfter(start), endAfter(until)) : last + ${allowedLatenessMs});
}
if (gone !== undefined) for (const start of gone) { ${content.release('start', `start + ${ms}`)} ${panes}.delete(start); }
if (${panes}.size === 0) context.remove();
else if (next < Infinity) context.timers.at(Math.min(next, ${LATEST_MS}));
}
return { add, merge, onTimer };`;
  return {
    state: { $isFired: t.bool(), $fired: t.f64(), ...content.state },
    tables: { [PANES]: table({ [SLICE]: t.f64() }, { $isLate: t.bool(), ...content.pane }), ...content.tables },
    end: undefined,
    ...generate<Pick<WindowClosures, 'add' | 'merge' | 'onTimer'>>(`${operator}/windows`, content.constants, body),
  };
}
