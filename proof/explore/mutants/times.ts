// Mutants of event time: each is right as long as all go on alike, or nobody dies.

import { Batch } from '../../../src/actors/batch.ts';
import type { EventClock } from '../../../src/actors/time/event-clock.ts';
import { OutputTime } from '../../../src/actors/time/output-time.ts';
import { Alignment } from '../../../src/mailbox/alignment.ts';
import type { RingReader } from '../../../src/mailbox/ring-reader.ts';
import { groupsOf } from '../../../src/state/groups/group-set.ts';
import { KeyTimers } from '../../../src/state/timers/key-timers.ts';
import type { CommitRecord } from '../../../src/state/transaction/commit-record.ts';
import type { PartitionMarks } from '../../../src/state/transaction/partition-marks.ts';
import { type Mutant, replacing } from './mutant.ts';

interface AlignmentInside {
  readonly timed: readonly RingReader[];
}

interface BatchInside {
  readonly record: CommitRecord;
  readonly clock: EventClock | undefined;
  readonly alignment: Alignment;
  readonly inputs: readonly unknown[];
}

interface TimersInside {
  readonly foundArena: { readonly f64: Float64Array } | undefined;
  readonly foundNamed: number;
  readonly named: { remove: (...values: unknown[]) => void };
}

/** Replaces a getter of a prototype. */
const replacingGetter =
  <Self, Value>(prototype: object, name: string, get: (this: Self) => Value) =>
  (): (() => void) => {
    const property = Object.getOwnPropertyDescriptor(prototype, name);
    if (property?.get === undefined) throw new Error(`there is no '${name}' to break`);
    Object.defineProperty(prototype, name, { ...property, get });
    return () => Object.defineProperty(prototype, name, property);
  };

export const timeMutants: readonly Mutant[] = [
  {
    name: 'giver holds nobody',
    breaks: "a reader does not hold the receiver at the giver's time: what was given counts as on the receiver's time",
    caughtBy: 'times over fences',
    apply: replacing(Alignment.prototype, 'holdReceiver', () => () => {}),
  },
  {
    name: 'least of those with news',
    breaks: 'an input that has said nothing yet does not count for the time of all',
    caughtBy: 'times over fences',
    apply: replacingGetter<AlignmentInside, number>(Alignment.prototype, 'watermark', function () {
      const told = this.timed.map(({ time }) => time).filter((time) => time !== Number.NEGATIVE_INFINITY);
      return told.length === 0 ? Number.NEGATIVE_INFINITY : Math.min(...told);
    }),
  },
  {
    name: 'timer fired twice',
    breaks: 'a timer that has fired stays in its row: whoever takes that up after a crash fires it again',
    caughtBy: 'timer crashes',
    apply: replacing<TimersInside, unknown[], void>(
      KeyTimers.prototype,
      'takeFound',
      (original) =>
        function (...values) {
          const { named } = this;
          const { remove } = named;
          named.remove = () => {};
          try {
            original.apply(this, values);
          } finally {
            named.remove = remove;
          }
        },
    ),
  },
  {
    name: 'seen lost at a crash',
    breaks: 'a commit of a source does not say how far time had come: after a crash what was late is on time',
    caughtBy: 'late writer crashes',
    apply: replacing<BatchInside, [], void>(
      Batch.prototype,
      'commit',
      (original) =>
        function () {
          const { clock } = this;
          if (clock === undefined) return void original.call(this);
          const { enter } = clock;
          // What the record gets is what the clock says it has seen.
          Object.defineProperty(clock, 'seen', { configurable: true, value: Number.NEGATIVE_INFINITY });
          try {
            original.call(this);
          } finally {
            Reflect.deleteProperty(clock, 'seen');
            clock.enter = enter;
          }
        },
    ),
  },
  {
    name: 'least of the partitions read',
    breaks: 'a partition of which nothing has been read yet does not hold back the time of its replica',
    caughtBy: 'lagging partition',
    apply: replacing<{ readonly batch: BatchInside }, [EventClock, PartitionMarks], number>(
      OutputTime.prototype,
      'ofPartitions',
      () =>
        function (clock, partitions) {
          const { record } = this.batch;
          const seen = groupsOf(record.progress.groups)
            .filter((partition) => !partitions.hasEnded(partition))
            .map((partition) => partitions.seen(partition))
            .filter((each) => each !== Number.NEGATIVE_INFINITY);
          return Math.min(...seen.map((each) => clock.watermarkOf(each)));
        },
    ),
  },
];
