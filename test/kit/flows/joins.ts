// Flows in which two streams meet: fed by a test, or generated, with times out of order.

import { dataflow, type JoinKind, type ParallelismRange, t } from '../../../src/index.ts';
import { generate, push } from '../../../src/sources.ts';
import { tumbling } from '../../../src/windows.ts';

export const LEFT = { key: t.optional(t.u32()), at: t.f64(), id: t.u32() };
export const RIGHT = { text: t.string(), at: t.f64(), ref: t.optional(t.u32()) };
export const PAIR = { left: t.optional(t.u32()), right: t.optional(t.string()), time: t.f64() };

export interface LeftTuple {
  readonly key: number | null;
  readonly at: number;
  readonly id: number;
}
export interface RightTuple {
  readonly text: string;
  readonly at: number;
  readonly ref: number | null;
}
export interface Pair {
  readonly left: number | null;
  readonly right: string | null;
}

/** How late tuples of the two streams may be. */
export const LATENESS = { left: 7, right: 3 };

export interface JoinParams {
  readonly how: 'interval' | 'window' | 'lookup' | 'asOf';
  readonly kind?: JoinKind;
  readonly fromMs?: number;
  readonly toMs?: number;
  /** Tuples of each stream; pushed if it is left out. */
  readonly count?: number;
  readonly keys?: number;
  readonly outOfOrderMs?: number;
  readonly ratePerSecond?: number;
  readonly parallelism?: number | ParallelismRange;
}

/** A time for each number that goes up, by fits and starts. */
export const timeOf = (n: number, outOfOrderMs: number): number => n * 3 + ((n * 7919) % (outOfOrderMs + 1));
export const leftAt = (n: number, { keys, outOfOrderMs }: { keys: number; outOfOrderMs: number }): LeftTuple => {
  const key = (n * 31) % (keys + 1);
  return { key: key === keys ? null : key, at: timeOf(n, outOfOrderMs), id: n };
};
export const rightAt = (n: number, { keys, outOfOrderMs }: { keys: number; outOfOrderMs: number }): RightTuple => {
  const ref = (n * 17) % (keys + 1);
  return { ref: ref === keys ? null : ref, at: timeOf(n + 5, outOfOrderMs), text: `r${n}` };
};

const idOf = (left: LeftTuple | undefined): number | null => left?.id ?? null;
const textOf = (right: RightTuple | undefined): string | null => right?.text ?? null;

/** The pairs of two streams, by any of the joins. */
export const joined = dataflow(
  import.meta.url,
  'joined',
  (
    flow,
    {
      how,
      kind = 'inner',
      fromMs = 0,
      toMs = 10,
      count,
      keys = 5,
      outOfOrderMs = 0,
      ratePerSecond,
      parallelism = 1,
    }: JoinParams,
  ) => {
    const lefts =
      count === undefined
        ? flow.source('lefts', push(LEFT))
        : flow.source(
            'lefts',
            generate(LEFT, (n) => leftAt(n, { keys, outOfOrderMs }), { count, ratePerSecond }),
          );
    const rights =
      count === undefined
        ? flow.source('rights', push(RIGHT))
        : flow.source(
            'rights',
            generate(RIGHT, (n) => rightAt(n, { keys, outOfOrderMs }), { count, ratePerSecond }),
          );
    const late = count === undefined ? LATENESS : { left: 0, right: 0 };
    const both = lefts
      .withEventTime('at', { outOfOrderMs, allowedLatenessMs: late.left })
      .keyBy('key')
      .connect(rights.withEventTime('at', { outOfOrderMs, allowedLatenessMs: late.right }).keyBy('ref'));
    const out = { left: t.optional(t.u32()), right: t.optional(t.string()) };
    const pair = (left?: LeftTuple, right?: RightTuple): Pair => ({ left: idOf(left), right: textOf(right) });
    const options = { kind, parallelism };
    const pairs =
      how === 'interval'
        ? both.intervalJoin('join', { fromMs, toMs }, out, pair, options)
        : how === 'window'
          ? both.windowJoin('join', tumbling({ sizeMs: toMs }), out, pair, options)
          : both.lookupJoin('join', out, pair, {
              asOf: how === 'asOf',
              parallelism,
              isRemoval: ({ text }) => text === 'gone',
            });
    return pairs.collect('pairs');
  },
);
