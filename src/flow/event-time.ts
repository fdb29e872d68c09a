// Event time, as a flow declares it: where a stream's tuples have their times, how far out of order they come, and when one is late.
// Promises: whether a tuple is late is judged once, by its source, in the order of its partition; so it depends on nothing else.
// See docs/time.md.

import { errors } from '../errors.ts';
import { refuseDeferredFunction } from '../mailbox/deferred.ts';
import type { Schema, Shape, TupleOf } from '../mailbox/schema.ts';
import type { Checked } from '../options/option.ts';
import type { EVENT_TIME_OPTIONS } from './options/time-options.ts';

/** What is known of the times of a stream's tuples. */
export interface StreamTime {
  /** By how much a tuple may be earlier than the watermark, in milliseconds. */
  readonly allowedLatenessMs: number;
}

/** What is known of the times of tuples that come of any of some streams; nothing if one of these has no event time. */
export function jointTime(times: readonly (StreamTime | undefined)[]): StreamTime | undefined {
  const known = times.flatMap((time) => time ?? []);
  if (known.length === 0 || known.length < times.length) return undefined;
  return { allowedLatenessMs: Math.max(...known.map(({ allowedLatenessMs }) => allowedLatenessMs)) };
}

/** What an operator that gives tuples their times goes by. */
export interface EventTime extends Checked<typeof EVENT_TIME_OPTIONS> {}

/** Results at the end of a stream have this time. */
export { LATEST_MS } from '../state/timers/timers.ts';

/** Fields that say a time. */
type TimeField<Fields extends Shape> = {
  [Name in keyof Fields & string]: TupleOf<Fields>[Name] extends number | bigint | Date ? Name : never;
}[keyof Fields & string];

/** Where a tuple has its time: a field of milliseconds since the epoch or of dates, or a function that gives such. */
export type TimeOf<Fields extends Shape> = TimeField<Fields> | ((tuple: TupleOf<Fields>) => number | bigint | Date);

const TYPES: ReadonlySet<string> = new Set(['timestamp', 'date', 'f64', 'i32', 'u32', 'i64', 'u64']);

/**
 * The function that gives a tuple's time.
 * @throws MillraceError BAD_OPTION
 */
export function timeOf(operator: string, schema: Schema, given: unknown): (tuple: never) => unknown {
  const where = `withEventTime() after '${operator}'`;
  if (typeof given === 'function') {
    refuseDeferredFunction(operator, given, (what) => errors.asyncTime(where, what));
    return given as (tuple: never) => unknown;
  }
  const field = schema.fields.find(({ name }) => name === given);
  const known = schema.fields.filter(({ declared }) => TYPES.has(declared.type)).map(({ name }) => `'${name}'`);
  if (field === undefined || !TYPES.has(field.declared.type))
    throw errors.badOption(
      'time',
      given,
      `a field that says a time, which is one of ${known.join(', ') || '(none)'}, or a function of a tuple`,
      where,
    );
  const { name } = field;
  return (tuple: Record<string, unknown>) => tuple[name];
}
