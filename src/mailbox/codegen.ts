// Generated code: builds a function from source text with named constants from the outside.
// Promises: each call evaluates a script with a sourceURL of its own, because functions from identical source texts
// share V8's type feedback: with six operators on one text a tuple cost 220 instead of 38 ns. Only those who run one flow
// again and again in one thread, to test it, reuse scripts (reuseScripts): there compiling cost more than all that ran.
// Relies on: callers put only validated identifiers and JSON-quoted strings into the text.

import { errors } from '../errors.ts';

let scripts = 0;
/** Of the script's number: stacks, which dead letters carry, are then of one length, and a simulated job does the same again. */
const DIGITS = 7;

type Factory = (...values: unknown[]) => unknown;

/** More scripts than any one flow has. */
const SCRIPTS_KEPT_MAX = 1000;
/** Scripts by their names and texts, of which functions with other constants can be made. */
const kept = new Map<string, Factory>();
let reusers = 0;
/** Scripts that were compiled ahead, by their names and texts: each is of use once, since its functions have one type feedback. */
const foreseen = new Map<string, Factory[]>();
let foreseers = 0;

/**
 * From now on code of one name and text is compiled once in this thread.
 * @returns what takes that back
 */
export function reuseScripts(): () => void {
  reusers++;
  return () => {
    reusers--;
  };
}

/**
 * From now on all code is compiled a second time, and that is kept for whoever generates the same later: a thread that has time
 * now, and will have none then.
 * @returns what ends that
 */
export function foreseeScripts(): () => void {
  foreseers++;
  return () => {
    foreseers--;
  };
}

/**
 * Evaluates `body` (which ends in a return statement) with `constants` in scope.
 * @param name appears in stack traces and profiles as `millrace/<name>#<n>`
 * @throws MillraceError CODE_GENERATION where Node.js forbids code generation
 */
export function generate<Result>(name: string, constants: Readonly<Record<string, unknown>>, body: string): Result {
  const names = Object.keys(constants);
  return factoryOf(name, names, body)(...Object.values(constants)) as Result;
}

function factoryOf(name: string, names: readonly string[], body: string): Factory {
  // Most threads neither reuse nor foresee: the key is as long as the text.
  if (reusers + foreseers + foreseen.size === 0) return makeFactory(name, names, body);
  const key = `${name}\n${names.join()}\n${body}`;
  if (reusers > 0) return keptFactory(key, name, names, body);
  const ahead = foreseen.get(key) ?? [];
  if (foreseers === 0) {
    const factory = ahead.pop() ?? makeFactory(name, names, body);
    if (ahead.length === 0) foreseen.delete(key);
    return factory;
  }
  ahead.push(makeFactory(name, names, body));
  foreseen.set(key, ahead);
  return makeFactory(name, names, body);
}

function keptFactory(key: string, name: string, names: readonly string[], body: string): Factory {
  let factory = kept.get(key);
  if (factory === undefined) {
    factory = makeFactory(name, names, body);
    if (kept.size >= SCRIPTS_KEPT_MAX) kept.clear();
    kept.set(key, factory);
  }
  return factory;
}

function makeFactory(name: string, names: readonly string[], body: string): Factory {
  const url = `millrace/${name.replace(/[^\w./:-]/g, '_')}#${String(scripts++).padStart(DIGITS, '0')}`;
  const text = `'use strict';\n${body}\n//# sourceURL=${url}`;
  try {
    return new Function(...names, text) as Factory;
  } catch (cause) {
    if (cause instanceof EvalError) throw errors.codeGeneration(cause);
    throw cause;
  }
}
