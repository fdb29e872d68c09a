// The commit of a replica: two slots and a sequence number in shared memory.
// Promises: a commit is one atomic store of the sequence number; before it nothing of the transaction counts, after it
// everything does. Slot 0 is valid before anything runs (t = 0). Applying a slot again changes nothing.
// Relies on: one writer; slot n & 1 is written completely before `commit(n)`.

import type { OutputMark } from '../../mailbox/output.ts';
import { type ReadMark, startMark } from '../../mailbox/ring-reader.ts';
import { allocateShared } from '../../mailbox/shared-memory.ts';
import { LINE_I32 } from '../../mailbox/views.ts';
import { GROUP_CELLS, type GroupSet, noGroups } from '../groups/group-set.ts';

const SEQUENCE = 0;
const SLOTS_BYTES = LINE_I32 * 4;

/** Everything a commit makes durable besides the state's rows. Its own mark is that of the actor's output. */
export interface CommitRecord extends OutputMark {
  /** Where the source goes on: its own unit, see the source. */
  source: number;
  /** A second number for sources that need one. */
  sourceAux: number;
  /** Where the sink goes on: bytes of its file that count. */
  sink: number;
  /** Key groups whose end-of-stream closures have run; -1 before the input has ended. */
  endedGroups: number;
  /** The slot at which the group after those goes on. */
  endedSlot: number;
  /** True once the replica's end-of-stream is written: it is done when its outbox is empty. */
  finished: boolean;
  /** True while a restored state is brought up to date: inputs are read again until {@link replayUntil}. */
  replaying: boolean;
  /** True while the replica takes no part in the stream: before it is given key groups, and after it has given all away. */
  isDormant: boolean;
  /** The number of the last hand-over that it took part in; 0 for none. */
  handOver: number;
  /** The key groups that the replica owns. */
  readonly groups: GroupSet;
  /** The output of dead letters. */
  readonly letters: OutputMark;
  readonly inputs: readonly ReadMark[];
  /** What a replay of restored state must reach, per input. */
  readonly replayUntil: readonly ReadMark[];
  /** Tuples read, tuples written, and tuples passed on between fused operators, since the job began. */
  readonly counts: number[];
}

/** Cells of a slot before its inputs, for each mark of an input, and then one for each count. */
const GROUPS = 15;
const FIXED = GROUPS + GROUP_CELLS;
export const PER_MARK = 4;
const PER_INPUT = 2 * PER_MARK;

/** A record of a replica that has done nothing yet, and owns no key group. */
export function emptyRecord(inputs: number, counts = 2): CommitRecord {
  return {
    source: 0,
    sourceAux: 0,
    sink: 0,
    endedGroups: -1,
    endedSlot: 0,
    finished: false,
    replaying: false,
    isDormant: false,
    handOver: 0,
    groups: noGroups(),
    head: 0,
    outboxStart: 0,
    outboxEnd: 0,
    letters: { head: 0, outboxStart: 0, outboxEnd: 0 },
    inputs: Array.from({ length: inputs }, () => startMark()),
    replayUntil: Array.from({ length: inputs }, () => startMark()),
    counts: new Array(counts).fill(0),
  };
}

export function copyMark(from: ReadMark, to: ReadMark): void {
  to.position = from.position;
  to.row = from.row;
  to.ended = from.ended;
  to.fence = from.fence;
}

/** Makes `to` equal to `from`, which has as many inputs and counts. */
export function copyRecord(from: CommitRecord, to: CommitRecord): void {
  to.source = from.source;
  to.sourceAux = from.sourceAux;
  to.sink = from.sink;
  to.endedGroups = from.endedGroups;
  to.endedSlot = from.endedSlot;
  to.finished = from.finished;
  to.replaying = from.replaying;
  to.isDormant = from.isDormant;
  to.handOver = from.handOver;
  for (let i = 0; i < GROUP_CELLS; i++) to.groups[i] = from.groups[i];
  to.head = from.head;
  to.outboxStart = from.outboxStart;
  to.outboxEnd = from.outboxEnd;
  to.letters.head = from.letters.head;
  to.letters.outboxStart = from.letters.outboxStart;
  to.letters.outboxEnd = from.letters.outboxEnd;
  for (let i = 0; i < from.inputs.length; i++) {
    copyMark(from.inputs[i], to.inputs[i]);
    copyMark(from.replayUntil[i], to.replayUntil[i]);
  }
  for (let i = 0; i < from.counts.length; i++) to.counts[i] = from.counts[i];
}

const equalMarks = (a: ReadMark, b: ReadMark): boolean =>
  a.position === b.position && a.row === b.row && a.ended === b.ended && a.fence === b.fence;

