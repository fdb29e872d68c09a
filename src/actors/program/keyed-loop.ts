// The loop over rows that have state: looks up the rows of a chunk of tuples, then calls the closure with each.
// Promises: a tuple whose output found no room is done, and those behind it are not begun; a row that was removed, or moved, is looked up
// again.

import { keyGroupCode } from '../../mailbox/hash.ts';
import { groupRootCode } from '../../state/memory/arena.ts';
import { WorkCell } from '../vitals/vitals.ts';
import { emitName, rethrowCode, runClosureCode } from './chain.ts';
import { foreseeCode, foreseenTables } from './foreseen-tables.ts';
import type { ProgramParts } from './parts.ts';
import { CHUNK_ROWS } from './rows-ahead.ts';
import {
  anyOutput,
  arenasOf,
  keyFields,
  leaveWhenDue,
  leaveWhenFull,
  leftOutCode,
  perArena,
  timeOfRowCode,
  viewCode,
} from './statements.ts';

/** Further arguments of a decoder, that it takes the texts of keys from the rows by. */
const keyTextsCode = ({ streams }: ProgramParts, u: number): string =>
  keyFields(streams[u].input)
    .map(({ codec }, k) => (codec.isCached ? `, state.keyText(${k}, g, h, p)` : ''))
    .join('');

/**
 * The two phases of a chunk of rows: locate looks up the state of the owned ones (their indices and state rows) and returns
 * how many they are, apply calls the closure with each and returns the first row that is not done: the one after a tuple whose
 * output found no room. Two loops, because the processor then overlaps the cache misses of several look-ups. If the state is
 * larger than the caches, a loop before them that branches on nothing it reads overlaps many more: 195 became 120 ns a tuple
 * at 1 M keys.
 */
export function phasesCode(parts: ProgramParts, u: number): string {
  const { stage } = parts;
  const { input, inputIndex } = parts.streams[u];
  const [head] = stage.operators;
  const keys = keyFields(input);
  const foreseen = foreseenTables(input, parts.state);
  const hasSpilled = anyOutput(parts, 'spilled');
  const keyTexts = keyTextsCode(parts, u);
  const hasTimers = parts.timers !== undefined;
  const hasClock = parts.clockTimers !== undefined;
  const hasTables = hasTimers || Object.keys(head.tables ?? {}).length > 0;
  const needsGroup = hasTables || keyTexts !== '' || arenasOf(parts) > 1;
  const seek = keys.map(({ index, codec }) => codec.seek(`key${u}_${index}`)).filter((code) => code !== '');
  const args = keys.map(({ index, codec }) => codec.ofReader(`key${u}_${index}`));
  return `
function fetch${u}(from, to) {
let sum = 0;
for (let i = from; i < to; i++) {
const h = decoder${u}.hashAt(i), g = ${keyGroupCode('h')};
sum ^= firstProbe(${perArena(parts, 'arena')}, ${groupRootCode}, h);
}
return sum;
}
function lookUp${u}(from, to) {
if (transaction.isLarge) fetched ^= fetch${u}(from, to);
let n = 0;
insertions.count = 0;
for (let i = from; i < to; i++) {
const h = decoder${u}.hashAt(i), g = ${keyGroupCode('h')};
let s = stamps[g];
if (s === 0) { if (owned[g] === 0) continue; s = transaction.openGroup(g); }
${seek.join(' ')}
indices[n] = i;
rows[n++] = upsert(${perArena(parts, 'arena')}, ${groupRootCode}, h, s, ${args.join(', ')});
}
if (insertions.count > 0) ahead.note(decoder${u}, indices, rows, n);
return n;
}
${foreseeCode(foreseen, u, perArena(parts, 'arena'))}
function locate${u}(from, to) {
for (;;) {
const before = transaction.rowMoves, n = lookUp${u}(from, to);
// A table that grew has moved the rows that were found before.
if (before !== transaction.rowMoves) continue;
${foreseen.length > 0 ? `if (transaction.isLarge) fetched ^= foresee${u}(n);` : ''}
return n;
}
}
function remove${u}(k, p, j, n) {
const h = decoder${u}.hashAt(k), g = ${keyGroupCode('h')};
context.removed = false;
${hasTimers ? 'timers.removing(timers.view);' : ''}
${hasClock ? 'clockTimers.removing(timers.view);' : ''}
state.remove(g, p);
// The row stands where it stood, without its key: nobody else's has moved.
for (let i = j + 1; i < n; i++) if (rows[i] === p) return true;
return false;
}
function apply${u}(from, to, count) {
let n = count;
for (let j = 0; j < n; j++) {
const k = indices[j], p = rows[j];
${needsGroup ? `const h = decoder${u}.hashAt(k), g = ${keyGroupCode('h')};` : ''}
${viewCode(parts, 'p')}
${hasTables ? 'transaction.stamp = stamps[g];' : ''}
work[${WorkCell.row}] = k;
work[${WorkCell.operator}] = 0;
${timeOfRowCode(parts, u, 'k')}
${runClosureCode(`closure0_${inputIndex}(decoder${u}.${parts.resident === undefined ? 'tupleAt' : 'viewAt'}(k${keyTexts}), view, ${emitName(head, 0)}, context)`, 0)}
${stage.operators.length > 1 ? rethrowCode : ''}
processed++;
if (context.removed && remove${u}(k, p, j, n)) { n = locate${u}(k + 1, to); j = -1; }
${hasSpilled === '' ? '' : `if (${hasSpilled}) { ahead.drop(decoder${u}, indices, rows, j + 1, n); return k + 1; }`}
${leaveWhenDue(parts, `{ ahead.drop(decoder${u}, indices, rows, j + 1, n); return k + 1; }`)}
}
return to;
}
const phases${u} = [locate${u}, apply${u}];`;
}

/** One call site for both phases keeps V8 from inlining them: each then has an inlining budget of its own. */
export function statefulLoopCode(parts: ProgramParts, u: number): string {
  return `state.resume();
while (i < to) {
const end = Math.min(to, i + ${CHUNK_ROWS});
let next = 0;
ahead.begin();
for (let phase = 0; phase < 2; phase++) next = phases${u}[phase](i, end, next);
i = next;
${leaveWhenFull(parts, 'break;')}
${leaveWhenDue(parts, 'break;')}
}
state.expire();`;
}

/** A function that lets the operator go on without what it has failed at with the tuple of the current row; for those that can. */
export function leaveOutRowCode(parts: ProgramParts, u: number): string {
  const { stage, streams } = parts;
  const [head] = stage.operators;
  if (parts.state === undefined || head.leavesOut?.tuples !== true) return `const leaveOutRow${u} = undefined;`;
  return `
function leaveOutRow${u}(reader, dictionary) {
decoder${u}.open(reader.ring.data, reader.frameIndex, reader.count, dictionary);
const k = reader.row;
state.resume();
ahead.begin();
if (locate${u}(k, k + 1) > 0) {
const p = rows[0], h = decoder${u}.hashAt(k), g = ${keyGroupCode('h')};
${viewCode(parts, 'p')}
transaction.stamp = stamps[g];
${timeOfRowCode(parts, u, 'k')}
${leftOutCode(`closure0_${streams[u].inputIndex}(decoder${u}.tupleAt(k${keyTextsCode(parts, u)}), view, ${emitName(head, 0)}, context);`)}
if (context.removed) remove${u}(k, p, 0, 1);
}
state.expire();
}`;
}
