// The loops over the rows of a stream that have no state: all of them, the owned ones, or blocks of them in order; and the function around
// any loop over rows.
// Promises: the loop is as short as it can be; the key groups of some rows are counted after it.

import { isShareable } from '../../flow/plan.ts';
import { COUNTED_ROWS_MAX, LOAD_SAMPLES, SAMPLE_ROWS_MIN, SAMPLE_WEIGHT, WorkCell } from '../vitals/vitals.ts';
import { stepName } from './chain.ts';
import { statefulLoopCode } from './keyed-loop.ts';
import type { ProgramParts } from './parts.ts';
import { groupOfRowCode, leaveWhenFull, timeOfRowCode } from './statements.ts';

function loopCode(parts: ProgramParts, u: number): string {
  if (parts.streams[u].input.isOrdered) return orderedLoopCode(parts, u);
  return parts.stage.operators[0].state === undefined ? statelessLoopCode(parts, u) : statefulLoopCode(parts, u);
}

/** The row loop of one upstream stream. */
export function runCode(parts: ProgramParts, u: number): string {
  const { input } = parts.streams[u];
  return `
function run${u}(reader, dictionary, limit) {
decoder${u}.open(reader.ring.data, reader.frameIndex, reader.count, dictionary);
const from = reader.row, to = Math.min(reader.count, from + limit);
let i = from;
${loopCode(parts, u)}
${isShareable(input) ? sampleCode(parts, u) : ''}
return i;
}`;
}

/**
 * Counts the key groups of some of the rows that were done: after their loop, so that the loop is as it was. Where a resident takes
 * them all are counted: to count one is little beside that, and a few thousand slow ones are to say which groups have the load.
 */
function sampleCode({ streams, resident }: ProgramParts, u: number): string {
  const group = groupOfRowCode(streams[u].input, u, 'k');
  const counted = `for (let k = from; k < i; k++) { const g = ${group}; load[g] += owned[g]; load[${LOAD_SAMPLES}] += owned[g]; }`;
  if (resident !== undefined) return counted;
  return `if (i - from <= ${COUNTED_ROWS_MAX}) ${counted}
else {
let k = from + untilSample;
while (k < i) {
const g = ${group};
load[g] += ${SAMPLE_WEIGHT} * owned[g];
load[${LOAD_SAMPLES}] += owned[g];
random = (Math.imul(random, 1664525) + 1013904223) | 0;
k += ${SAMPLE_ROWS_MIN} + (random >>> 27);
}
untilSample = k - i;
}`;
}

function statelessLoopCode(parts: ProgramParts, u: number): string {
  const { input, inputIndex } = parts.streams[u];
  const partitioned = isShareable(input);
  const group = groupOfRowCode(input, u, 'i');
  return `const base = reader.position;
for (; i < to; i++) {
${partitioned ? `if (owned[${group}] === 0) continue; processed++;` : ''}
work[${WorkCell.row}] = i;
${timeOfRowCode(parts, u, 'i')}
${stepName(0, inputIndex)}(decoder${u}.tupleAt(i));
${leaveWhenFull(parts, '{ i++; break; }')}
}
${partitioned ? '' : 'processed += i - from;'}`;
}

/**
 * The same, where blocks of rows are dealt out, and what comes of a block is written as frames of its own that say its place. Blocks of
 * other replicas are passed up to the next one of its own, so that a commit says how far the replica has nothing to write; while tuples
 * are tried alone, in a run of their own: what fails is the row at the cursor.
 */
function orderedLoopCode(parts: ProgramParts, u: number): string {
  const { inputIndex } = parts.streams[u];
  const each = (code: (output: number) => string): string => parts.ports.map((_, output) => code(output)).join(' ');
  return `const base = reader.position, place = placeOfFrame(reader), count = reader.count, shift = blockShift(count);
const end = Math.min(count, from + within);
let left = limit;
while (i < end) {
const next = Math.min(count, ((i >>> shift) + 1) << shift), stop = Math.min(next, end);
if (owned[${groupOfRowCode(parts.streams[u].input, u, 'i')}] === 0) {
i = stop;
if (sieve !== undefined && left > 0) break;
continue;
}
if (left <= 0) break;
${each((output) => `output${output}.place = place + ((i >>> shift) << shift);`)}
while (i < stop && left > 0) {
work[${WorkCell.row}] = i;
${timeOfRowCode(parts, u, 'i')}
${stepName(0, inputIndex)}(decoder${u}.tupleAt(i));
processed++;
i++;
left--;
${leaveWhenFull(parts, 'left = 0;')}
}
if (i === next) {
${each((output) => `flush${output}();`)}
${leaveWhenFull(parts, 'left = 0;')}
}
}`;
}
