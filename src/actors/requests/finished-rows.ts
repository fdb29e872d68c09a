// Rows behind a committed cursor whose results are out already: where results need not keep their order, a commit covers the rows
// before its cursors and these.
// Promises: for each input a bit for each of the replica's own rows, from the cursor on, as far as an operator may read ahead.

import type { Asking } from '../../flow/asking.ts';

const BITS = 32;

/** So many times as far as its capacity may an operator read ahead: while its oldest request takes its time, others go on. */
const SPAN_TIMES = 4;

/** Rows that an operator may have read ahead of its last commit, beside those of other replicas. */
export const spanOf = ({ capacity, isOrdered }: Asking): number => (isOrdered ? capacity : SPAN_TIMES * capacity);

const cellsOf = (asking: Asking): number => (asking.isOrdered ? 0 : Math.ceil(spanOf(asking) / BITS));

/** The cells of a commit that the finished rows take. */
export const finishedCells = (asking: Asking | undefined, inputs: number): number =>
  asking === undefined ? 0 : inputs * cellsOf(asking);

/** Which rows of an input are finished; no longer than up to the last one that is. */
export function readFinished(cells: readonly number[], asking: Asking, input: number): boolean[] {
  const finished: boolean[] = [];
  const length = cellsOf(asking);
  for (let i = 0; i < length * BITS; i++) {
    finished.push(((cells[input * length + Math.floor(i / BITS)] >>> (i % BITS)) & 1) === 1);
  }
  return finished.slice(0, finished.lastIndexOf(true) + 1);
}

/** Writes which rows of an input are finished. */
export function writeFinished(cells: number[], asking: Asking, input: number, finished: readonly boolean[]): void {
  const length = cellsOf(asking);
  cells.fill(0, input * length, (input + 1) * length);
  finished.forEach((isFinished, i) => {
    if (isFinished) cells[input * length + Math.floor(i / BITS)] |= 1 << (i % BITS);
  });
}
