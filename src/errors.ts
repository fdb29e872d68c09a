// What the rest of Millrace imports of errors: the class, the record that crosses threads, and one function per error.
// The texts stand in errors/ by what they are about, the codes in errors/codes.ts.
// Relies on nothing; every layer may import it.

import { aggregateErrors } from './errors/aggregate-errors.ts';
import { connectorErrors } from './errors/connector-errors.ts';
import { flowErrors } from './errors/flow-errors.ts';
import { jobErrors } from './errors/job-errors.ts';
import { limitErrors } from './errors/limit-errors.ts';
import { startErrors } from './errors/start-errors.ts';
import { stateErrors } from './errors/state-errors.ts';
import { systemErrors } from './errors/system-errors.ts';
import { testingErrors } from './errors/testing-errors.ts';
import { tupleErrors } from './errors/tuple-errors.ts';
import { usageErrors } from './errors/usage-errors.ts';
import { workerErrors } from './errors/worker-errors.ts';

export type { ErrorCode } from './errors/codes.ts';
export { type ErrorRecord, fromRecord, toRecord } from './errors/error-record.ts';
export { type ErrorDetails, MillraceError } from './errors/millrace-error.ts';
export { show } from './errors/show.ts';

/** One function per error. */
export const errors = {
  ...usageErrors,
  ...flowErrors,
  ...startErrors,
  ...tupleErrors,
  ...aggregateErrors,
  ...limitErrors,
  ...connectorErrors,
  ...workerErrors,
  ...stateErrors,
  ...jobErrors,
  ...testingErrors,
  ...systemErrors,
};
