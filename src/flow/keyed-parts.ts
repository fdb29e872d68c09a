// What a keyed operator with closures of the app's is made of, whether one stream goes into it or two.

import { errors } from '../errors.ts';
import type { SchemaField, Shape } from '../mailbox/schema.ts';
import { checkOptions } from '../options/check.ts';
import type { Checked } from '../options/option.ts';
import { rowLayout } from '../state/rows/row-layout.ts';
import { PROCESS_SCHEMAS, type Tables } from './keyed-options.ts';
import { PROCESS_OPTIONS } from './operator-options.ts';
import { type Closure, expiring } from './time-to-live.ts';

/**
 * The schemas of an operator whose rows have the given key.
 * @throws MillraceError BAD_OPTION, BAD_SCHEMA
 */
export function keyedSchemas(name: string, schemas: object, key: readonly SchemaField[]) {
  const where = `operator '${name}'`;
  const misplaced = Object.keys(schemas ?? {}).find((option) => Object.hasOwn(PROCESS_OPTIONS, option));
  if (misplaced !== undefined) throw errors.misplacedOption(name, misplaced);
  const shape = 'an object { state, tables, output }';
  const { state = {}, tables = {}, output } = checkOptions(where, PROCESS_SCHEMAS, schemas, 'schemas', shape);
  rowLayout(`state of ${where}`, key, state, tables);
  return { state, tables, output };
}

/**
 * What its options make of its closures.
 * @param isTimed true if all that goes into it has event time
 * @throws MillraceError NO_EVENT_TIME, ASYNC_CLOSURE
 */
export function keyedParts(
  name: string,
  isTimed: boolean,
  { end, onTimer, ttlMs, timers = isTimed ? 'event' : 'processing' }: Checked<typeof PROCESS_OPTIONS>,
  { state, tables, closures }: { state: Shape; tables: Tables; closures: readonly Closure[] },
) {
  const isInEventTime = timers === 'event';
  if (isInEventTime && !isTimed) throw errors.noEventTime(name, "the option timers: 'event'");
  const own = { state, tables, closures, onTimer };
  const kept = ttlMs === undefined ? own : expiring(name, ttlMs, own);
  return { closures: kept.closures, rest: { state: kept.state, tables, end, onTimer: kept.onTimer, isInEventTime } };
}
