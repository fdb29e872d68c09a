// Goal: joins in event time give what two nested loops give, each row once, and rows without a mate when the watermark says so and not
// before: whatever the order and lateness of tuples, restarts, rollbacks and snapshots.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { testOperator } from '../../../src/testing.ts';
import { runs } from '../../kit/arbitraries.ts';
import {
  type JoinParams,
  joined,
  LATENESS,
  type LeftTuple,
  type Pair,
  type RightTuple,
} from '../../kit/flows/joins.ts';
import { act, drive, START_MS } from '../../kit/join-drive.ts';
import { intervalMates, joinModel, rowsOf, shown, windowMates } from '../../kit/join-model.ts';

const KINDS = ['inner', 'left', 'full'] as const;

const cases = fc.record({
  acts: fc.array(act, { maxLength: 25 }),
  kind: fc.constantFrom(...KINDS),
  fromMs: fc.constantFrom(-20, -5, 0, 3),
  spanMs: fc.constantFrom(1, 5, 10, 40),
  isDisturbed: fc.boolean(),
});

test('interval join: pairs at once, what has no mate when none can come, nothing kept', () => {
  fc.assert(
    fc.property(cases, ({ acts, kind, fromMs, spanMs, isDisturbed }) => {
      const toMs = fromMs + spanMs;
      const isMate = intervalMates(fromMs, toMs);
      const params = { how: 'interval' as const, kind, fromMs, toMs };
      const { rows, lefts, rights } = drive<JoinParams, Pair>(
        joined,
        params,
        acts,
        isDisturbed,
        (found, allLefts, allRights, watermark) => {
          const { pairs, lefts: aloneLefts, rights: aloneRights } = joinModel(allLefts, allRights, isMate);
          const isDueLeft = ({ key, at }: LeftTuple): boolean =>
            key === null || at + toMs + LATENESS.right <= watermark;
          const isDueRight = ({ ref, at }: RightTuple): boolean =>
            ref === null || at - fromMs + LATENESS.left < watermark;
          const expected = {
            pairs,
            lefts: aloneLefts.filter(isDueLeft),
            rights: aloneRights.filter(isDueRight),
          };
          assert.deepEqual(found.map(shown).sort(), rowsOf(expected, kind));
        },
      );
      assert.deepEqual(rows.map(shown).sort(), rowsOf(joinModel(lefts, rights, isMate), kind));
    }),
    runs(60),
  );
});

test('many rows without a mate that are due at once: each comes out once, whatever is restarted between', () => {
  const join = testOperator<never, Pair>(joined, 'join', {
    params: { how: 'interval', kind: 'left', fromMs: 0, toMs: 10 },
    rollback: false,
    restore: false,
  });
  const keys = 20_000;
  join.input<LeftTuple>('left').feed(
    Array.from({ length: keys }, (_, key) => ({ key, at: START_MS, id: key })),
    { at: START_MS },
  );
  join.restart();
  join.advanceWatermark(2 * START_MS);
  const ids = new Set(join.emitted().map(({ left }) => left));
  assert.equal(ids.size, keys);
  join.end();
  assert.deepEqual([join.emitted(), join.state.entries()], [[], []]);
});

test('window join: all pairs of a window when it closes', () => {
  fc.assert(
    fc.property(cases, ({ acts, kind, spanMs, isDisturbed }) => {
      const isMate = windowMates(spanMs);
      const params = { how: 'window' as const, kind, fromMs: 0, toMs: spanMs };
      const late = Math.max(LATENESS.left, LATENESS.right);
      const { rows, lefts, rights } = drive<JoinParams, Pair>(
        joined,
        params,
        acts,
        isDisturbed,
        (found, allLefts, allRights, watermark) => {
          const isClosed = ({ at }: { at: number }): boolean =>
            (Math.floor(at / spanMs) + 1) * spanMs + late <= watermark;
          const closed = joinModel(
            allLefts.filter((tuple) => tuple.key === null || isClosed(tuple)),
            allRights.filter((tuple) => tuple.ref === null || isClosed(tuple)),
            isMate,
          );
          assert.deepEqual(found.map(shown).sort(), rowsOf(closed, kind));
        },
      );
      assert.deepEqual(rows.map(shown).sort(), rowsOf(joinModel(lefts, rights, isMate), kind));
    }),
    runs(60),
  );
});
