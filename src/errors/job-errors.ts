// Texts of errors about the life of a job, and faults of Millrace itself.
// One function an error: its text names the rule, the value and the remedy. Relies on codes.ts for when each code comes.

import { MillraceError } from './millrace-error.ts';
import { show } from './show.ts';

export const jobErrors = {
  jobCancelled(flow: string, cause?: unknown): MillraceError {
    return new MillraceError('JOB_CANCELLED', `job '${flow}' was cancelled`, { flow }, cause);
  },
  inputClosed(input: string): MillraceError {
    return new MillraceError(
      'JOB_CLOSED',
      `input '${input}' takes no more tuples: it was ended, or its job has ended; push before end() and stop()`,
      { input },
    );
  },
  outputTaken(name: string): MillraceError {
    return new MillraceError(
      'OUTPUT_TAKEN',
      `output '${name}' already has an iterator: an output is read once, so share what its one iterator yields`,
      { name },
    );
  },
  timeRanBack(operator: string, time: number, watermark: number): MillraceError {
    return new MillraceError(
      'INVARIANT',
      `operator '${operator}' has read a tuple of the time ${show(time)}, and its inputs have said that none comes before ${show(watermark)}: this is a fault of Millrace, please report it`,
      { operator, time, watermark },
    );
  },
  invariant(rule: string): MillraceError {
    return new MillraceError(
      'INVARIANT',
      `internal invariant broken: ${rule}. Please report this as a bug of Millrace`,
    );
  },
};
