// The one error class of Millrace: a stable code for programs, a text for people, facts for both.
// Relies on codes.ts for the codes; its texts stand in the files beside this one.

import type { ErrorCode } from './codes.ts';

/** Facts about an error, for programs: operator, field, value, key, position, file, line, option… */
export type ErrorDetails = Readonly<Record<string, unknown>>;

/** The one error class of Millrace. `code` is stable; `details` carries the facts that the message names. */
export class MillraceError extends Error {
  /** For programs: stable, one of those in docs/errors.md. */
  readonly code: ErrorCode;
  /** The values that the message names. */
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'MillraceError';
    this.code = code;
    this.details = details;
  }
}
