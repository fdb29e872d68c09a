// Windows of one length, by slices: what is kept of tuples is kept once for each slice of time, the largest that no window cuts, and
// merged when a window closes.
// Promises: a window is emitted when the watermark has come to its end, in the order of ends; one without tuples is not. A tuple that
// comes late, though not too late, has its windows emitted again. Slices go when the last window of theirs can change no more.
// Relies on: a timer of the key at the next end (state/timers); tuples that are later than allowed never come (event-time.ts).

import { errors } from '../../errors.ts';
import { generate } from '../../mailbox/codegen.ts';
import { constantsOf } from '../../mailbox/columns/codec.ts';
import { Schema, type SchemaField, type Shape, t } from '../../mailbox/schema.ts';
import { type TableDefinition, table } from '../../state/rows/row-layout.ts';
import type { AggregateCode, Slots } from '../aggregates/aggregate.ts';
import { type KeptAggregate, partName, singleCode } from '../aggregates/combiner.ts';
import type { WindowClosures } from './closures.ts';
import type { SlicedWindow } from './window.ts';
import { WindowValues } from './window-values.ts';

/** The field of a combined row that says its slice. */
export const SLICE = '$slice';

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

/** The length of a slice. */
export const sliceMs = ({ sizeMs, everyMs }: SlicedWindow): number => gcd(sizeMs, everyMs);

/** An expression for the start of the slice that a time is in. */
export function sliceCode(window: SlicedWindow, time: string): string {
  const ms = sliceMs(window);
  const { offsetMs } = window;
  return offsetMs === 0
    ? `Math.floor(${time} / ${ms}) * ${ms}`
    : `Math.floor((${time} - ${offsetMs}) / ${ms}) * ${ms} + ${offsetMs}`;
}

/** The parts of what is kept of a slice. Of an aggregate that keeps a table, how many rows it has there. */
const partsOf = (kept: readonly KeptAggregate[]): Shape =>
  Object.fromEntries(
    kept.flatMap(({ name, code }) =>
      code.table === undefined
        ? Object.entries(code.kept).map(([part, field]) => [partName(name, part), field] as const)
        : [[name, t.u32()] as const],
    ),
  );

/** What is kept of a slice; and whether it has changed since windows of it were emitted. */
const sliceTable = (kept: readonly KeptAggregate[]): TableDefinition =>
  table({ [SLICE]: t.f64() }, { $isLate: t.bool(), ...partsOf(kept) });

/** Different values by slice, for an aggregate that keeps a table. */
const valuesTable = ({ table: own }: AggregateCode): TableDefinition[] =>
  own === undefined ? [] : [table({ [SLICE]: t.f64(), ...own.key }, own.row)];

/**
 * The closures of an operator that keeps windows of one length.
 * @param emitsChanges true if each window is emitted whenever it has changed, instead of at its end
 * @throws MillraceError BAD_AGGREGATE
 */
