// Errors that workers throw through the control plane arrive as records; this makes errors of them again.

import { type ErrorRecord, fromRecord } from '../errors.ts';

/** The error of a record; anything else is a fault of the control plane itself, and stays as it is. */
export function revive(error: unknown): unknown {
  const record = error as Partial<ErrorRecord> | null;
  return typeof record === 'object' && record !== null && 'details' in record && !(error instanceof Error)
    ? fromRecord(record as ErrorRecord)
    : error;
}
