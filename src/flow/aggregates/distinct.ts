// How many different values a field has, exactly.
// Promises: two values are one exactly if they are one key: NaN is one value, and -0 is 0.
// Relies on: the values of a key are rows of a table of state; what travels is the list of those of a batch.

import { KEY_TYPES } from '../../mailbox/columns/registry.ts';
import { type Field, t } from '../../mailbox/schema.ts';
import { table } from '../../state/rows/row-layout.ts';
import { refuseSurplus } from '../../surplus.ts';
import { type Aggregate, type Ordered, refuseField, unlessNull, valueType } from './aggregate.ts';

/** Values of a key that travel together at most: a row of them fits a ring. */
const VALUES_MAX = 1024;
/** The same of text that is long. */
const CHARACTERS_MAX = 1 << 14;

/** Different values; dates by their time. */
class Values {
  private readonly values = new Set<unknown>();
  private characters = 0;

  add(value: unknown): void {
    const { size } = this.values;
    this.values.add(value instanceof Date ? value.getTime() : value);
    if (typeof value === 'string' && this.values.size > size) this.characters += value.length;
  }

  get isLarge(): boolean {
    return this.values.size >= VALUES_MAX || this.characters >= CHARACTERS_MAX;
  }

  list(isDate: boolean): unknown[] {
    return isDate ? Array.from(this.values, (time) => new Date(time as number)) : [...this.values];
  }
}

/**
 * How many different values a field has. Null is passed over. All values of a key are kept in state: see `approxDistinct` for many.
 * @param field of a type that can be a key
 */
export function distinct<const Name extends string>(
  field: Name,
  ...surplus: readonly never[]
): Aggregate<Name, Ordered, Field<number>> {
  refuseSurplus('distinct(field)', 1, surplus);
  return {
    kind: 'distinct',
    fields: [field],
    plan(place) {
      const [given] = place.fields;
      const type = valueType(given);
      if (given.codec.key === undefined) refuseField(place, 'distinct', given, `a field of ${KEY_TYPES.join(', ')}`);
      return {
        kept: { '': t.json() },
        live: { '': { lane: 'Array', zero: 'null' } },
        table: table({ value: type.inner as Field<unknown> }, {}),
        result: t.u32(),
        add: (slots, given) =>
          unlessNull(
            type,
            given(field),
            `if (${slots()} === null) ${slots()} = new Values(); ${slots()}.add(${given(field)});`,
          ),
        isLarge: (slots) => `${slots()} !== null && ${slots()}.isLarge`,
        travel: (_, slots) => `(${slots()} === null ? null : ${slots()}.list(${type.type === 'date'}))`,
        merge: (state, other) =>
          `{ const values = ${other()}; if (values !== null) for (const value of values) ${state()}.upsert(value); }`,
        value: (state) => `${state()}.size`,
        constants: { Values },
      };
    },
  };
}
