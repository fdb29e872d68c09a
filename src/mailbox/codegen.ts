// Generated code: builds a function from source text with named constants from the outside.
// Promises: each call evaluates a script with a sourceURL of its own, because functions from identical source texts
// share V8's type feedback: with six operators on one text a tuple cost 220 instead of 38 ns.
// Relies on: callers put only validated identifiers and JSON-quoted strings into the text.

import { errors } from '../errors.ts';

let scripts = 0;
/** Of the script's number: stacks, which dead letters carry, are then of one length, and a simulated job does the same again. */
const DIGITS = 7;

/**
 * Evaluates `body` (which ends in a return statement) with `constants` in scope.
 * @param name appears in stack traces and profiles as `millrace/<name>#<n>`
 * @throws MillraceError CODE_GENERATION where Node.js forbids code generation
 */
export function generate<Result>(name: string, constants: Readonly<Record<string, unknown>>, body: string): Result {
  const url = `millrace/${name.replace(/[^\w./:-]/g, '_')}#${String(scripts++).padStart(DIGITS, '0')}`;
  const text = `'use strict';\n${body}\n//# sourceURL=${url}`;
  let factory: (...values: unknown[]) => Result;
  try {
    factory = new Function(...Object.keys(constants), text) as typeof factory;
  } catch (cause) {
    if (cause instanceof EvalError) throw errors.codeGeneration(cause);
    throw cause;
  }
  return factory(...Object.values(constants));
}
