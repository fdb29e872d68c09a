// Rows of an actor's input rings, in turns: a slow or long input does not keep the others from being read.
// Promises: what is read goes through the program within the open transaction; cursors move with it.

import type { ReadMark } from '../../mailbox/ring-reader.ts';
import type { Batch, Input } from '../batch.ts';
import { WorkCell } from '../vitals/vitals.ts';
import type { WorkInHand } from '../work-in-hand.ts';
import { rowsBefore } from './restored-state.ts';

/** Of the tuples of a batch, those that come from outside while output waits for room. */
const SIP_SHARE = 64;

export class RowReader {
  private readonly batch: Batch;
  private readonly hand: WorkInHand;
  private readonly work: Int32Array;
  private next = 0;

  constructor(batch: Batch, hand: WorkInHand, work: Int32Array) {
    this.batch = batch;
    this.hand = hand;
    this.work = work;
  }

  /** True if nothing more comes, unless another replica of an operator before it is given key groups. */
  get isOver(): boolean {
    return this.batch.inputs.every(({ reader }) => reader.isOver);
  }

  /**
   * One pass over the inputs, until there is enough output for a commit; opens the transaction if there is something to do.
   * @param until how far the inputs are read at most
   * @returns the tuples that it has read
   */
  read(limit: number, until: readonly ReadMark[] | undefined): number {
    const { batch } = this;
    const tuples = this.readInputs(limit, until);
    if (tuples > 0 && batch.resident !== undefined) batch.program.deliver();
    return tuples + (until === undefined && tuples < limit ? this.readEarly(limit - tuples) : 0);
  }

  /** Reads rows out of turn, if the operator awaits results whose order does not matter. Tuple by tuple it does not. */
  private readEarly(limit: number): number {
    const { batch, work } = this;
    if (batch.requests === undefined || work[WorkCell.isolating] === 1 || batch.outputs.isPortFull) return 0;
    let tuples = 0;
    batch.requests.readEarly((input) => {
      tuples += this.readRows(input, 1);
      return tuples < limit && !batch.outputs.isPortFull;
    });
    return tuples;
  }

  private readInputs(limit: number, until: readonly ReadMark[] | undefined): number {
    const { batch } = this;
    const { inputs } = batch;
    let tuples = until === undefined && batch.outputs.isOverflowing ? this.sip(limit) : 0;
    for (let k = 0; k < inputs.length && tuples < limit; k++) {
      const input = inputs[(this.next + k) % inputs.length];
      while (tuples < limit) {
        const rows = this.rowsAt(input, until);
        if (rows === 0) break;
        if (batch.isTimeDue) return tuples;
        tuples += this.readRows(input, Math.min(rows, limit - tuples), rows);
        if (batch.outputs.isPortFull) return tuples;
      }
    }
    this.next = (this.next + 1) % inputs.length;
    return tuples;
  }

  /**
   * Reads a little from outside while output waits for room, beside what comes from within: where that never ends, what is outside
   * would wait for ever.
   * @returns the tuples that it has read
   */
  private sip(limit: number): number {
    const { inputs, alignment, outputs } = this.batch;
    if (outputs.isNearLimit || !inputs.some(({ isHeldBack, reader }) => !isHeldBack && alignment.hasInput(reader)))
      return 0;
    let tuples = 0;
    for (const input of inputs) {
      if (!input.isHeldBack || !alignment.load(input.reader)) continue;
      tuples += this.readRows(input, Math.max(1, Math.floor(limit / SIP_SHARE)));
    }
    return tuples;
  }

  /** Rows that can be read of an input's next frame, up to a mark if there is one. */
  private rowsAt(input: Input, until: readonly ReadMark[] | undefined): number {
    const { batch } = this;
    const { requests } = batch;
    const isAlone = this.work[WorkCell.isolating] === 1;
    for (;;) {
      const rows = this.rowsThere(input, until);
      if (requests === undefined || rows === 0) return rows;
      const readable = requests.readable(input, isAlone);
      if (readable > 0 || !requests.isOut(input)) return Math.min(rows, readable);
      batch.begin();
      input.reader.advance(input.reader.row + 1);
      // What fails alone, or dies, is the row at the committed cursor.
      if (isAlone) batch.commit();
    }
  }

  private rowsThere({ reader, index, isHeldBack }: Input, until: readonly ReadMark[] | undefined): number {
    const { alignment, outputs } = this.batch;
    if (until !== undefined) return rowsBefore(alignment, reader, until[index]);
    if (isHeldBack && outputs.isOverflowing) return 0;
    return alignment.load(reader) ? Number.POSITIVE_INFINITY : 0;
  }

  /**
   * Processes rows of an input's current frame.
   * @param within how far it may go at most, if it passes rows of other replicas
   * @returns how many it has processed, with those that it has passed; where blocks of rows are dealt out, without
   */
  readRows(input: Input, limit: number, within = limit): number {
    const { batch, hand } = this;
    const { reader, upstream, dictionary } = input;
    batch.begin();
    hand.input = input;
    hand.lastInput = input;
    this.work[WorkCell.input] = input.index;
    batch.atRows(batch.streams[upstream]);
    const { program } = batch;
    const before = program.processed();
    const next = program.run(upstream, reader, dictionary, limit, within);
    hand.input = undefined;
    const rows = next - reader.row;
    batch.tuples += rows;
    reader.advance(next);
    // Slow closures are what a batch is made smaller for, and blocks of other replicas are passed in no time.
    return !batch.outputTime.isInOrder ? rows : Math.max(1, program.processed() - before);
  }

  /** True if a reader has moved without reading a tuple: over padding, or a control frame. */
  get hasPassed(): boolean {
    const { inputs, record } = this.batch;
    return inputs.some(({ index, reader }) => reader.position !== record.cursors.inputs[index].position);
  }

  /**
   * Brings the cursor of an input to its next row. It may be behind a fence that was passed in a batch that is rolled back, as was the
   * one that it waits for.
   * @returns false if there is none
   */
  loadAt(wanted: Input): boolean {
    const { inputs, alignment } = this.batch;
    return inputs.some(() => {
      for (const { reader } of inputs) alignment.load(reader);
      return alignment.load(wanted.reader);
    });
  }
}
