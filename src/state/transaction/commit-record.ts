// What a commit records, as one table: a new field of the commit is one line here.
// Promises: *progress* is what outlives the process (how far the sources, sinks, key groups and their sweep have come), *cursors*
// say where this process's rings stand. Whoever takes progress into a snapshot needs nothing of the cursors.

import { GROUP_CELLS } from '../groups/group-set.ts';
import { Cells, List, Place, type RecordOf, recordCodec } from './record-codec.ts';

/** A place in an input ring: everything before it is read. */
const READ_MARK = {
  position: 0,
  row: 0,
  ended: false,
  /** The hand-over of the last fence that was passed. */
  fence: 0,
  /** Of the last frame that was read: no tuple behind it has an earlier time. */
  watermark: Number.NEGATIVE_INFINITY,
  /** The time that counts in place of a later one until the fence of hand-over `heldUntil` has been passed. */
  heldAt: Number.POSITIVE_INFINITY,
  heldUntil: 0,
  /** Of the last frame that was read: no tuple behind it comes from an earlier place (src/mailbox/places.ts). */
  place: 0,
  /** The place that counts in place of a later one, as `heldAt` does. */
  placeHeldAt: Number.POSITIVE_INFINITY,
  /** How often the position has come round to 0. */
  laps: 0,
};

/** Where an output stands: the ring's head, and the range of the outbox in words. */
const OUTPUT_MARK = { head: 0, outboxStart: 0, outboxEnd: 0 };

const COMMIT = {
  progress: {
    /** Where the source goes on, in its own units. */
    source: {
      position: new Place(),
      /** The largest event time that it has given. */
      seen: Number.NEGATIVE_INFINITY,
    },
    /** Where the sink goes on: bytes of its file that count. */
    sink: 0,
    /** How far the closures that run for every key at a time have come (sweep.ts). */
    sweep: { watermark: Number.NEGATIVE_INFINITY, group: 0, slot: 0 },
    /** Timers that have fired, since the job began. */
    fired: 0,
    /** Rows of state that have expired, since the job began. */
    expired: 0,
    /** The time that its output has come to: no tuple that it has yet to write has an earlier one. */
    watermark: Number.NEGATIVE_INFINITY,
    /** The key groups that the replica owns. */
    groups: new Cells(GROUP_CELLS),
    /** Tuples read, tuples written, and tuples passed on between fused operators, since the job began. */
    counts: new List('counts', 0),
  },
  cursors: {
    inputs: new List('inputs', READ_MARK),
    /** The rows behind its cursors in {@link inputs} whose results are out (src/actors/requests/finished-rows.ts). */
    finished: new List('finished', 0),
    outputs: new List('outputs', OUTPUT_MARK),
    /** The output of dead letters. */
    letters: OUTPUT_MARK,
    /** True while a restored state is brought up to date: inputs are read again until `replayUntil`. */
    replaying: false,
    /** What a replay of restored state must reach, per input. */
    replayUntil: new List('inputs', READ_MARK),
    /** True while the replica takes no part in the stream: before it is given key groups, and after it has given all away. */
    isDormant: false,
    /** The number of the last hand-over that it took part in; 0 for none. */
    handOver: 0,
  },
};

export interface CommitRecord extends RecordOf<typeof COMMIT> {}

/** How many of each a replica has. */
export type CommitSizes = Readonly<Record<'inputs' | 'outputs' | 'counts' | 'finished', number>>;

export const commitCodec = recordCodec<typeof COMMIT, CommitSizes>('commit', COMMIT);
export const markCodec = recordCodec<typeof READ_MARK, Record<never, number>>('mark', READ_MARK);
