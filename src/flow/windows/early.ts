// Results of windows that are still open: so many milliseconds by the clock after a window has changed it is given as it is then.
// Promises: a timer by the clock a key, whatever the number of its windows, set as long as one of them has changed since it was given;
// what is given early is no later than the watermark, and no earlier than the window begins.
// Relies on: what is due in event time fires before what is due by the clock, so a window that an early result is of is open; in the
// closure of such a timer `context.time` is what the inputs have come to.

import { type Shape, t } from '../../mailbox/schema.ts';
import type { WindowEmit } from '../options/aggregate-options.ts';
import { eachRow, ONE_ONLY, resultTime } from './content.ts';

export const isEarly = (emit: WindowEmit): emit is { readonly everyMs: number } => typeof emit === 'object';

/** True while a pane has changed since it was given. */
const CHANGED = '$isChanged';

/** What a pane has for it. */
export const earlyField = (emit: WindowEmit): Shape => (isEarly(emit) ? { [CHANGED]: t.bool() } : {});

/** Statements for a pane that has changed; none unless results are given early. */
export const changedCode = (emit: WindowEmit, pane: string): string =>
  isEarly(emit)
    ? `${pane}.${CHANGED} = true; if (context.clock.due() === undefined) context.clock.after(${emit.everyMs});`
    : '';

/**
 * The function `onClock`; undefined unless results are given early.
 * @param panes an expression for all panes of the key
 * @param at the field that panes go by
 * @param giveCode statements that give what is open of `changed`, the values of that field in ascending order; if panes are given one by
 * one, there is one, and `following` is the next one to come, which what they have in common is left to
 */
export const onClockCode = (emit: WindowEmit, panes: string, at: string, giveCode: string): string =>
  isEarly(emit)
    ? `function onClock(key, state, emit, context) {
const now = context.time, changed = [];
${eachRow('pane', panes)} {
if (pane.${CHANGED}) changed.push(pane.${at});
}
changed.sort((one, other) => one - other);
let following;
if (${ONE_ONLY} && changed.length > 1) {
following = changed[1];
changed.length = 1;
context.clock.after(0);
}
for (const at of changed) ${panes}.get(at).${CHANGED} = false;
if (context.isLeftOut) return;
${giveCode}
}`
    : 'const onClock = undefined;';

/** A statement for the time of a result that is given in `onClock`. */
export const earlyTime = (start: string, end: string): string =>
  `context.setTime(Math.min(${resultTime(end)}, Math.max(${start}, now)));`;
