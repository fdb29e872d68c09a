// A job as views show it: how it stands, and what happened in the time before.

import type { JobRates } from '../supervisor/readings/between.ts';
import type { JobReading } from '../supervisor/readings/job-reading.ts';
import type { JobProgress } from './progress-estimate.ts';

export interface Sample {
  readonly reading: JobReading;
  /** Since the sample before; of the last sample: since the job's start. */
  readonly rates: JobRates;
  /** How far its sources have come; left out where that is not known, and at the end. */
  readonly progress?: JobProgress | undefined;
}
