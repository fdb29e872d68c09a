// The two keyed streams that meet in one operator.
// Promises: their keys have the same types, so tuples that are alike in them meet in one row of state.

import { errors } from '../../errors.ts';
import type { Schema } from '../../mailbox/schema.ts';
import type { StreamTime } from '../event-time.ts';
import type { NodeInput } from '../graph.ts';

/** One of the two streams. */
export interface Side {
  readonly schema: Schema;
  readonly key: readonly string[];
  /** What is known of the event times of its tuples; undefined if they have none. */
  readonly time: StreamTime | undefined;
  /** What the stream is to an operator that reads it with a closure. */
  input(closure: NodeInput['closure']): NodeInput;
}

const typesOf = ({ schema, key }: Side): string =>
  key.map((field) => schema.fields[schema.indexOf(field)].codec.label).join(', ');

/** @throws MillraceError BAD_FLOW unless the keys of both have the same types, in the same order */
export function requireSameKey(flow: string, left: Side, right: Side): void {
  const [leftTypes, rightTypes] = [typesOf(left), typesOf(right)];
  if (leftTypes !== rightTypes) throw errors.connectedKeys(flow, left.key, leftTypes, right.key, rightTypes);
}

/**
 * The allowed latenesses of both.
 * @throws MillraceError NO_EVENT_TIME
 */
export function latenessOf(operator: string, what: string, left: Side, right: Side): { left: number; right: number } {
  if (left.time === undefined || right.time === undefined) throw errors.noEventTime(operator, what);
  return { left: left.time.allowedLatenessMs, right: right.time.allowedLatenessMs };
}