/** True if two records, of as many inputs and counts, say the same. */
export function equalRecords(a: CommitRecord, b: CommitRecord): boolean {
  if (a.source !== b.source || a.sourceAux !== b.sourceAux || a.sink !== b.sink) return false;
  if (a.endedGroups !== b.endedGroups || a.endedSlot !== b.endedSlot) return false;
  if (a.head !== b.head || a.outboxStart !== b.outboxStart || a.outboxEnd !== b.outboxEnd) return false;
  if (a.finished !== b.finished || a.replaying !== b.replaying) return false;
  if (a.isDormant !== b.isDormant || a.handOver !== b.handOver) return false;
  for (let i = 0; i < GROUP_CELLS; i++) if (a.groups[i] !== b.groups[i]) return false;
  if (a.letters.head !== b.letters.head || a.letters.outboxStart !== b.letters.outboxStart) return false;
  if (a.letters.outboxEnd !== b.letters.outboxEnd) return false;
  for (let i = 0; i < a.inputs.length; i++) {
    if (!equalMarks(a.inputs[i], b.inputs[i]) || !equalMarks(a.replayUntil[i], b.replayUntil[i])) return false;
  }
  for (let i = 0; i < a.counts.length; i++) if (a.counts[i] !== b.counts[i]) return false;
  return true;
}

export class CommitLog {
  private readonly sequenceWord: Int32Array;
  private readonly slots: readonly [Float64Array, Float64Array];

  constructor(buffer: SharedArrayBuffer) {
    const length = (buffer.byteLength - SLOTS_BYTES) / 16;
    this.sequenceWord = new Int32Array(buffer, 0, 1);
    this.slots = [
      new Float64Array(buffer, SLOTS_BYTES, length),
      new Float64Array(buffer, SLOTS_BYTES + length * 8, length),
    ];
  }

  /** @param groups that the replica owns at first, unless it begins dormant */
  static allocate(inputs: number, counts = 2, groups: GroupSet | 'dormant' = noGroups()): SharedArrayBuffer {
    const buffer = allocateShared(
      { of: 'the commits of an actor' },
      SLOTS_BYTES + 2 * (FIXED + PER_INPUT * inputs + counts) * 8,
    );
    const first = groups === 'dormant' ? { isDormant: true } : { groups };
    new CommitLog(buffer).write(0, { ...emptyRecord(inputs, counts), ...first });
    return buffer;
  }

  /** The number of the last commit. */
  sequence(): number {
    return Atomics.load(this.sequenceWord, SEQUENCE);
  }

  /** Fills the slot of transaction `number`. Not visible before {@link commit}. */
  write(number: number, record: CommitRecord): void {
    const slot = this.slots[number & 1];
    const { groups, letters, inputs, replayUntil, counts } = record;
    slot[0] = record.source;
    slot[1] = record.sourceAux;
    slot[2] = record.sink;
    slot[3] = record.endedGroups;
    slot[4] = record.endedSlot;
    slot[5] = record.head;
    slot[6] = record.outboxStart;
    slot[7] = record.outboxEnd;
    slot[8] = record.finished ? 1 : 0;
    slot[9] = record.replaying ? 1 : 0;
    slot[10] = letters.head;
    slot[11] = letters.outboxStart;
    slot[12] = letters.outboxEnd;
    slot[13] = record.isDormant ? 1 : 0;
    slot[14] = record.handOver;
    for (let i = 0; i < GROUP_CELLS; i++) slot[GROUPS + i] = groups[i];
    let at = FIXED;
    for (let i = 0; i < inputs.length; i++, at += PER_INPUT) {
      writeMark(slot, at, inputs[i]);
      writeMark(slot, at + PER_MARK, replayUntil[i]);
    }
    for (let i = 0; i < counts.length; i++) slot[at + i] = counts[i];
  }

  /** The commit point. */
  commit(number: number): void {
    Atomics.store(this.sequenceWord, SEQUENCE, number);
  }

  /** Reads the slot of the last commit into `record`. */
  read(record: CommitRecord): void {
    const slot = this.slots[this.sequence() & 1];
    const { groups, letters, inputs, replayUntil, counts } = record;
    record.source = slot[0];
    record.sourceAux = slot[1];
    record.sink = slot[2];
    record.endedGroups = slot[3];
    record.endedSlot = slot[4];
    record.head = slot[5];
    record.outboxStart = slot[6];
    record.outboxEnd = slot[7];
    record.finished = slot[8] === 1;
    record.replaying = slot[9] === 1;
    letters.head = slot[10];
    letters.outboxStart = slot[11];
    letters.outboxEnd = slot[12];
    record.isDormant = slot[13] === 1;
    record.handOver = slot[14];
    for (let i = 0; i < GROUP_CELLS; i++) groups[i] = slot[GROUPS + i];
    let at = FIXED;
    for (let i = 0; i < inputs.length; i++, at += PER_INPUT) {
      readMark(slot, at, inputs[i]);
      readMark(slot, at + PER_MARK, replayUntil[i]);
    }
    for (let i = 0; i < counts.length; i++) counts[i] = slot[at + i];
  }
}

/** Writes a mark into {@link PER_MARK} cells. */
export function writeMark(slot: Float64Array, at: number, mark: ReadMark): void {
  slot[at] = mark.position;
  slot[at + 1] = mark.row;
  slot[at + 2] = mark.ended ? 1 : 0;
  slot[at + 3] = mark.fence;
}

export function readMark(slot: Float64Array, at: number, mark: ReadMark): void {
  mark.position = slot[at];
  mark.row = slot[at + 1];
  mark.ended = slot[at + 2] === 1;
  mark.fence = slot[at + 3];
}
