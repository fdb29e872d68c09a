// The commit of a replica: two slots and a sequence number in shared memory.
// Promises: a commit is one atomic store of the sequence number; before it nothing of the transaction counts, after it
// everything does. Slot 0 is valid before anything runs (t = 0). Applying a slot again changes nothing.
// Relies on: one writer; slot n & 1 is written completely before `commit(n)`.

import type { OutputMark } from '../mailbox/output.ts';
import { LINE_I32 } from '../mailbox/views.ts';
import { SAVES_IMAGES } from './undo-log.ts';

const SEQUENCE = 0;
const SLOTS_BYTES = LINE_I32 * 4;

/** How far a replica has read one input. */
export interface InputMark {
  position: number;
  row: number;
  ended: boolean;
}

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
  /** The output of dead letters. */
  readonly letters: OutputMark;
  readonly inputs: readonly InputMark[];
  /** What a replay of restored state must reach, per input. */
  readonly replayUntil: readonly InputMark[];
  /** Tuples read, tuples written, and tuples passed on between fused operators, since the job began. */
  readonly counts: number[];
}

/** Cells of a slot before its inputs, for each input, and then one for each count. */
const FIXED = 13;
const PER_INPUT = 6;

const emptyMark = (): InputMark => ({ position: 0, row: 0, ended: false });

/** A record of a replica that has done nothing yet. */
export function emptyRecord(inputs: number, counts = 2): CommitRecord {
  return {
    source: 0,
    sourceAux: 0,
    sink: 0,
    endedGroups: -1,
    endedSlot: 0,
    finished: false,
    replaying: false,
    head: 0,
    outboxStart: 0,
    outboxEnd: 0,
    letters: { head: 0, outboxStart: 0, outboxEnd: 0 },
    inputs: Array.from({ length: inputs }, emptyMark),
    replayUntil: Array.from({ length: inputs }, emptyMark),
    counts: new Array(counts).fill(0),
  };
}

export function copyMark(from: InputMark, to: InputMark): void {
  to.position = from.position;
  to.row = from.row;
  to.ended = from.ended;
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

const equalMarks = (a: InputMark, b: InputMark): boolean =>
  a.position === b.position && a.row === b.row && a.ended === b.ended;

/** True if two records, of as many inputs and counts, say the same. */
export function equalRecords(a: CommitRecord, b: CommitRecord): boolean {
  if (a.source !== b.source || a.sourceAux !== b.sourceAux || a.sink !== b.sink) return false;
  if (a.endedGroups !== b.endedGroups || a.endedSlot !== b.endedSlot) return false;
  if (a.head !== b.head || a.outboxStart !== b.outboxStart || a.outboxEnd !== b.outboxEnd) return false;
  if (a.finished !== b.finished || a.replaying !== b.replaying) return false;
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

  static allocate(inputs: number, counts = 2): SharedArrayBuffer {
    const buffer = new SharedArrayBuffer(SLOTS_BYTES + 2 * (FIXED + PER_INPUT * inputs + counts) * 8);
    new CommitLog(buffer).write(0, emptyRecord(inputs, counts));
    return buffer;
  }

  /** The number of the last commit. */
  sequence(): number {
    return Atomics.load(this.sequenceWord, SEQUENCE);
  }

  /** Fills the slot of transaction `number`. Not visible before {@link commit}. */
  write(number: number, record: CommitRecord): void {
    if (!SAVES_IMAGES && number !== 0) return;
    const slot = this.slots[number & 1];
    const { letters, inputs, replayUntil, counts } = record;
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
    let at = FIXED;
    for (let i = 0; i < inputs.length; i++, at += PER_INPUT) {
      writeMark(slot, at, inputs[i]);
      writeMark(slot, at + 3, replayUntil[i]);
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
    const { letters, inputs, replayUntil, counts } = record;
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
    let at = FIXED;
    for (let i = 0; i < inputs.length; i++, at += PER_INPUT) {
      readMark(slot, at, inputs[i]);
      readMark(slot, at + 3, replayUntil[i]);
    }
    for (let i = 0; i < counts.length; i++) counts[i] = slot[at + i];
  }
}

function writeMark(slot: Float64Array, at: number, mark: InputMark): void {
  slot[at] = mark.position;
  slot[at + 1] = mark.row;
  slot[at + 2] = mark.ended ? 1 : 0;
}

function readMark(slot: Float64Array, at: number, mark: InputMark): void {
  mark.position = slot[at];
  mark.row = slot[at + 1];
  mark.ended = slot[at + 2] === 1;
}
