// The least and the greatest value of a field.
// Promises: values have one order, whatever comes first: -0 is less than 0, and NaN is greater than every other number.

import type { AnyField } from '../../mailbox/columns/codec.ts';
import { type Field, t } from '../../mailbox/schema.ts';
import { refuseSurplus } from '../../surplus.ts';
import {
  type Aggregate,
  type AggregateCode,
  type AggregatePlace,
  isNumber,
  type Ordered,
  refuseField,
  type SameField,
  UNORDERED,
  unlessNull,
  valueType,
} from './aggregate.ts';

type Side = 'min' | 'max';

/** True if `x` is to take the place of `best`. */
function beats(side: Side, isDouble: boolean, x: string, best: string): string {
  const [less, nan] = side === 'min' ? ['<', best] : ['>', x];
  const plain = `${x} ${less} ${best}`;
  if (!isDouble) return plain;
  return `${plain} || (${nan} !== ${nan}) || (${x} === 0 && ${best} === 0 && 1 / ${x} ${less} 1 / ${best})`;
}

function extreme(side: Side, place: AggregatePlace): AggregateCode {
  const [field] = place.fields;
  const type = valueType(field);
  if (UNORDERED.has(type.type)) refuseField(place, side, field, 'a field whose values have an order');
  const better = (x: string, best: string): string => beats(side, type.type === 'f64', x, best);
  if (!isNumber(type)) {
    const kept = t.optional(type.inner as Field<unknown>);
    return {
      kept: { '': kept },
      result: field.declared,
      add: (slots, given) =>
        unlessNull(
          type,
          given(field.name),
          `const x = ${given(field.name)}; if (${slots()} === null || ${better('x', slots())}) ${slots()} = x;`,
        ),
      merge: (state, other) => `{ const x = ${other()}, best = ${state()};
if (x !== null && (best === null || ${better('x', 'best')})) ${state()} = x; }`,
      value: (state) => state(),
    };
  }
  return {
    kept: { '': type.inner as Field<unknown>, has: t.u8() },
    result: field.declared as AnyField,
    add: (slots, given) =>
      unlessNull(
        type,
        given(field.name),
        `const x = ${given(field.name)}, best = ${slots()};
if (${slots('has')} === 0) { ${slots('has')} = 1; ${slots()} = x; } else if (${better('x', 'best')}) ${slots()} = x;`,
      ),
    merge: (state, other) => `if (${other('has')} === 1) { const x = ${other()}, best = ${state()};
if (${state('has')} === 0) { ${state('has')} = 1; ${state()} = x; } else if (${better('x', 'best')}) ${state()} = x; }`,
    value: (state) => (type.isOptional ? `(${state('has')} === 0 ? null : ${state()})` : state()),
  };
}

/**
 * The least value of a field. Null is passed over; of an optional field that never had a value it is null.
 * @param field of any type but json and bytes; strings are compared by their UTF-16 code units
 */
export function min<const Name extends string>(
  field: Name,
  ...surplus: readonly never[]
): Aggregate<Name, Ordered, SameField> {
  refuseSurplus('min(field)', 1, surplus);
  return { kind: 'min', fields: [field], plan: (place) => extreme('min', place) };
}

/**
 * The greatest value of a field. Null is passed over; of an optional field that never had a value it is null.
 * @param field of any type but json and bytes; strings are compared by their UTF-16 code units
 */
export function max<const Name extends string>(
  field: Name,
  ...surplus: readonly never[]
): Aggregate<Name, Ordered, SameField> {
  refuseSurplus('max(field)', 1, surplus);
  return { kind: 'max', fields: [field], plan: (place) => extreme('max', place) };
}
