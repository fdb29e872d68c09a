import { t } from '../../mailbox/schema.ts';
import { refuseSurplus } from '../../surplus.ts';
import { type Aggregate, type NumberResult, unlessNull, valueType } from './aggregate.ts';
import { summed } from './sum.ts';

/**
 * The mean of a field's values: their sum by their number. Null is passed over; of an optional field that never had a value it is
 * null.
 * @param field of numbers
 */
export function mean<const Name extends string>(
  field: Name,
  ...surplus: readonly never[]
): Aggregate<Name, number | null, NumberResult> {
  refuseSurplus('mean(field)', 1, surplus);
  return {
    kind: 'mean',
    fields: [field],
    plan(place) {
      const sum = summed(place, 'mean');
      const type = valueType(place.fields[0]);
      return {
        kept: { ...sum.kept, n: t.f64() },
        result: type.isOptional ? t.optional(t.f64()) : t.f64(),
        add: (slots, given) => `${sum.add(slots, given)} ${unlessNull(type, given(field), `${slots('n')} += 1;`)}`,
        merge: (state, other) => `${sum.merge(state, other)} ${state('n')} += ${other('n')};`,
        value: (state) => `(${state('n')} === 0 ? null : ${sum.value(state)} / ${state('n')})`,
      };
    },
  };
}
