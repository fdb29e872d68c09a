// Aggregates that keep a sketch: an answer with a stated error, in few bytes whatever the number of values.
// Promises: parts may be cut and merged in any way. A sketch is an object on a writer's heap, and bytes where it travels and in state.

import { KEY_TYPES } from '../../mailbox/columns/registry.ts';
import { type Field, t } from '../../mailbox/schema.ts';
import { checkOptions } from '../../options/check.ts';
import { number } from '../../options/kinds.ts';
import type { Given } from '../../options/option.ts';
import { refuseSurplus } from '../../surplus.ts';
import {
  type Aggregate,
  type AggregateCode,
  isNumber,
  type NumberResult,
  type Ordered,
  refuseField,
  unlessNull,
  valueType,
} from './aggregate.ts';
import { DdSketch } from './dd-sketch.ts';
import { hashes, hashValue } from './hash-value.ts';
import { HyperLogLog } from './hyper-log-log.ts';

interface Sketch {
  merge(other: Sketch): void;
  toBytes(): Uint8Array;
}

interface SketchParts<Each extends Sketch> {
  readonly id: number;
  readonly field: string;
  readonly type: ReturnType<typeof valueType>;
  readonly result: AggregateCode['result'];
  make(): Each;
  fromBytes(bytes: Uint8Array): Each;
  add(sketch: Each, value: unknown): void;
  answer(sketch: Each): unknown;
}

function sketchCode<Each extends Sketch>(parts: SketchParts<Each>): AggregateCode {
  const { id, field, type, result, make, fromBytes, add, answer } = parts;
  const merge = (state: Uint8Array, other: Uint8Array): Uint8Array => {
    if (other.length === 0) return state;
    const sketch = fromBytes(state);
    sketch.merge(fromBytes(other));
    return sketch.toBytes();
  };
  return {
    kept: { '': t.bytes() },
    live: { '': { lane: 'Array', zero: 'null' } },
    result,
    add: (slots, given) =>
      unlessNull(
        type,
        given(field),
        `if (${slots()} === null) ${slots()} = make${id}(); take${id}(${slots()}, ${given(field)});`,
      ),
    travel: (_, slots) => `(${slots()} === null ? NO_SKETCH : ${slots()}.toBytes())`,
    merge: (state, other) => `${state()} = merge${id}(${state()}, ${other()});`,
    value: (state) => `answer${id}(${state()})`,
    constants: {
      NO_SKETCH: new Uint8Array(0),
      [`make${id}`]: make,
      [`take${id}`]: add,
      [`merge${id}`]: merge,
      [`answer${id}`]: (bytes: Uint8Array) => answer(fromBytes(bytes)),
    },
  };
}

const REGISTER_BITS_MIN = 6;
const REGISTER_BITS_MAX = 16;

export const APPROX_DISTINCT_OPTIONS = {
  /** Standard error of the result, as a share: a share from 0.005 to 0.1. Default: 0.02. See docs/aggregates.md. */
  error: number({
    help: 'standard error of the result, as a share',
    unit: 'a share',
    from: 0.005,
    to: 0.1,
    default: 0.02,
    page: 'aggregates.md',
  }),
};

/** Options of `approxDistinct`. */
export interface ApproxDistinctOptions extends Given<typeof APPROX_DISTINCT_OPTIONS> {}

/**
 * About how many different values a field has: exactly up to 256, beyond that with a standard error of `error`. Null is passed over.
 * A key takes 2,049 to 65,537 bytes: 4,097 at an error of 0.02.
 * @param field of a type that can be a key
 * @throws MillraceError BAD_OPTION
 */
export function approxDistinct<const Name extends string>(
  field: Name,
  options: ApproxDistinctOptions = {},
  ...surplus: readonly never[]
): Aggregate<Name, Ordered, Field<number>> {
  refuseSurplus('approxDistinct(field, options)', 2, surplus);
  const { error } = checkOptions('approxDistinct()', APPROX_DISTINCT_OPTIONS, options);
  const wanted = Math.ceil(2 * Math.log2(1.04 / error));
  const bits = Math.min(REGISTER_BITS_MAX, Math.max(REGISTER_BITS_MIN, wanted));
  return {
    kind: 'approxDistinct',
    fields: [field],
    plan(place) {
      const [given] = place.fields;
      if (given.codec.key === undefined)
        refuseField(place, 'approxDistinct', given, `a field of ${KEY_TYPES.join(', ')}`);
      return sketchCode<HyperLogLog>({
        id: place.id,
        field,
        type: valueType(given),
        result: t.f64(),
        make: () => new HyperLogLog(bits),
        fromBytes: (bytes) => HyperLogLog.fromBytes(bits, bytes),
        add: (sketch, value) => {
          hashValue(value);
          sketch.add(hashes[0], hashes[1]);
        },
        answer: (sketch) => sketch.estimate,
      });
    },
  };
}

const SHARE = number({ help: 'share of the values', unit: 'a share', from: 0, to: 1, isRequired: true });

export const QUANTILE_OPTIONS = {
  /**
   * By how much the result may be off, as a share of it: a share from 0.001 to 0.2. Default: 0.01. See
   * docs/aggregates.md.
   */
  error: number({
    help: 'by how much the result may be off, as a share of it',
    unit: 'a share',
    from: 0.001,
    to: 0.2,
    default: 0.01,
    page: 'aggregates.md',
  }),
};

/** Options of `quantile`. */
export interface QuantileOptions extends Given<typeof QUANTILE_OPTIONS> {}

/**
 * The value that a share of a field's values does not exceed: `quantile('ms', 0.95)`. It is off by `error` of its value at most;
 * shares 0 and 1 are exactly the least and the greatest value. NaN comes after every number. Null is passed over; of an optional field
 * that never had a value the result is null.
 * @param field of numbers
 * @param share from 0 to 1
 * @throws MillraceError BAD_OPTION
 */
export function quantile<const Name extends string>(
  field: Name,
  share: number,
  options: QuantileOptions = {},
  ...surplus: readonly never[]
): Aggregate<Name, number | null, NumberResult> {
  refuseSurplus('quantile(field, share, options)', 3, surplus);
  const { share: q } = checkOptions('quantile()', { share: SHARE }, { share });
  const { error } = checkOptions('quantile()', QUANTILE_OPTIONS, options);
  return {
    kind: 'quantile',
    fields: [field],
    plan(place) {
      const [given] = place.fields;
      const type = valueType(given);
      if (!isNumber(type)) refuseField(place, 'quantile', given, 'a field of numbers');
      return sketchCode<DdSketch>({
        id: place.id,
        field,
        type,
        result: type.isOptional ? t.optional(t.f64()) : t.f64(),
        make: () => new DdSketch(error),
        fromBytes: (bytes) => DdSketch.fromBytes(error, bytes),
        add: (sketch, value) => sketch.add(value as number),
        answer: (sketch) => sketch.quantile(q),
      });
    },
  };
}
