// Texts of errors about tuples, keys, and the closures that handle them.
// One function an error: its text names the rule, the value and the remedy. Relies on codes.ts for when each code comes.

import { MillraceError } from './millrace-error.ts';
import { show } from './show.ts';
import { messageOf } from './system-cause.ts';

/** What to do about a value that is not there: a field of a tuple or a message, or what is within one. */
function missingRemedy(path: string, whole: 'tuple' | 'message'): string {
  if (/\[\d+\]$/.test(path))
    return 'a list has a value at each place, and no holes: put one there, or leave the place out. Where there may be none, declare t.optional(…) and write null';
  return path === ''
    ? `set the field in every ${whole}`
    : 'set it in every such object, or declare t.optional(…) and write null';
}

export const tupleErrors = {
  unknownField(operator: string, field: string, known: readonly string[]): MillraceError {
    return new MillraceError(
      'UNKNOWN_FIELD',
      `operator '${operator}' emitted a tuple with the field '${field}', which its schema does not have: declare it in the operator's output schema, or emit only ${known.map((name) => `'${name}'`).join(', ')}`,
      { operator, field, known },
    );
  },
  /** @param path of a value within the field's */
  badValue(operator: string, field: string, value: unknown, type: string, rule: string, path = ''): MillraceError {
    const remedy = value === undefined ? missingRemedy(path, 'tuple') : 'emit such a value, or change the schema';
    return new MillraceError(
      'BAD_VALUE',
      `field '${field}${path}' of operator '${operator}' is ${type}, which takes ${rule}; got ${show(value)}: ${remedy}`,
      {
        operator,
        field,
        value: typeof value === 'function' || typeof value === 'symbol' ? show(value) : value,
        type,
        ...(path !== '' && { path: `${field}${path}` }),
      },
    );
  },
  notJson(operator: string, sink: string, path: string, shown: string, remedy: string): MillraceError {
    const field = /^[\w$]*/.exec(path)?.[0];
    return new MillraceError(
      'BAD_VALUE',
      `${sink} of '${operator}' cannot write '${path}': JSON has no form for ${shown}, and it would not be read back as it is. Emit ${remedy} in its place`,
      { operator, field, path },
    );
  },
  badSlice(operator: string, part: number, parts: number): MillraceError {
    return new MillraceError(
      'BAD_VALUE',
      `slice(part, parts) of a table of operator '${operator}' takes integers with 0 <= part < parts; got ` +
        `slice(${show(part)}, ${show(parts)}): number the parts from 0, as in slice(second % 60, 60)`,
      { operator, part, parts },
    );
  },
  notATuple(operator: string, value: unknown): MillraceError {
    return new MillraceError(
      'BAD_VALUE',
      `operator '${operator}' emitted ${show(value)}: a tuple is an object with the fields of the operator's output schema`,
      { operator, value: show(value) },
    );
  },
  badMessage(actor: string, message: string, field: string, value: unknown, type: string, rule: string): MillraceError {
    return new MillraceError(
      'BAD_VALUE',
      `field '${field}' of '${message}' of actor '${actor}' is ${type}, which takes ${rule}; got ${show(value)}: ${value === undefined ? missingRemedy(/[.[].*$/.exec(field)?.[0] ?? '', 'message') : 'give such a value, or change the type'}`,
      { actor, message, field, value: show(value), type },
    );
  },
  surplusField(actor: string, message: string, field: string, known: readonly string[]): MillraceError {
    return new MillraceError(
      'UNKNOWN_FIELD',
      `'${message}' of actor '${actor}' has no field '${field}': give only ${known.map((name) => `'${name}'`).join(', ') || '(none)'}, or declare it`,
      { actor, message, field, known },
    );
  },
  notAMessage(actor: string, message: string, value: unknown): MillraceError {
    return new MillraceError(
      'BAD_VALUE',
      `'${message}' of actor '${actor}' takes an object with its fields; got ${show(value)}`,
      { actor, message, value: show(value) },
    );
  },
  badKey(operator: string, field: string, value: unknown, type: string, rule: string): MillraceError {
    return new MillraceError(
      'BAD_KEY',
      `key field '${field}' of operator '${operator}' is ${type}, which takes ${rule}; got ${show(value)}: ask for a key of such values`,
      { operator, field, value: typeof value === 'function' || typeof value === 'symbol' ? show(value) : value, type },
    );
  },
  badKeyCount(operator: string, fields: readonly string[], given: number): MillraceError {
    const names = fields.map((name) => `'${name}'`).join(', ');
    return new MillraceError(
      'BAD_KEY',
      `a key of operator '${operator}' takes ${fields.length === 1 ? 'one value' : `${fields.length} values`} (${names}); got ${given}: give one value for each field, in this order`,
      { operator, fields, given },
    );
  },
  asyncClosure(operator: string, what: string): MillraceError {
    return new MillraceError(
      'ASYNC_CLOSURE',
      `the closure of operator '${operator}' ${what}, and nobody awaits or iterates that: an operator's results must be there when its closure returns. Call emit() for each tuple; do what has to be awaited in an operator of its own, by stream.mapAsync() or flatMapAsync(), or in a source, fromIterable(fields, async function* …)`,
      { operator },
    );
  },
  askingGenerator(operator: string, what: string, isMany: boolean): MillraceError {
    const remedy = isMany
      ? 'that of flatMapAsync resolves to an iterable of tuples, as in async (tuple) => [...], or gather what is awaited in an array first'
      : 'that of mapAsync resolves to one tuple; flatMapAsync takes an iterable of them';
    return new MillraceError('ASYNC_CLOSURE', `the closure of operator '${operator}' ${what}: ${remedy}`, { operator });
  },
  asyncTimeout(operator: string, attempt: number, timeoutMs: number, key: string): MillraceError {
    return new MillraceError(
      'ASYNC_TIMEOUT',
      `attempt ${attempt} of operator '${operator}' at a tuple has not settled within ${timeoutMs} ms: raise 'timeoutMs' if the request takes that long, or give 'retries'`,
      { operator, attempt, timeoutMs, idempotencyKey: key },
    );
  },
  requestDropped(operator: string): MillraceError {
    return new MillraceError(
      'ASYNC_DROPPED',
      `the result of operator '${operator}' is not wanted any more: the job has ended, or another replica goes on with the tuple, and asks again`,
      { operator },
    );
  },
  notIterable(operator: string, value: unknown): MillraceError {
    return new MillraceError(
      'BAD_VALUE',
      `the closure of operator '${operator}' resolved to ${show(value)}: that of flatMapAsync resolves to an array, or another iterable, of tuples`,
      { operator, value: show(value) },
    );
  },
  asyncAggregate(operator: string, name: string, part: string, what: string): MillraceError {
    const due = part === 'result' ? 'the result must be there' : '`state` must be complete';
    return new MillraceError(
      'ASYNC_CLOSURE',
      `operator '${operator}': '${part}' of the custom aggregate '${name}' ${what}, and nobody awaits or iterates that: ${due} when '${part}' returns. Make it a plain function, and await before the tuples are aggregated: in a source, fromIterable(fields, async function* …), or in the app, between job.output() and job.input()`,
      { operator, aggregate: name, part },
    );
  },
  returnedTuples(operator: string): MillraceError {
    return new MillraceError(
      'RETURNED_TUPLES',
      `the closure of operator '${operator}' returned an array of objects, which nobody reads: call its parameter emit once for each tuple, as in ({ line }, emit) => { for (const word of line.split(' ')) emit({ word }); }`,
      { operator },
    );
  },
  returnedState(operator: string, value: unknown): MillraceError {
    return new MillraceError(
      'RETURNED_STATE',
      `the closure of scan operator '${operator}' returned ${show(value)}, which nobody reads: assign to the fields of its parameter state, and return nothing, as in (tuple, state) => { state.n += 1; }`,
      { operator, value: show(value) },
    );
  },
  lateEmit(operator: string): MillraceError {
    return new MillraceError(
      'LATE_EMIT',
      `operator '${operator}' called emit after its closure had returned, from a callback, a timer or a promise: what a tuple leads to must be emitted before its closure returns`,
      { operator },
    );
  },
  staleState(operator: string): MillraceError {
    return new MillraceError(
      'STALE_STATE',
      `state of operator '${operator}' was used after its closure had returned: use state only within the call it was passed to`,
      { operator },
    );
  },
  badTimer(operator: string, method: string, ms: unknown): MillraceError {
    const rule =
      method === 'at'
        ? 'milliseconds since the epoch, as Date.now() gives them'
        : 'milliseconds from 0 on, of a time that a Date can have';
    return new MillraceError(
      'BAD_TIMER',
      `timers.${method}() of operator '${operator}' takes ${rule}; got ${show(ms)}: give such a number`,
      { operator, method, value: show(ms) },
    );
  },
  asyncTime(where: string, what: string): MillraceError {
    return new MillraceError(
      'ASYNC_CLOSURE',
      `the function of ${where} ${what}, and nobody awaits or iterates that: a time must be there when the function returns. Await before, in the source: fromIterable(fields, async function* …)`,
      { where },
    );
  },
  badTime(operator: string, time: unknown): MillraceError {
    // As JSON it would be null.
    const got = time instanceof Date && Number.isNaN(time.getTime()) ? 'an invalid Date' : show(time);
    return new MillraceError(
      'BAD_TIME',
      `'${operator}' takes the time of a tuple as milliseconds since the epoch or as a Date; got ${got}: give such a time, or filter() the tuple out before`,
      { operator, time: got },
    );
  },
  timeAhead(operator: string, time: number, maxAheadMs: number): MillraceError {
    return new MillraceError(
      'BAD_TIME',
      `'${operator}' got a tuple of the time ${show(time)}, which is ${new Date(time).toISOString()} if it is in milliseconds: more than ${maxAheadMs} ms ahead of the clock. It would make all others late: give milliseconds since the epoch, or raise maxAheadMs`,
      { operator, time, maxAheadMs },
    );
  },
  endlessTimers(operator: string, fired: number, atMs: number): MillraceError {
    return new MillraceError(
      'ENDLESS_TIMER',
      `${fired} timers of operator '${operator}' have fired one after the other, the last for ${show(atMs)}, and time has not moved on: one sets itself again for a time that has come; set it for a later one, and not for ever once the input has ended`,
      { operator, fired, atMs },
    );
  },
  endlessTimer(operator: string, fired: number): MillraceError {
    return new MillraceError(
      'BAD_TIMER',
      `${fired} timers of operator '${operator}' have fired at one moment of the test's clock: one sets itself again for a time that has come; set it for a later one`,
      { operator, fired },
    );
  },
  noOnTimer(operator: string): MillraceError {
    return new MillraceError(
      'BAD_TIMER',
      `operator '${operator}' uses context.timers and has no closure for a timer that is due: give it one in its options, as in { onTimer: (key, state, emit, context) => … }`,
      { operator },
    );
  },
  tableChanged(operator: string): MillraceError {
    return new MillraceError(
      'TABLE_CHANGED',
      `a table of operator '${operator}' grew while it was iterated: collect the keys first, then insert`,
      { operator },
    );
  },
  operatorFailed(operator: string, key: unknown, position: string, cause: unknown): MillraceError {
    const atKey = key === undefined ? '' : `, key ${show(key)}`;
    return new MillraceError(
      'OPERATOR_FAILED',
      `operator '${operator}' failed at ${position}${atKey}: ${messageOf(cause)}. Its batch was rolled back`,
      { operator, key, position },
      cause,
    );
  },
};
