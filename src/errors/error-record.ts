// Errors as they cross threads: structured clone keeps neither class nor code, so a record carries both.
// Relies on causes that end within five levels; deeper ones are cut.

import type { ErrorCode } from './codes.ts';
import { type ErrorDetails, MillraceError } from './millrace-error.ts';
import { show } from './show.ts';

/** The form in which an error crosses threads. */
export interface ErrorRecord {
  code: ErrorCode | undefined;
  name: string;
  message: string;
  stack: string | undefined;
  details: ErrorDetails;
  cause: ErrorRecord | undefined;
}

const CAUSE_DEPTH_MAX = 5;

/** Turns any thrown value into a record that structured clone takes. */
export function toRecord(error: unknown, depth = 0): ErrorRecord {
  if (!(error instanceof Error)) {
    return { code: undefined, name: 'Error', message: show(error), stack: undefined, details: {}, cause: undefined };
  }
  const ours = error instanceof MillraceError;
  const details: Record<string, unknown> = {};
  if (ours) for (const [name, value] of Object.entries(error.details)) details[name] = cloneable(value);
  return {
    code: ours ? error.code : undefined,
    name: error.name,
    message: error.message,
    stack: error.stack,
    details,
    cause: error.cause === undefined || depth >= CAUSE_DEPTH_MAX ? undefined : toRecord(error.cause, depth + 1),
  };
}

/** The error that a record stands for. */
export function fromRecord(record: ErrorRecord): Error {
  const cause = record.cause === undefined ? undefined : fromRecord(record.cause);
  const error =
    record.code === undefined
      ? new Error(record.message, cause === undefined ? undefined : { cause })
      : new MillraceError(record.code, record.message, record.details, cause);
  if (record.code === undefined) error.name = record.name;
  if (record.stack !== undefined) error.stack = record.stack;
  return error;
}

function cloneable(value: unknown): unknown {
  try {
    return structuredClone(value);
  } catch {
    return show(value);
  }
}
