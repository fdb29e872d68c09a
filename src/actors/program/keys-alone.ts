// Closures that run for a key without a tuple of the input: at the end of the stream, when a timer fires, for what a resident has.

import { errors } from '../../errors.ts';
import { LATEST_MS } from '../../flow/event-time.ts';
import { keyGroupCode } from '../../mailbox/hash.ts';
import { groupRootCode } from '../../state/memory/arena.ts';
import { TimeCell } from '../time/time-cells.ts';
import { LOAD_SAMPLES, WorkCell } from '../vitals/vitals.ts';
import { emitName, rethrowCode, runClosureCode } from './chain.ts';
import type { ProgramParts } from './parts.ts';
import { anyOutput, keyFields, leftOutCode, perArena, viewCode } from './statements.ts';

/** Takes the tuples that the resident has for rows of this replica. */
export function deliverCode(parts: ProgramParts): string {
  if (parts.resident === undefined) return '';
  const { stage, streams } = parts;
  const { input } = streams[0];
  const [{ index, codec }, ...more] = keyFields(input);
  if (more.length > 0 || codec.isCached) throw errors.invariant('a resident is keyed by one number');
  const key = codec.ofValue(`tuple.${input.schema.fields[index].name}`, index);
  const [head] = stage.operators;
  return `
function deliver(emits) {
let tuple = resident.next(emits);
if (tuple === undefined) return;
state.resume();
for (; tuple !== undefined; tuple = resident.next(emits)) {
const key = ${key}, h = ${codec.hashOfValue('key', index)}, g = ${keyGroupCode('h')};
let s = stamps[g];
if (s === 0) s = transaction.openGroup(g);
insertions.count = 0;
const p = upsert(${perArena(parts, 'arena')}, ${groupRootCode}, h, s, key);
const view = ${perArena(parts, 'view')};
view.row = p;
transaction.stamp = stamps[g];
work[${WorkCell.operator}] = 0;
${runClosureCode(`closure0_0(tuple, view, ${emitName(head, 0)}, context)`, 0)}
processed++;
load[g]++;
load[${LOAD_SAMPLES}]++;
if (context.removed) { context.removed = false; state.remove(g, p); }
}
state.expire();
}`;
}

export function endCode(parts: ProgramParts): string {
  const [head] = parts.stage.operators;
  if (head.end === undefined) return 'const endingKey = [], endingSlot = 0; function endGroup() { return -1; }';
  return `
let endingKey = [], endingSlot = 0;
function endGroup(g, fromSlot, limit) {
if (owned[g] === 0) return -1;
let left = limit;
const s = transaction.openGroup(g);
state.resume();
const view = ${perArena(parts, 'view')};
const next = state.forEachRow(g, fromSlot, (key, arena, row) => {
state.table.touch(arena, row, s);
transaction.stamp = s;
view.row = row;
work[${WorkCell.operator}] = 0;
endingKey = key;
endingSlot = state.table.slotOf(arena, ${groupRootCode}, row);
work[${WorkCell.row}] = endingSlot;
time[${TimeCell.inWork}] = ${LATEST_MS};
${runClosureCode(`end(${newKeyCode(parts)}, view, ${emitName(head, 0)})`, 0)}
${parts.stage.operators.length > 1 ? rethrowCode : ''}
return --left > 0${parts.ports.map((_, output) => ` && !output${output}.isBatchFull`).join('')};
});
state.expire();
return next;
}`;
}

/** The class of the keys that closures get which run without a tuple. */
export function keyClassCode({ stage }: ProgramParts): string {
  const [{ inputs }] = stage.operators;
  const [{ key: names = [] }] = inputs;
  return `function Key(${names.map((_, k) => `k${k}`).join(', ')}) { ${names.map((name, k) => `this.${name} = k${k};`).join(' ')} }
Key.prototype = Object.prototype;`;
}

const newKeyCode = ({ stage }: ProgramParts): string => {
  const [{ inputs }] = stage.operators;
  return `new Key(${(inputs[0].key ?? []).map((_, k) => `key[${k}]`).join(', ')})`;
};

/** The timers that a function fires, and what it is called. */
const FIRING = {
  fireTimers: { timers: 'timers', closure: 'onTimer' },
  fireClock: { timers: 'clockTimers', closure: 'onClock' },
} as const;

type Firing = keyof typeof FIRING;

const firedBy = ({ timers, clockTimers }: ProgramParts, name: Firing) => (name === 'fireTimers' ? timers : clockTimers);

/** Statements for the timer that was taken: what stands before the call of its closure, the call, and what stands behind it. */
function firedCode(parts: ProgramParts, name: Firing): { before: string; call: string; behind: string } {
  const { timers: own, clockTimers, stage } = parts;
  const { timers, closure } = FIRING[name];
  // By the clock, time is what the inputs have come to.
  const time = name === 'fireTimers' ? 'timers.atMs' : 'timers.untilMs';
  const [head] = stage.operators;
  return {
    before: `const g = ${timers}.group, key = ${timers}.key;
${viewCode(parts, `${timers}.row`)}
context.timer = { name: ${timers}.name, atMs: ${timers}.atMs };
context.untilMs = nowMs;
${own?.isInEventTime ? `time[${TimeCell.inWork}] = ${time};` : ''}
work[${WorkCell.operator}] = 0;
work[${WorkCell.row}] = timerMark(${timers}.tag);`,
    call: `${runClosureCode(`${closure}(${newKeyCode(parts)}, view, ${emitName(head, 0)}, context)`, 0)}
${stage.operators.length > 1 ? rethrowCode : ''}`,
    behind: `if (context.removed) { context.removed = false; timers.removing(view); ${clockTimers === undefined ? '' : 'clockTimers.removing(view);'} state.remove(g, view.row); }`,
  };
}

/** The loop over timers that are due. */
export function firingCode(parts: ProgramParts, name: Firing): string {
  if (firedBy(parts, name) === undefined) return `function ${name}() { return 0; }`;
  const { before, call, behind } = firedCode(parts, name);
  const isFull = anyOutput(parts, 'isBatchFull');
  return `
function ${name}(nowMs, limit) {
let fired = 0;
state.resume();
while (fired < limit && ${FIRING[name].timers}.take(nowMs)) {
${before}
${call}
fired++;
${behind}
${isFull === '' ? '' : `if (${isFull}) break;`}
}
state.expire();
return fired;
}`;
}

/** A function that lets the operator go on without what the timer that was taken has failed at; for those that can. */
export function leaveOutCode(parts: ProgramParts, name: Firing): string {
  const functionName = name === 'fireTimers' ? 'leaveOut' : 'leaveOutClock';
  if (firedBy(parts, name) === undefined || parts.stage.operators[0].leavesOut?.timers !== true)
    return `function ${functionName}() {}`;
  const { before, call, behind } = firedCode(parts, name);
  return `
function ${functionName}(nowMs) {
state.resume();
${before}
${leftOutCode(call)}
${behind}
state.expire();
}`;
}
