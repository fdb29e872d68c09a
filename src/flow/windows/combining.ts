// How tuples of windows are combined where they are made: by key and slice of time, so that one row stands for all of these.
// Relies on: tuples of one slice, or of one slot no longer than a session's gap, are of the same windows.

import { Schema, type SchemaField, type Shape, shapeOf, t } from '../../mailbox/schema.ts';
import type { Aggregation } from '../aggregates/aggregation.ts';
import { partsOf } from '../aggregates/aggregation.ts';
import { generateCombiner, type KeptAggregate } from '../aggregates/combiner.ts';
import { SLICE } from './content.ts';
import { FIRST, LAST, SLOT } from './sessions.ts';
import { sliceCode, sliceMs } from './slices.ts';
import type { Window } from './window.ts';

/** An expression of the time of the tuple in work, in a program. */
const TIME_IN_WORK = 'time[0]';
const TIME = '$time';

/** Keeps the least or the greatest time of a row's tuples. */
const edgeOfTime = (name: string, isBefore: '<' | '>', zero: string): KeptAggregate => ({
  name,
  fields: [TIME],
  code: {
    kept: { '': t.f64() },
    live: { '': { lane: 'Float64Array', zero } },
    result: t.f64(),
    add: (slots, given) => `if (${given(TIME)} ${isBefore} ${slots()}) ${slots()} = ${given(TIME)};`,
    merge: () => '',
    value: (state) => state(),
  },
});

/** What combined rows have besides what is kept for the aggregates, and what that is made of. */
interface Extra {
  /** Fields that a row is of one value of, besides the key. */
  readonly keys: Shape;
  readonly kept: readonly KeptAggregate[];
  readonly computed: Readonly<Record<string, string>>;
  /** An expression for the end of the stretch of time, of those that rows are of, that a time is in. */
  readonly endOf: (time: string) => string;
  /** About how long the windows behind wait for their tuples. */
  readonly everyMs: number;
}

function extraOf(window: Window): Extra | undefined {
  if (window.kind === 'count' || window.kind === 'global' || window.kind === 'calendar') return undefined;
  if (window.kind === 'session') {
    const { gapMs } = window;
    return {
      keys: { [SLOT]: t.f64() },
      kept: [edgeOfTime(FIRST, '<', 'Infinity'), edgeOfTime(LAST, '>', '-Infinity')],
      computed: { [SLOT]: `Math.floor(${TIME_IN_WORK} / ${gapMs})`, [TIME]: TIME_IN_WORK },
      endOf: (time) => `(Math.floor(${time} / ${gapMs}) + 1) * ${gapMs}`,
      everyMs: gapMs,
    };
  }
  return {
    keys: { [SLICE]: t.f64() },
    kept: [],
    computed: { [SLICE]: sliceCode(window, TIME_IN_WORK) },
    endOf: (time) => `${sliceCode(window, time)} + ${sliceMs(window)}`,
    everyMs: window.everyMs,
  };
}

/** How the tuples of some windows are combined, and for how long by default; undefined if they are not. */
export function windowCombiner(
  operator: string,
  window: Window,
  schema: Schema,
  keys: readonly SchemaField[],
  kept: readonly KeptAggregate[],
): (Pick<Aggregation, 'partial' | 'combiner'> & { readonly everyMs: number }) | undefined {
  const extra = extraOf(window);
  if (extra === undefined) return undefined;
  const where = `operator '${operator}'`;
  const all = [...kept, ...extra.kept];
  const computed = Object.fromEntries(Object.keys(extra.computed).map((name) => [name, t.f64()]));
  const withComputed = Schema.of({ ...shapeOf(schema.fields), ...computed }, where);
  const allKeys = [...keys, ...Schema.of(extra.keys, where).fields];
  return {
    everyMs: extra.everyMs,
    partial: Schema.of({ ...shapeOf(keys), ...extra.keys, ...partsOf(all, false) }, where),
    combiner: (emit, time) =>
      generateCombiner(operator, withComputed, allKeys, all, emit, {
        computed: extra.computed,
        time: time && { ...time, endOf: extra.endOf },
      }),
  };
}
