// What the actors of a stage write into its outputs, of the figures of its operators.
// Promises: what operators of a chain hand on to each other, and what nobody reads, is not counted.

import type { Stage } from '../../../flow/plan.ts';
import type { JobReading, OperatorReading } from '../../readings/job-reading.ts';

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Tuples of each output of a stage between two readings. */
export function writtenBetween(
  { operators, outputs }: Stage,
  earlier: JobReading | 'start',
  now: JobReading,
): number[] {
  const countOf = (reading: JobReading, { operator, output }: Stage['outputs'][number]): number => {
    const { name, outputs: declared } = operators[operator];
    const found = reading.operators.find((each) => each.name === name) as OperatorReading;
    return found.outputs?.[declared[output].name].tuples ?? found.tuplesOut;
  };
  return outputs.map((each) => countOf(now, each) - (earlier === 'start' ? 0 : countOf(earlier, each)));
}

/**
 * Of the tuples that each operator of a stage has put out, the share that went to outputs of the stage.
 * @param written by output of the stage
 * @param putOut by operator
 */
export const writtenShares = ({ outputs }: Stage, written: readonly number[], putOut: readonly number[]): number[] =>
  putOut.map((all, k) => {
    const own = outputs.flatMap(({ operator }, port) => (operator === k ? [written[port]] : []));
    return all === 0 ? 0 : sum(own) / all;
  });

/** The share that one output has of all that its stage writes; all of it while nothing was written. */
export function shareOf(written: readonly number[], output: number): number {
  const all = sum(written);
  return all === 0 ? 1 : written[output] / all;
}
