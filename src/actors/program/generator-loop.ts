// The loop of a source that makes its tuples by a function of their number.

import { WorkCell } from '../vitals/vitals.ts';
import { stepName } from './chain.ts';
import type { ProgramParts } from './parts.ts';
import { leaveWhenFull } from './statements.ts';

/** The loop of a generator source. */
export function generatorCode(parts: ProgramParts): string {
  const { partitions } = parts.stage;
  // The plain loop is as it would be without partitions.
  const index = partitions === 1 ? 'from + k' : `(from + k) * ${partitions} + partition`;
  return `
function generateRows(from, to${partitions === 1 ? '' : ', partition'}) {
const n = (to - from) | 0;
let k = 0;
for (; k < n; k++) {
work[${WorkCell.operator}] = 0;
work[${WorkCell.row}] = k;
${stepName(0)}(generator(${index}, ${partitions > 1 ? 'partition' : '0'}));
${leaveWhenFull(parts, '{ k++; break; }')}
}
return from + k;
}
const generating = [generateRows, lastOfFour];`;
}

/**
 * The second function of call sites that must not be inlined: V8 inlines a site that has called only one function, and a row
 * loop that is inlined into its caller has no inlining budget left for the closures and the encoder (on Node.js 24 that
 * halved the throughput of a hop).
 */
export const lastOfFour = (_first: unknown, _second: unknown, _third: unknown, last: unknown): unknown => last;
