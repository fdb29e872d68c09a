// What the program of an actor is generated for, and what it can do.
// Relies on: the actor opens the transaction before each call and commits after (batch.ts).

import type { TupleHolder } from '../../flow/aggregates/combiner.ts';
import type { ReadStream, Stage } from '../../flow/plan.ts';
import type { Resident } from '../../flow/resident.ts';
import type { SinkWriter } from '../../flow/sink.ts';
import type { SourceReader, SourceStatus } from '../../flow/source.ts';
import type { DictionaryReader } from '../../mailbox/dictionary.ts';
import type { RingReader } from '../../mailbox/ring-reader.ts';
import type { KeyedState } from '../../state/rows/keyed-state.ts';
import type { KeyTimers } from '../../state/timers/key-timers.ts';
import type { OutputPort } from '../output-port.ts';
import type { Requests } from '../requests/requests.ts';
import type { EventClock } from '../time/event-clock.ts';
import type { Sieve } from './chain.ts';

/** Where the program finds the sink, which is opened after the program is made. */
export interface SinkHolder {
  writer: SinkWriter<never> | undefined;
}

/** What a program is generated for. */
export interface ProgramParts {
  readonly stage: Stage;
  /** What it reads, in the order of the stage's upstream streams. */
  readonly streams: readonly ReadStream[];
  /** One for each output of the stage. */
  readonly ports: readonly OutputPort[];
  readonly sink: SinkHolder;
  readonly state: KeyedState | undefined;
  /** What lives beside its rows, if its operator has such a thing. */
  readonly resident: Resident | undefined;
  /** What its operator has asked, if it awaits. */
  readonly requests: Requests | undefined;
  /** The timers of its keys, if its operator has a closure for them. */
  readonly timers: KeyTimers | undefined;
  /** Those by the clock, of an operator whose others are in event time. */
  readonly clockTimers: KeyTimers | undefined;
  /** See {@link TimeCell}. */
  readonly time: Float64Array;
  /** Judges the event times of tuples, if that is done here. */
  readonly clock: EventClock | undefined;
  /** 1 for each key group that this replica owns. */
  readonly owned: Uint8Array;
  /** Shared; see {@link WorkCell}. */
  readonly work: Int32Array;
  /** Shared; about how many tuples of each key group were processed. */
  readonly load: Uint32Array;
  /** Capacity of the job's rings: what a tuple may take, also between fused operators. */
  readonly ringBytes: number;
  /** Told of an emit outside of a run. */
  lateEmit(operator: string): void;
}

export interface Program {
  /**
   * Processes rows of a reader's current frame, at most `limit`.
   * @param upstream index in ProgramParts.streams of what it reads
   * @param within of a stage that keeps the order of its input: how many rows it may pass, while the limit is of its own ones
   * @returns the first row that is not processed
   */
  run(
    upstream: number,
    reader: RingReader,
    dictionary: DictionaryReader | undefined,
    limit: number,
    within?: number,
  ): number;
  /** Emits tuples `from` to `to` of a partition of a generator source; returns the first that is not emitted. */
  generate(from: number, to: number, partition: number): number;
  /** Reads from a source reader. */
  read(reader: SourceReader<never, unknown>, limit: number): SourceStatus;
  /** Hands a source's tuple to the operators behind it. */
  feed(tuple: unknown): void;
  /**
   * Runs the end-of-stream closure for at most `limit` keys of a group, from a slot of its table on, until a commit's worth
   * is written.
   * @returns the slot to go on from, or -1 when the group is done
   */
  endGroup(group: number, fromSlot: number, limit: number): number;
  /**
   * From now on a run takes a single tuple, and those that fail on their way through the chain go to the sieve; undefined ends
   * that.
   */
  sift(sieve: Sieve | undefined): void;
  /**
   * Runs the closures of at most `limit` timers that are due, until a commit's worth is written.
   * @returns how many
   */
  fireTimers(nowMs: number, limit: number): number;
  /** The same for timers by the clock, of an operator whose others are in event time. */
  fireClock(nowMs: number, limit: number): number;
  /** Lets the operator go on without what the timer that was taken has failed at, if it can. */
  leaveOut(nowMs: number, isByClock: boolean): void;
  /** The same of the tuple in the current row of a reader; see {@link Program.run}. */
  leaveOutRow(upstream: number, reader: RingReader, dictionary: DictionaryReader | undefined): void;
  /** Lets the rows have what the resident has for them. */
  deliver(): void;
  /** Lets the resident do its own work. */
  work(nowMs: number): void;
  /** What holds tuples until the batch commits, if the last operator does. */
  readonly holder: TupleHolder | undefined;
  /** Makes any use of the state outside of a closure an error: after an exception. */
  expireState(): void;
  /** Tuples processed since the program was made: those of its own key groups only. */
  processed(): number;
  /**
   * For each operator of the chain but the first, the tuples that were handed to it since the last call; then, for each, those
   * of them that it has failed at; then, for each output that nobody reads, the tuples that went there.
   */
  takeCounts(): readonly number[];
  /** Forgets an exception that was reported. */
  clearFailure(): void;
  /** The operator whose closure failed last, as an index into the stage's chain. */
  failedAt(): number;
  /** The key whose end-of-stream closure ran last: one value for each key field. */
  endingKey(): readonly unknown[];
  /** The slot of that key in its group's table. */
  endingSlot(): number;
}
