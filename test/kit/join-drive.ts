// A join of two streams, driven by random acts: tuples of either side, how far time has come on each, and restarts.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Dataflow } from '../../src/index.ts';
import { testOperator } from '../../src/testing.ts';
import { LATENESS, type LeftTuple, type RightTuple } from './flows/joins.ts';

export const START_MS = 1000;

/** A tuple of a side, so much later than the earliest that may come; the time of a side, so much further; or a restart. */
export const act = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      side: fc.constantFrom('left' as const, 'right' as const),
      key: fc.constantFrom(0, 0, 0, 1, null),
      after: fc.oneof(fc.integer({ min: 0, max: 40 }), fc.constantFrom(0.5, 7, 10)),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      side: fc.constantFrom('left' as const, 'right' as const, 'both' as const),
      ms: fc.constantFrom(0, 1, 5, 10, 23),
    }),
  },
  { weight: 1, arbitrary: fc.constant('restart' as const) },
);

type Act = typeof act extends fc.Arbitrary<infer Each> ? Each : never;

/** Drives a join by acts, with a check after each; returns what it was fed and what came out. */
export function drive<Params, Row>(
  flow: Dataflow<Params, unknown>,
  params: Params,
  acts: readonly Act[],
  isDisturbed: boolean,
  check: (rows: readonly Row[], lefts: readonly LeftTuple[], rights: readonly RightTuple[], watermark: number) => void,
) {
  const join = testOperator<never, Row>(flow as never, 'join', { params, rollback: isDisturbed, restore: isDisturbed });
  const sides = { left: join.input<LeftTuple>('left'), right: join.input<RightTuple>('rights') };
  const watermarks = { left: START_MS, right: START_MS };
  join.advanceWatermark(START_MS);
  const lefts: LeftTuple[] = [];
  const rights: RightTuple[] = [];
  const rows: Row[] = [];
  for (const each of acts) {
    if (each === 'restart') join.restart();
    else if ('ms' in each) {
      for (const side of ['left', 'right'] as const) {
        if (each.side !== 'both' && each.side !== side) continue;
        watermarks[side] += each.ms;
        sides[side].advanceWatermark(watermarks[side]);
      }
    } else {
      const at = watermarks[each.side] - LATENESS[each.side] + each.after;
      if (each.side === 'left') {
        const tuple = { key: each.key, at, id: lefts.length };
        lefts.push(tuple);
        sides.left.feed(tuple, { at });
      } else {
        const tuple = { ref: each.key, at, text: `r${rights.length}` };
        rights.push(tuple);
        sides.right.feed(tuple, { at });
      }
    }
    rows.push(...join.emitted());
    check(rows, lefts, rights, Math.min(watermarks.left, watermarks.right));
  }
  join.end();
  rows.push(...join.emitted());
  assert.deepEqual(join.state.entries(), []);
  return { rows, lefts, rights };
}
