// What an actor is at within a step, as far as its errors tell it: rows of an input, a tuple of its source, a timer, or a
// key of a sweep.
// Relies on: it is asked before the rollback, while the frame in work is still the reader's current one.

import { type Stage, stageName } from '../flow/plan.ts';
import type { KeyTimers } from '../state/timers/key-timers.ts';
import type { Batch, Input } from './batch.ts';
import {
  AT_COMMIT,
  atEndOfInput,
  atTimer,
  type Failure,
  inFrame,
  inSource,
  mayBeOfTuple,
  type Whereabouts,
} from './failures/failure.ts';
import type { Feed } from './inputs/feed.ts';
import { NO_ROW, WorkCell } from './vitals/vitals.ts';

export class WorkInHand {
  readonly stage: Stage;
  readonly batch: Batch;
  /** The input whose rows are in work. */
  input: Input | undefined;
  /** The input that was read last, in this batch. */
  lastInput: Input | undefined;
  /** True while the closure of a key runs. */
  isSweeping = false;
  /** The timers of which one has come, while its closure runs. */
  firing: KeyTimers | undefined;
  /** The source, if there is one. */
  feed: Feed | undefined;
  private readonly work: Int32Array;

  constructor(stage: Stage, batch: Batch, work: Int32Array) {
    this.stage = stage;
    this.batch = batch;
    this.work = work;
  }

  /** Nothing is in work any more. */
  clear(): void {
    this.input = undefined;
    this.lastInput = undefined;
    this.isSweeping = false;
    this.firing = undefined;
  }

  /** Of the tuple in work. */
  get row(): number {
    return this.work[WorkCell.row];
  }

  /** Tuples of the open batch up to the one in work. */
  get tuples(): number {
    const { input, batch } = this;
    return input === undefined ? batch.tuples : batch.tuples + this.row - input.reader.row + 1;
  }

  whereabouts(): Whereabouts {
    const { batch, feed, firing, input, row } = this;
    const { program, record } = batch;
    if (feed !== undefined) {
      return this.atSource(feed.position(record.progress.source, row));
    }
    if (firing !== undefined) return atTimer(firing.key, firing.name, firing.atMs);
    if (this.isSweeping) return atEndOfInput(program.endingKey());
    if (input === undefined) return AT_COMMIT;
    return this.atRow(input, row === NO_ROW ? input.reader.row : row);
  }

  /** At a row of an input's current frame. */
  atRow({ upstream, reader, dictionary }: Input, row = reader.row): Whereabouts {
    return inFrame(this.stage, this.batch.streams[upstream], reader, dictionary, row);
  }

  /** At a position of the source, in its own units. */
  atSource(position: unknown, tuple?: unknown): Whereabouts {
    return inSource(stageName(this.stage), this.batch.partitions && this.feed?.partition, position, tuple);
  }

  /** That an operator of the chain has thrown something. */
  failureAt(operator: number, where: Whereabouts, cause: unknown): Failure {
    const { operators } = this.stage;
    const node = operators[operator] ?? operators[0];
    return { operator: node, policy: node.failure, where, cause, isOfTuple: mayBeOfTuple(cause) };
  }

  /** That the tuple in work has failed. */
  failureOf(cause: unknown): Failure {
    return this.failureAt(this.batch.program.failedAt(), this.whereabouts(), cause);
  }
}