export function slicedClosures(
  operator: string,
  keys: readonly SchemaField[],
  kept: readonly KeptAggregate[],
  window: SlicedWindow,
  allowedLatenessMs: number,
  emitsChanges: boolean,
): WindowClosures {
  const { sizeMs, everyMs, offsetMs } = window;
  const ms = sliceMs(window);
  const isWhole = ms === sizeMs;
  for (const { name, code } of kept) {
    if (code.table !== undefined && sizeMs !== everyMs)
      throw errors.badAggregate(
        operator,
        name,
        'distinct',
        'is kept value by value, which windows that overlap would keep several times: use approxDistinct, or tumbling windows',
      );
  }
  const slots =
    (object: string) =>
    (a: number): Slots =>
    (part = '') => {
      const { name, code } = kept[a];
      return code.table === undefined ? `${object}.${partName(name, part)}` : `values${a}.of(state.${name}, ${object})`;
    };
  const one = singleCode(kept, (field) => (field === undefined ? 'tuple' : `tuple.${field}`));
  const travelling =
    (a: number): Slots =>
    (part = '') => {
      const { travel } = kept[a].code;
      return travel === undefined ? one.slots(a)(part) : `(${travel(part, one.slots(a))})`;
    };
  const arrived =
    (a: number): Slots =>
    (part = '') =>
      `tuple.${partName(kept[a].name, part)}`;
  const mergeCode = (into: string, other: (a: number) => Slots): string =>
    kept.map(({ code }, a) => code.merge(slots(into)(a), other(a))).join('\n');
  const zeros = Schema.of(partsOf(kept), `operator '${operator}'`).fields;
  const empty = zeros.map(({ name, codec }, i) => `${name}: ${codec.zero(i)}`);
  const results = kept.map(({ name, code }, a) => `${name}: ${code.value(slots('result')(a))}`);
  const keyed = keys.map(({ name }) => `${name}: key.${name}`);
  const removeValues = kept.flatMap(({ name, code }, a) =>
    code.table === undefined ? [] : [`values${a}.remove(state.${name}, start);`],
  );
  const eachEnd = (from: string, until: string, code: string): string =>
    `for (let end = ${from}; end <= ${until}; end += ${everyMs}) { ${code} }`;
  const body = `
const endAfter = (time) => (Math.floor((time - ${sizeMs + offsetMs}) / ${everyMs}) + 1) * ${everyMs} + ${sizeMs + offsetMs};
const lastEnd = (start) => Math.floor((start - ${offsetMs}) / ${everyMs}) * ${everyMs} + ${sizeMs + offsetMs};
function changed(key, state, slice, start, emit, { timers }) {
const end = endAfter(start), due = timers.due();
${
  emitsChanges
    ? eachEnd('end', 'lastEnd(start)', 'give(key, state, end, emit);')
    : 'if (state.$isFired && end <= state.$fired) slice.$isLate = true;'
}
if (due === undefined || end < due) timers.at(end);
}
function add(tuple, state, emit, context) {
const start = ${sliceCode(window, 'context.time')}, slice = state.$windows.upsert(start);
${one.code}
${mergeCode('slice', travelling)}
changed(tuple, state, slice, start, emit, context);
}
function merge(tuple, state, emit, context) {
const start = tuple.${SLICE}, slice = state.$windows.upsert(start);
${mergeCode('slice', arrived)}
changed(tuple, state, slice, start, emit, context);
}
function give(key, state, end, emit) {
${
  isWhole
    ? `const result = state.$windows.get(end - ${sizeMs});`
    : `let result;
for (let start = end - ${sizeMs}; start < end; start += ${ms}) {
const slice = state.$windows.get(start);
if (slice === undefined) continue;
if (result === undefined) result = { ${empty.join(', ')} };
${kept.map(({ code }, a) => code.merge(slots('result')(a), slots('slice')(a))).join('\n')}
}`
}
if (result === undefined) return;
emit({ ${[...keyed, `windowStart: end - ${sizeMs}`, 'windowEnd: end', ...results].join(', ')} });
}
function onTimer(key, state, emit, context) {
const now = context.timer.atMs, fired = state.$isFired ? state.$fired : -Infinity, until = Math.max(now, fired);
let late = Infinity, first = Infinity;
for (const slice of state.$windows) {
const end = endAfter(slice.${SLICE});
first = Math.min(first, end);
if (slice.$isLate) { slice.$isLate = false; late = Math.min(late, end); lateOnes.add(slice.${SLICE}); }
}
${emitsChanges ? '' : `for (let end = late; end <= fired; end += ${everyMs}) if (holdsLate(end)) finish(key, state, end, emit, context);`}
lateOnes.clear();
${emitsChanges ? '' : eachEnd('Math.max(first, endAfter(fired))', 'now', 'finish(key, state, end, emit, context);')}
state.$isFired = true;
state.$fired = until;
let next = Infinity, gone;
for (const slice of state.$windows) {
const start = slice.${SLICE}, last = lastEnd(start);
if (last + ${allowedLatenessMs} <= now) (gone ??= []).push(start);
// The next end of a window with this slice, or else the time from which on nothing changes it.
else next = Math.min(next, last > until ? Math.max(endAfter(start), endAfter(until)) : last + ${allowedLatenessMs});
}
if (gone !== undefined) for (const start of gone) { ${removeValues.join(' ')} state.$windows.delete(start); }
if (next === Infinity) { if (state.$windows.size === 0) context.remove(); }
else context.timers.at(next);
}
function finish(key, state, end, emit, context) {
context.setTime(end - 1);
give(key, state, end, emit);
}
const lateOnes = new Set();
function holdsLate(end) {
for (const start of lateOnes) if (start >= end - ${sizeMs} && start < end) return true;
return false;
}
return { add, merge, onTimer };`;
  return {
    state: { $isFired: t.bool(), $fired: t.f64() },
    tables: {
      $windows: sliceTable(kept),
      ...Object.fromEntries(kept.flatMap(({ name, code }) => valuesTable(code).map((each) => [name, each]))),
    },
    ...generate<Pick<WindowClosures, 'add' | 'merge' | 'onTimer'>>(
      `${operator}/windows`,
      {
        ...constantsOf(zeros, operator),
        ...Object.assign({}, ...kept.map(({ code }) => code.constants)),
        ...Object.fromEntries(
          kept.flatMap(({ name, code }, a) =>
            code.table === undefined ? [] : [[`values${a}`, new WindowValues(name)]],
          ),
        ),
      },
      body,
    ),
  };
}
