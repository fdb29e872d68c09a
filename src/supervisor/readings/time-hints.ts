// What looks as if event time were given in seconds: all of a job's tuples would share a few windows of January 1970, without a word.
// Promises: pure: the same plan and reading give the same hints. Times of a made-up clock that begins at 0 give none for its first days.

import type { Plan } from '../../flow/plan.ts';
import type { Hint } from './hints.ts';
import type { JobReading } from './job-reading.ts';

/** Times of these years as seconds: as milliseconds they lie between 12 January and 16 February 1970. */
const SECONDS_MIN = Date.UTC(2001, 8, 9, 1, 46, 40) / 1000;
const SECONDS_MAX = Date.UTC(2096, 9, 2, 7, 6, 40) / 1000;

/** The hints that the times of a job give. */
export const timeHintsOf = ({ graph }: Plan, { operators }: Pick<JobReading, 'operators'>): readonly Hint[] =>
  graph.operators.flatMap(({ name, eventTime }): Hint[] => {
    const newestMs = operators.find((each) => each.name === name)?.time?.newestMs;
    if (eventTime === undefined || newestMs === undefined) return [];
    if (newestMs < SECONDS_MIN || newestMs > SECONDS_MAX) return [];
    const [asMs, asSeconds] = [newestMs, newestMs * 1000].map((ms) => new Date(ms).toISOString());
    const text = `'${name}' has given no tuple a time after ${newestMs}, which is ${asMs}: if these are seconds, as ${asSeconds} would be, let withEventTime() have milliseconds`;
    return [{ operator: name, option: 'withEventTime', text }];
  });
