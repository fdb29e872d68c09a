// Windows of so many tuples of a key, by panes: the largest number of tuples that no window cuts.
// Promises: a window is given at its last tuple, and panes go with their last window; what is left at the end of the input is given if
// that is asked for.

import { generate } from '../../mailbox/codegen.ts';
import { t } from '../../mailbox/schema.ts';
import { table } from '../../state/rows/row-layout.ts';
import { commonDivisor, PANES, type WindowClosures, type WindowContent } from './content.ts';
import type { CountWindow } from './window.ts';

const PANE = '$pane';

/** The closures of an operator whose windows are of so many tuples. */
export function countClosures(
  operator: string,
  content: WindowContent,
  { size, every, rest }: CountWindow,
): WindowClosures {
  const step = commonDivisor(size, every);
  const panes = `state.${PANES}`;
  const body = `
function give(key, state, start, end, emit) {
const pane = ${content.empty};
for (let n = start; n < end; n += ${step}) {
const other = ${panes}.get(n / ${step});
if (other !== undefined) { ${content.join('pane', 'other')} }
}
${content.give('pane', 'start', 'end')}
}
// Set while a window is given: what add fails at then is the window.
let isGiving = false;
function add(tuple, state, emit, context) {
if (context.isLeftOut && !isGiving) return;
isGiving = false;
const at = Math.floor(state.$n / ${step}), pane = ${panes}.upsert(at);
${content.add('pane', `at * ${step}`)}
const n = ++state.$n;
if (n < ${size} || (n - ${size}) % ${every} !== 0) return;
const start = n - ${size};
if (!context.isLeftOut) {
isGiving = true;
give(tuple, state, start, n, emit);
isGiving = false;
}
for (let gone = start; gone < start + ${every}; gone += ${step}) { ${content.release('gone', `gone + ${step}`)} ${panes}.delete(gone / ${step}); }
if (${panes}.size === 0) context.remove();
}
function end(key, state, emit) {
const start = state.$n < ${size} ? 0 : Math.ceil((state.$n - ${size} + 1) / ${every}) * ${every};
if (state.$n > start) give(key, state, start, state.$n, emit);
}
return { add, end };`;
  const { add, end } = generate<Pick<WindowClosures, 'add' | 'end'>>(`${operator}/counts`, content.constants, body);
  return {
    state: { $n: t.f64(), ...content.state },
    tables: { [PANES]: table({ [PANE]: t.f64() }, content.pane), ...content.tables },
    add,
    leavesOutTuples: true,
    merge: undefined,
    onTimer: undefined,
    end: rest ? end : undefined,
  };
}
