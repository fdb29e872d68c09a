// The commit of a replica: two slots and a sequence number in shared memory.
// Promises: a commit is one atomic store of the sequence number; before it nothing of the transaction counts, after it
// everything does. Slot 0 is valid before anything runs (t = 0). Applying a slot again changes nothing.
// Relies on: one writer; slot n & 1 is written completely before `commit(n)`.

import { LINE_I32 } from '../mailbox/views.ts';

const SEQUENCE = 0;
const SLOTS_BYTES = LINE_I32 * 4;

/** How far a replica has read one input. */
export interface InputMark {
  position: number;
  row: number;
  ended: boolean;
}

/** Everything a commit makes durable besides the state's rows. */
export interface CommitRecord {
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
  head: number;
  outboxStart: number;
  outboxEnd: number;
  readonly inputs: InputMark[];
}

const FIXED = 9;
const PER_INPUT = 3;

/** A record of a replica that has done nothing yet. */
export function emptyRecord(inputs: number): CommitRecord {
  return {
    source: 0,
    sourceAux: 0,
    sink: 0,
    endedGroups: -1,
    endedSlot: 0,
    finished: false,
    head: 0,
    outboxStart: 0,
    outboxEnd: 0,
    inputs: Array.from({ length: inputs }, () => ({ position: 0, row: 0, ended: false })),
  };
}

/** Makes `to` equal to `from`, which has as many inputs. */
export function copyRecord(from: CommitRecord, to: CommitRecord): void {
  to.source = from.source;
  to.sourceAux = from.sourceAux;
  to.sink = from.sink;
  to.endedGroups = from.endedGroups;
  to.endedSlot = from.endedSlot;
  to.finished = from.finished;
  to.head = from.head;
  to.outboxStart = from.outboxStart;
  to.outboxEnd = from.outboxEnd;
  for (let i = 0; i < from.inputs.length; i++) {
    to.inputs[i].position = from.inputs[i].position;
    to.inputs[i].row = from.inputs[i].row;
    to.inputs[i].ended = from.inputs[i].ended;
  }
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

  static allocate(inputs: number): SharedArrayBuffer {
    const buffer = new SharedArrayBuffer(SLOTS_BYTES + 2 * (FIXED + PER_INPUT * inputs) * 8);
    new CommitLog(buffer).write(0, emptyRecord(inputs));
    return buffer;
  }

  /** The number of the last commit. */
  sequence(): number {
    return Atomics.load(this.sequenceWord, SEQUENCE);
  }

  /** Fills the slot of transaction `number`. Not visible before {@link commit}. */
  write(number: number, record: CommitRecord): void {
    const slot = this.slots[number & 1];
    slot[0] = record.source;
    slot[1] = record.sourceAux;
    slot[2] = record.endedGroups;
    slot[3] = record.finished ? 1 : 0;
    slot[4] = record.head;
    slot[5] = record.outboxStart;
    slot[6] = record.outboxEnd;
    slot[7] = record.sink;
    slot[8] = record.endedSlot;
    for (let i = 0, at = FIXED; i < record.inputs.length; i++, at += PER_INPUT) {
      const input = record.inputs[i];
      slot[at] = input.position;
      slot[at + 1] = input.row;
      slot[at + 2] = input.ended ? 1 : 0;
    }
  }

  /** The commit point. */
  commit(number: number): void {
    Atomics.store(this.sequenceWord, SEQUENCE, number);
  }

  /** Reads the slot of the last commit into `record`. */
  read(record: CommitRecord): void {
    const slot = this.slots[this.sequence() & 1];
    record.source = slot[0];
    record.sourceAux = slot[1];
    record.endedGroups = slot[2];
    record.finished = slot[3] === 1;
    record.head = slot[4];
    record.outboxStart = slot[5];
    record.outboxEnd = slot[6];
    record.sink = slot[7];
    record.endedSlot = slot[8];
    for (let i = 0, at = FIXED; i < record.inputs.length; i++, at += PER_INPUT) {
      const input = record.inputs[i];
      input.position = slot[at];
      input.row = slot[at + 1];
      input.ended = slot[at + 2] === 1;
    }
  }
}
