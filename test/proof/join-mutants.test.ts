// Goal: the simulation of event time, and the tests of what joins keep, are not blind: joins with one thing broken are found.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { all, replacing } from '../../proof/explore/mutants/mutant.ts';
import { timedCaseOf } from '../../proof/simulate/time-case.ts';
import { runTimedSeed } from '../../proof/simulate/time-run.ts';
import { Buckets } from '../../src/flow/joins/buckets.ts';
import { WindowSides } from '../../src/flow/joins/window-sides.ts';
import { Transaction } from '../../src/state/transaction/transaction.ts';
import { joinForLong, LONG_JOINS } from '../kit/long-joins.ts';
import { findMutants, type SimulatedMutant } from '../kit/simulated-mutants.ts';

interface Sides {
  readonly join: (left: unknown, right: unknown, bounds: unknown) => unknown;
  readonly left: object;
  readonly right: object;
}

const begun = new WeakSet<Transaction>();

const MUTANTS: readonly SimulatedMutant[] = [
  {
    name: 'rows of a bucket go with those of the one before',
    seed: 0,
    apply: replacing<Buckets, [never, number], void>(
      Buckets.prototype,
      'drop',
      (original) =>
        function (state, at) {
          original.call(this, state, at);
          const [next] = [...this.of(state)].map(({ $bucket }) => $bucket).filter((bucket) => bucket > at);
          if (next !== undefined) original.call(this, state, next);
        },
    ),
  },
  {
    name: 'the two tuples of a pair are swapped',
    seed: 0,
    apply: replacing<Sides, unknown[], void>(
      WindowSides.prototype,
      'give',
      (original) =>
        function (...values) {
          const { join } = this;
          const swapped = { join: { value: (one: unknown, other: unknown, of: unknown) => join(other, one, of) } };
          original.apply(Object.create(this, swapped), values);
        },
    ),
  },
  {
    name: 'that a row has met a mate is forgotten, and it comes out alone as well',
    seed: 0,
    apply: replacing<Buckets, [never, number, number, object, boolean], void>(
      Buckets.prototype,
      'add',
      (original) =>
        function (state, at, atMs, tuple) {
          original.call(this, state, at, atMs, tuple, false);
        },
    ),
  },
  {
    name: 'a window gives its lefts alone though it has rights',
    seed: 0,
    apply: replacing<Sides, unknown[], void>(
      WindowSides.prototype,
      'give',
      (original) =>
        function (...values) {
          original.apply(this, values);
          const { left } = this;
          const none = { buckets: { each: () => {} } };
          const blind = { right: { value: Object.create(this.right, { buckets: { value: none.buckets } }) } };
          if ((left as { isOuter: boolean }).isOuter) original.apply(Object.create(this, blind), values);
        },
    ),
  },
  {
    name: 'what a dead host had kept of its last batch stays, and meets its mates again',
    seed: 0,
    apply: all(
      replacing<Transaction, [number], void>(
        Transaction.prototype,
        'begin',
        (original) =>
          function (number) {
            begun.add(this);
            original.call(this, number);
          },
      ),
      // Whoever has begun nothing takes over from a dead host.
      replacing<Transaction, [number], void>(
        Transaction.prototype,
        'rollback',
        (original) =>
          function (committed) {
            if (begun.has(this)) original.call(this, committed);
          },
      ),
    ),
  },
];

/** What is wrong with the joins of a seed, if anything; undefined also if it has none. */
async function violationOf(seed: number): Promise<string | undefined> {
  const timed = timedCaseOf(seed);
  if (timed.flow.joins.length === 0) return undefined;
  // Nothing else is to tell.
  const { violations } = await runTimedSeed(seed, { ...timed, flow: { ...timed.flow, readers: [] } });
  return violations.at(0);
}

findMutants(MUTANTS, { violationOf, seeds: 80 });

const nothing = replacing<Buckets, [], void>(Buckets.prototype, 'drop', () => () => {});

test('it is found that rows are kept after their time', () => {
  const mend = all(nothing)();
  try {
    for (const kind of LONG_JOINS.filter((each) => each !== 'asOf'))
      assert.throws(() => joinForLong(kind), { code: 'STATE_FULL' }, kind);
  } finally {
    mend();
  }
});
