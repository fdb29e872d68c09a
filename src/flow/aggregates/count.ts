import { type Field, t } from '../../mailbox/schema.ts';
import { refuseSurplus } from '../../surplus.ts';
import type { Aggregate, AggregateCode } from './aggregate.ts';

/** What counts the tuples of a key. */
const counted: AggregateCode = {
  kept: { '': t.f64() },
  result: t.f64(),
  add: (slots) => `${slots()} += 1;`,
  merge: (state, other) => `${state()} += ${other()};`,
  value: (state) => state(),
};

/** How many tuples there were: a number, exact up to 2^53. */
export function count(...surplus: readonly never[]): Aggregate<never, unknown, Field<number>> {
  refuseSurplus('count()', 0, surplus);
  return { kind: 'count', fields: [], plan: () => counted };
}
