// The commit of a replica: two slots and a sequence number in shared memory.
// Promises: a commit is one atomic store of the sequence number; before it nothing of the transaction counts, after it
// everything does. Slot 0 is valid before anything runs (t = 0). Applying a slot again changes nothing.
// Relies on: one writer; slot n & 1 is written completely before `commit(n)`.

import { allocateShared } from '../../mailbox/shared-memory.ts';
import { LINE_BYTES } from '../../mailbox/views.ts';
import type { GroupSet } from '../groups/group-set.ts';
import { type CommitRecord, type CommitSizes, commitCodec } from './commit-record.ts';

const SEQUENCE = 0;
/** How many inputs, outputs, counts and cells of finished rows a record has: written once, before anything runs. */
const INPUTS = 1;
const OUTPUTS = 2;
const COUNTS = 3;
const FINISHED = 4;
const HEADER_CELLS = 5;
const SLOTS_BYTES = LINE_BYTES;

/**
 * What a replica has committed that has read nothing.
 * @param silent of its inputs those that nobody writes at first
 */
export function firstRecord(sizes: CommitSizes, silent: readonly number[]): CommitRecord {
  const record = commitCodec.empty(sizes);
  for (const input of silent) {
    const mark = record.cursors.inputs[input];
    mark.watermark = Number.POSITIVE_INFINITY;
    mark.place = Number.POSITIVE_INFINITY;
  }
  return record;
}

export class CommitLog {
  readonly sizes: CommitSizes;
  private readonly header: Int32Array;
  private readonly slots: readonly [Float64Array, Float64Array];

  constructor(buffer: SharedArrayBuffer) {
    const length = (buffer.byteLength - SLOTS_BYTES) / 16;
    this.header = new Int32Array(buffer, 0, HEADER_CELLS);
    const { header } = this;
    this.sizes = {
      inputs: header[INPUTS],
      outputs: header[OUTPUTS],
      counts: header[COUNTS],
      finished: header[FINISHED],
    };
    this.slots = [
      new Float64Array(buffer, SLOTS_BYTES, length),
      new Float64Array(buffer, SLOTS_BYTES + length * 8, length),
    ];
  }

  /**
   * @param groups that the replica owns at first; by default none, and dormant if it is to begin so
   * @param silent of its inputs those that nobody writes at first: they keep its time and its place back no more than they do those of its readers
   */
  static allocate(
    sizes: CommitSizes,
    groups: GroupSet | 'dormant' = [],
    silent: readonly number[] = [],
  ): SharedArrayBuffer {
    const record = firstRecord(sizes, silent);
    if (groups === 'dormant') {
      record.cursors.isDormant = true;
      record.progress.watermark = Number.POSITIVE_INFINITY;
    } else
      groups.forEach((cell, i) => {
        record.progress.groups[i] = cell;
      });
    const cells = commitCodec.names(sizes).length;
    const buffer = allocateShared({ of: 'the commits of an actor' }, SLOTS_BYTES + 2 * cells * 8);
    const header = new Int32Array(buffer, 0, HEADER_CELLS);
    header[INPUTS] = sizes.inputs;
    header[OUTPUTS] = sizes.outputs;
    header[COUNTS] = sizes.counts;
    header[FINISHED] = sizes.finished;
    new CommitLog(buffer).write(0, record);
    return buffer;
  }

  /** A new record of what the replica had committed last. */
  lastCommit(): CommitRecord {
    const record = commitCodec.empty(this.sizes);
    this.read(record);
    return record;
  }

  /** The number of the last commit. */
  sequence(): number {
    return Atomics.load(this.header, SEQUENCE);
  }

  /** Fills the slot of a transaction. Not visible before {@link commit}. */
  write(commitNumber: number, record: CommitRecord): void {
    commitCodec.write(this.slots[commitNumber & 1], 0, record);
  }

  /** The commit point. */
  commit(commitNumber: number): void {
    Atomics.store(this.header, SEQUENCE, commitNumber);
  }

  /** Reads the slot of the last commit into `record`. */
  read(record: CommitRecord): void {
    commitCodec.read(this.slots[this.sequence() & 1], 0, record);
  }
}
