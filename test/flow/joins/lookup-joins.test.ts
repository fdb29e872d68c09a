// Goal: a lookup join gives each tuple the row that a naive model has for it: the one that came last, or with `asOf` the one that was
// valid at the tuple's time, as soon as the watermark says that no earlier change can come; and keeps only what may be needed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { testOperator } from '../../../src/testing.ts';
import { runs } from '../../kit/arbitraries.ts';
import { joined, LATENESS, type LeftTuple, type Pair, type RightTuple } from '../../kit/flows/joins.ts';
import { shown } from '../../kit/join-model.ts';

const START_MS = 1000;

const act = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      side: fc.constantFrom('left' as const, 'right' as const),
      key: fc.constantFrom(0, 0, 0, 1, null),
      after: fc.oneof(fc.integer({ min: 0, max: 30 }), fc.constantFrom(0.5, 3, 7)),
      isGone: fc.constantFrom(false, false, true),
    }),
  },
  { weight: 3, arbitrary: fc.record({ ms: fc.constantFrom(0, 1, 5, 23) }) },
  { weight: 1, arbitrary: fc.constant('restart' as const) },
);
const cases = fc.record({ acts: fc.array(act, { maxLength: 25 }), isDisturbed: fc.boolean() });

const rowOf = (fact: LeftTuple, change: RightTuple | undefined): Pair => ({
  left: fact.id,
  right: change === undefined || change.text === 'gone' ? null : change.text,
});

const sorted = (rows: readonly Pair[]): string[] => rows.map(shown).sort();

test('the row that has come last before the tuple', () => {
  fc.assert(
    fc.property(cases, ({ acts, isDisturbed }) => {
      const params = { how: 'lookup' as const };
      const join = testOperator<never, Pair>(joined, 'join', { params, rollback: isDisturbed, restore: isDisturbed });
      const latest = new Map<number, RightTuple>();
      const expected: Pair[] = [];
      let id = 0;
      for (const each of acts) {
        if (each === 'restart') join.restart();
        else if ('ms' in each) continue;
        else if (each.side === 'left') {
          const fact = { key: each.key, at: each.after, id: id++ };
          join.input<LeftTuple>('left').feed(fact, { at: each.after });
          expected.push(rowOf(fact, each.key === null ? undefined : latest.get(each.key)));
        } else {
          const change = { ref: each.key, at: each.after, text: each.isGone ? 'gone' : `r${id}` };
          join.input<RightTuple>('right').feed(change, { at: each.after });
          if (each.key !== null) latest.set(each.key, change);
        }
      }
      assert.deepEqual(join.emitted(), expected);
      const kept = [...latest.values()].filter(({ text }) => text !== 'gone');
      assert.equal(join.state.entries().length, kept.length);
    }),
    runs(45),
  );
});

test('as of: the row that was valid at the time of the tuple', () => {
  fc.assert(
    fc.property(cases, ({ acts, isDisturbed }) => {
      const params = { how: 'asOf' as const };
      const join = testOperator<never, Pair>(joined, 'join', { params, rollback: isDisturbed, restore: isDisturbed });
      const facts: LeftTuple[] = [];
      const changes: RightTuple[] = [];
      const rows: Pair[] = [];
      let watermark = START_MS;
      join.advanceWatermark(watermark);
      const validFor = ({ key, at }: LeftTuple): RightTuple | undefined => {
        let found: RightTuple | undefined;
        for (const each of changes)
          if (each.ref === key && key !== null && each.at <= at && (found === undefined || each.at >= found.at))
            found = each;
        return found;
      };
      const expected = (isDue: (fact: LeftTuple) => boolean): string[] =>
        sorted(facts.filter(isDue).map((fact) => rowOf(fact, validFor(fact))));
      for (const each of acts) {
        if (each === 'restart') join.restart();
        else if ('ms' in each) {
          watermark += each.ms;
          join.advanceWatermark(watermark);
        } else {
          const at = watermark - LATENESS[each.side] + each.after;
          if (each.side === 'left') {
            facts.push({ key: each.key, at, id: facts.length });
            join.input<LeftTuple>('left').feed(facts[facts.length - 1], { at });
          } else {
            changes.push({ ref: each.key, at, text: each.isGone ? 'gone' : `r${changes.length}` });
            join.input<RightTuple>('right').feed(changes[changes.length - 1], { at });
          }
        }
        rows.push(...join.emitted());
        assert.deepEqual(
          sorted(rows),
          expected(({ key, at }) => key === null || at + LATENESS.right < watermark),
        );
      }
      join.end();
      rows.push(...join.emitted());
      assert.deepEqual(
        sorted(rows),
        expected(() => true),
      );
    }),
    runs(60),
  );
});

test('as of: old versions go with time, and a key whose row is removed goes', () => {
  const join = testOperator<never, Pair>(joined, 'join', { params: { how: 'asOf' } });
  const changes = join.input<RightTuple>('right');
  for (let at = 0; at < 100; at += 10) changes.feed({ ref: 1, at, text: `r${at}` }, { at });
  const versions = (): number[] =>
    join.state.entries().flatMap(({ value }) => (value.$versions as { $at: number }[]).map(({ $at }) => $at));
  assert.equal(versions().length, 10);
  join.advanceWatermark(75);
  assert.deepEqual(versions(), [60, 70, 80, 90]);
  join.advanceWatermark(1000);
  assert.deepEqual(versions(), [90]);
  changes.feed({ ref: 1, at: 1001, text: 'gone' }, { at: 1001 });
  join.advanceWatermark(2000);
  assert.deepEqual(join.state.entries(), []);
});
