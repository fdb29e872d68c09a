// Goal: the simulation of event time is not blind: broken variants that no case of the explorer is large enough for are found by it.

import { replacing } from '../../proof/explore/mutants/mutant.ts';
import { runTimedSeed } from '../../proof/simulate/time-run.ts';
import { EventClock } from '../../src/actors/time/event-clock.ts';
import { OutputTime } from '../../src/actors/time/output-time.ts';
import { KeyTimers } from '../../src/state/timers/key-timers.ts';
import { findMutants, type SimulatedMutant } from '../kit/simulated-mutants.ts';

interface BatchInside {
  readonly clock: unknown;
  readonly record: { readonly progress: { readonly watermark: number } };
  readonly alignment: { readonly watermark: number };
  readonly inputs: readonly unknown[];
}

const seen = new WeakSet<object>();

const MUTANTS: readonly SimulatedMutant[] = [
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

findMutants(MUTANTS, { violationOf: async (seed) => (await runTimedSeed(seed)).violations.at(0), seeds: 60 });
