// The first and the last value of a field, in the order in which tuples come.
// Promises: parts of one writer are merged in their order, so that order is that without a combiner; between writers there is none.

import { type Field, t } from '../../mailbox/schema.ts';
import { refuseSurplus } from '../../surplus.ts';
import type { Aggregate, AggregateCode, AggregatePlace, SameField } from './aggregate.ts';

function edge(isFirst: boolean, { fields: [field] }: AggregatePlace): AggregateCode {
  const once = (slots: string, code: string): string => (isFirst ? `if (${slots} === 0) { ${code} }` : code);
  return {
    kept: { '': field.declared as Field<unknown>, has: t.u8() },
    result: field.declared,
    add: (slots, given) => once(slots('has'), `${slots()} = ${given(field.name)}; ${slots('has')} = 1;`),
    merge: (state, other) => once(state('has'), `${state()} = ${other()}; ${state('has')} = 1;`),
    value: (state) => state(),
  };
}

/** The field's value in the first tuple of a key, null included. Tuples of several writers have no order. */
export function first<const Name extends string>(
  field: Name,
  ...surplus: readonly never[]
): Aggregate<Name, unknown, SameField> {
  refuseSurplus('first(field)', 1, surplus);
  return { kind: 'first', fields: [field], plan: (place) => edge(true, place) };
}

/** The field's value in the last tuple of a key, null included. Tuples of several writers have no order. */
export function last<const Name extends string>(
  field: Name,
  ...surplus: readonly never[]
): Aggregate<Name, unknown, SameField> {
  refuseSurplus('last(field)', 1, surplus);
  return { kind: 'last', fields: [field], plan: (place) => edge(false, place) };
}
