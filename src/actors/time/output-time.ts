// How far time, and where its inputs are in order the place, has come in what a replica writes.
// Promises: what frames say of time never runs ahead of what is still to be written: held by what has been read, by timers that are due,
// and by partitions that have not begun. Where no tuple tells it, a frame of its own does.
// Relies on: being called within the open batch, in the order of its commit.

import { keepsOrder, type Stage } from '../../flow/plan.ts';
import type { Alignment } from '../../mailbox/alignment.ts';
import { blockShift, LAST_PLACE, NO_PLACE, placeOfFrame } from '../../mailbox/places.ts';
import type { RingReader } from '../../mailbox/ring-reader.ts';
import { groupsOf, hasGroup } from '../../state/groups/group-set.ts';
import type { CommitRecord } from '../../state/transaction/commit-record.ts';
import type { PartitionMarks } from '../../state/transaction/partition-marks.ts';
import { hasEnded } from '../../state/transaction/sweep.ts';
import type { OutputPort } from '../output-port.ts';
import type { EventClock } from './event-clock.ts';

/** What time goes by in a batch. */
interface TimedBatch {
  /** What the next commit will record, and the last one. */
  readonly record: CommitRecord;
  readonly committed: CommitRecord;
  readonly inputs: readonly { readonly reader: RingReader }[];
  readonly alignment: Alignment;
  readonly ports: readonly OutputPort[];
  /** Judges the event times of tuples, if that is done here, by partitions if there are several. */
  readonly clock: EventClock | undefined;
  readonly partitions: PartitionMarks | undefined;
  /** True while timers are due in event time. */
  readonly isTimeDue: boolean;
}

export class OutputTime {
  private readonly stage: Stage;
  private readonly batch: TimedBatch;
  /** What it reads, if its replicas keep the order of that together (places.ts). */
  private readonly inOrder: RingReader | undefined;

  constructor(stage: Stage, batch: TimedBatch) {
    this.stage = stage;
    this.batch = batch;
    this.inOrder = keepsOrder(stage) ? batch.inputs[0].reader : undefined;
    for (const { output } of batch.ports) output.tell(batch.committed.progress.watermark);
    this.setPlace();
  }

  /** True if replicas keep the order of their input together. */
  get isInOrder(): boolean {
    return this.inOrder !== undefined;
  }

  /** What has been written since the last commit is gone. */
  rolledBack(): void {
    for (const { output } of this.batch.ports) {
      output.tell(this.batch.committed.progress.watermark);
      // What the last frame has said is not known any more: the next commit says it anew.
      output.toldPlace = NO_PLACE;
    }
    this.setPlace();
  }

  /** Takes up the time that the inputs have come to: what is written behind the next frames has no earlier one. */
  advance(): void {
    const { progress } = this.batch.record;
    const reached = hasEnded(progress.sweep) ? Number.POSITIVE_INFINITY : this.reached();
    if (reached > progress.watermark) this.set(reached);
  }

  /** The time that the output has come to by what has been read. */
  private reached(): number {
    const { alignment, inputs, clock, partitions, isTimeDue, record } = this.batch;
    const before = record.progress.watermark;
    if (clock !== undefined)
      return partitions === undefined ? clock.watermarkOf(clock.seen) : this.ofPartitions(clock, partitions);
    // What timers emit comes before the time that they have waited for.
    if (inputs.length === 0 || isTimeDue) return before;
    const { watermark } = alignment;
    // The end of the inputs is that of the output only when every key has had its end.
    return watermark === Number.POSITIVE_INFINITY ? before : watermark;
  }

  /** The least time of the partitions that are owned: one that has ended counts no more, one that has not begun holds all back. */
  private ofPartitions(clock: EventClock, partitions: PartitionMarks): number {
    let least = Number.POSITIVE_INFINITY;
    for (const partition of groupsOf(this.batch.record.progress.groups)) {
      if (!partitions.hasEnded(partition)) least = Math.min(least, clock.watermarkOf(partitions.seen(partition)));
    }
    return least;
  }

  private set(watermark: number): void {
    this.batch.record.progress.watermark = watermark;
    for (const { output } of this.batch.ports) output.watermark = watermark;
  }

  /** Takes up the time, and the place, of what has been given to the replica, which may be earlier than what it has said. */
  rewind(): void {
    this.setPlace();
    this.set(Math.min(this.batch.record.progress.watermark, this.reached()));
  }

  /** The replica has nothing any more: it keeps nobody back. */
  leave(): void {
    this.set(Number.POSITIVE_INFINITY);
  }

  /** Where no tuple tells how far time, or the place, has come, a frame of its own does. */
  tell(): void {
    const { ports, record } = this.batch;
    const tellsPlace = this.inOrder !== undefined && !hasEnded(record.progress.sweep);
    for (let i = 0; i < ports.length; i++) {
      if (tellsPlace || this.stage.outputs[i].time !== undefined) ports[i].output.tellTime();
    }
  }

  /** The place of the first row that the last commit has not read, of the first of its inputs. */
  get committedPlace(): number {
    const [mark] = this.batch.committed.cursors.inputs;
    return placeOfFrame(mark) + mark.row;
  }

  /** What is written from now on comes from where the reader stands, or from behind it: from its block of rows, if it is within one. */
  setPlace(): void {
    const { inOrder } = this;
    const { ports, record } = this.batch;
    if (inOrder === undefined) return;
    const shift = inOrder.row === 0 ? 0 : blockShift(inOrder.countAtCursor);
    const place = placeOfFrame(inOrder) + ((inOrder.row >>> shift) << shift);
    for (const { output } of ports) output.place = record.cursors.isDormant ? LAST_PLACE : place;
  }

  /** Says the place in a frame of its own: a fence, which comes next, cannot. */
  tellPlace(): void {
    if (this.inOrder === undefined) return;
    for (const { output } of this.batch.ports) output.tellTime();
  }

  /** The largest event time that the source has given by the last commit; -Infinity if none is judged here. */
  get newest(): number {
    const { clock, partitions, committed } = this.batch;
    const { groups, source } = committed.progress;
    if (clock === undefined || partitions === undefined) return source.seen;
    let newest = Number.NEGATIVE_INFINITY;
    for (let partition = 0; partition < partitions.partitions; partition++) {
      if (hasGroup(groups, partition)) newest = Math.max(newest, partitions.seen(partition));
    }
    return newest;
  }
}
