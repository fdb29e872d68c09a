// Sums: of numbers as doubles, and of integers exactly.
// Promises: a sum of doubles carries its rounding errors along (two-sum of Knuth, TAOCP 2, 4.2.2), so it hardly depends on how tuples are
// cut into parts: sums of integers up to 2^53 do not at all, others differ in the last bit at most, but where larger terms cancel.

import { errors, show } from '../../errors.ts';
import type { AnyField } from '../../mailbox/columns/codec.ts';
import { type Field, t } from '../../mailbox/schema.ts';
import { checkOptions } from '../../options/check.ts';
import { toggle } from '../../options/kinds.ts';
import type { Given } from '../../options/option.ts';
import { refuseSurplus } from '../../surplus.ts';
import {
  type Aggregate,
  type AggregateCode,
  type AggregatePlace,
  isBigInt,
  isInteger,
  isNumber,
  refuseField,
  type Slots,
  unlessNull,
  valueType,
} from './aggregate.ts';

export const SUM_OPTIONS = {
  /** Sums integers without a bound in between, as a bigint: true or false. Default: `false`. See docs/aggregates.md. */
  exact: toggle({
    help: 'sums integers without a bound in between, as a bigint',
    default: false,
    page: 'aggregates.md',
  }),
};

/** Options of `sum`. */
export interface SumOptions extends Given<typeof SUM_OPTIONS> {}

/** Adds a term to a sum, and to the rest what that rounds off. */
const addTerm = (sum: string, rest: string, term: string): string =>
  `const sum = ${sum}, term = ${term}, total = sum + term, added = total - sum;
${rest} += (sum - (total - added)) + (term - added);
${sum} = total;`;

/** The sum of a field of numbers. */
export function summed(place: AggregatePlace, kind: string): AggregateCode {
  const [field] = place.fields;
  const type = valueType(field);
  if (!isNumber(type)) refuseField(place, kind, field, 'a field of numbers');
  if (isInteger(type)) {
    return {
      kept: { '': t.f64() },
      result: t.f64(),
      add: (slots, given) => unlessNull(type, given(field.name), `${slots()} += ${given(field.name)};`),
      merge: (state, other) => `${state()} += ${other()};`,
      value: (state) => state(),
    };
  }
  return {
    kept: { '': t.f64(), rest: t.f64() },
    result: t.f64(),
    add: (slots, given) => unlessNull(type, given(field.name), addTerm(slots(), slots('rest'), given(field.name))),
    merge: (state, other) => `{ ${addTerm(state(), state('rest'), other())} ${state('rest')} += ${other('rest')}; }`,
    // Beyond the range of doubles there is no rest, but NaN.
    value: (state) => `(${state()} - ${state()} === 0 ? ${state()} + ${state('rest')} : ${state()})`,
  };
}

/** The halves of an integer of 128 bits: no sum of less than 2^64 terms leaves them. */
const highOf = (sum: string): string => `BigInt.asIntN(64, ${sum} >> 64n)`;
const lowOf = (sum: string): string => `BigInt.asUintN(64, ${sum})`;
const joined = (slots: Slots): string => `(${slots('high')} << 64n) + ${slots('low')}`;

function exactly(place: AggregatePlace): AggregateCode {
  const [field] = place.fields;
  const type = valueType(field);
  if (!isBigInt(type) && !isInteger(type)) refuseField(place, 'exact sum', field, 'a field of integers');
  const result: AnyField = type.type === 'u64' ? t.u64() : t.i64();
  const { operator, name, id } = place;
  const inRange = (sum: bigint): bigint => {
    const fits = type.type === 'u64' ? BigInt.asUintN(64, sum) === sum : BigInt.asIntN(64, sum) === sum;
    if (!fits) throw errors.aggregateOverflow(operator, name, show(sum), result.type);
    return sum;
  };
  return {
    kept: { high: t.i64(), low: t.u64() },
    live: { '': { lane: 'Array', zero: '0n' } },
    result,
    add: (slots, given) => {
      const value = given(field.name);
      return unlessNull(type, value, `${slots()} += ${isBigInt(type) ? value : `BigInt(${value})`};`);
    },
    travel: (part, slots) => (part === 'high' ? highOf(slots()) : lowOf(slots())),
    merge: (state, other) => `{ const sum = ${joined(state)} + ${joined(other)};
${state('high')} = ${highOf('sum')}; ${state('low')} = ${lowOf('sum')}; }`,
    value: (state) => `inRange${id}(${joined(state)})`,
    constants: { [`inRange${id}`]: inRange },
  };
}

/** A sum is a bigint if it is exact: by its options, or by its field. */
type SumResult<Options> = Options extends { readonly exact: true } ? Field<bigint> : SumByField;

/** The result is a bigint if the field's values are, else a number. */
export interface SumByField {
  readonly sum: true;
}

/**
 * The sum of a field's values; of none it is 0. Null is passed over.
 * @param field of numbers, or bigints
 * @throws MillraceError BAD_OPTION
 */
export function sum<const Name extends string, const Options extends SumOptions = Record<never, never>>(
  field: Name,
  options: Options = {} as Options,
  ...surplus: readonly never[]
): Aggregate<Name, number | bigint | null, SumResult<Options>> {
  refuseSurplus('sum(field, options)', 2, surplus);
  const { exact } = checkOptions('sum()', SUM_OPTIONS, options);
  return {
    kind: 'sum',
    fields: [field],
    plan: (place) => (exact || isBigInt(valueType(place.fields[0])) ? exactly(place) : summed(place, 'sum')),
  };
}
