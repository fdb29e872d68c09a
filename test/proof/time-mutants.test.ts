// Goal: the simulation of event time is not blind: broken variants that no case of the explorer is large enough for are found by it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { replacing } from '../../proof/explore/mutants/mutant.ts';
import { runTimedSeed } from '../../proof/simulate/time-run.ts';
import { EventClock } from '../../src/actors/time/event-clock.ts';
import { OutputTime } from '../../src/actors/time/output-time.ts';
import { KeyTimers } from '../../src/state/timers/key-timers.ts';

interface BatchInside {
  readonly clock: unknown;
  readonly record: { readonly progress: { readonly watermark: number } };
  readonly alignment: { readonly watermark: number };
  readonly inputs: readonly unknown[];
}

const seen = new WeakSet<object>();

const MUTANTS: readonly { readonly name: string; readonly seed: number; readonly apply: () => () => void }[] = [
  {
    name: 'an operator says how far time has come before the timers up to then have fired',
    seed: 1,
    apply: replacing<{ readonly batch: BatchInside }, [], number>(
      OutputTime.prototype,
      'reached',
      (original) =>
        function () {
          const { clock, inputs, alignment, record } = this.batch;
          if (clock !== undefined || inputs.length === 0) return original.call(this);
          const { watermark } = alignment;
          return watermark === Number.POSITIVE_INFINITY ? record.progress.watermark : watermark;
        },
    ),
  },
  {
    name: 'a receiver does not take back its time for what is earlier of what it has been given',
    seed: 4,
    apply: replacing(OutputTime.prototype, 'rewind', () => () => {}),
  },
  {
    name: 'a replica that has given all away still holds time back',
    seed: 2,
    apply: replacing(OutputTime.prototype, 'leave', () => () => {}),
  },
  {
    name: 'the timers of key groups that change hands are lost',
    seed: 13,
    apply: replacing<object, [], void>(
      KeyTimers.prototype,
      'ownersChanged',
      (original) =>
        function () {
          if (!seen.has(this)) original.call(this);
          seen.add(this);
        },
    ),
  },
  {
    name: 'what a batch had seen of time before it was rolled back, or in another partition, still counts',
    seed: 0,
    apply: replacing<EventClock, [number], void>(
      EventClock.prototype,
      'enter',
      (original) =>
        function (given) {
          original.call(this, Math.max(given, this.seen));
        },
    ),
  },
];

/** What is wrong with a run, if anything. */
async function problemOf(seed: number): Promise<string | undefined> {
  try {
    return (await runTimedSeed(seed)).violations.at(0);
  } catch (error) {
    return (error as Error).message;
  }
}

/** The first of some seeds that tells; what a seed means changes with the code, so the one at hand is only where to begin. */
async function findingSeed(first: number): Promise<number | undefined> {
  for (let seed = first; seed < first + SEEDS; seed++) if ((await problemOf(seed)) !== undefined) return seed;
  return undefined;
}

const SEEDS = 60;

for (const { name, seed, apply } of MUTANTS) {
  test(`it is found that ${name}`, async () => {
    const mend = apply();
    let found: number | undefined;
    try {
      found = await findingSeed(seed);
    } finally {
      mend();
    }
    assert.ok(found !== undefined, 'it survives');
    assert.equal(await problemOf(found), undefined, `seed ${found} tells without it as well`);
  });
}
