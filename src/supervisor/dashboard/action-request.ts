// What a person asks for by the page, and what is answered if the job refuses it.

import { MillraceError } from '../../errors.ts';

/** What came of an action. */
export interface ActionResult {
  readonly status: 200 | 400 | 409;
  readonly text: string;
}

export const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** The fields of a request's body; none if it is no object. */
export const fieldsOf = (body: unknown): Readonly<Record<string, unknown>> =>
  (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;

/** The answer to what the job refuses. Any other error is the page's own, and thrown. */
export function refused(error: unknown): ActionResult & { readonly status: 409 } {
  if (error instanceof MillraceError) return { status: 409, text: `${error.message} [${error.code}]` };
  throw error;
}
