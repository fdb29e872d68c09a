// What tests ask of a running job's readings.

import { between, type Job, type JobRates, type OperatorReading } from '../../src/index.ts';

/** A shorter span than this says little. */
const SPAN_MS_MIN = 50;

/** Of any job, whatever its outputs. */
type Read = Pick<Job, 'reading'>;

export function operatorOf(job: Read, operator: string): OperatorReading {
  const found = job.reading().operators.find(({ name }) => name === operator);
  if (found === undefined) throw new Error(`there is no operator '${operator}'`);
  return found;
}

/** How many replicas of an operator have a part in the stream. */
export const enlisted = (job: Read, operator: string): number =>
  operatorOf(job, operator).replicas.filter(({ state }) => state !== 'dormant').length;

/** The rates of a job over the latest span that is long enough. */
export function latestRates(job: Read): () => JobRates {
  let before = job.reading();
  let rates = between('start', before);
  return () => {
    const now = job.reading();
    if (now.elapsedMs - before.elapsedMs < SPAN_MS_MIN) return rates;
    rates = between(before, now);
    before = now;
    return rates;
  };
}
