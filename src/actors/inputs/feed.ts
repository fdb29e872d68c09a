// The contract between an actor and its source: whatever the source is, it is opened, read and opened again in this way.
// Promises: what a batch has read is in the mark that a read is given (the record of an actor whose source has one partition) before
// the batch commits. A read never waits.
// Relies on: sources give the same tuples again from a position (source.ts).

import type { SourceReader, SourceStatus } from '../../flow/source.ts';
import type { Output } from '../../mailbox/output.ts';
import type { SourceMark } from '../../state/transaction/partition-marks.ts';
import type { EventClock } from '../time/event-clock.ts';
import type { TimeBoard } from '../time/time-board.ts';

/** What a read ended with: there may be more; nothing now; or the end of the stream. */
export type FeedStatus = 'more' | 'idle' | 'end';

/** What came of asking: something, be it only before there was nothing more; nothing; or it could not be asked, because it opens. */
export type Found = 'something' | 'nothing' | 'unasked';

/** What the feed gets from its actor. */
export interface FeedEnvironment {
  /** The source operator's name. */
  readonly operator: string;
  readonly output: Output | undefined;
  /** Of all partitions of a source that is read. */
  readonly memory: SharedArrayBuffer | undefined;
  /** The files that the source has found. */
  readonly listing: readonly string[] | undefined;
  /** Reads tuples into the operators behind the source. */
  read(reader: SourceReader<never, unknown>, limit: number): SourceStatus;
  /** Makes tuples `from` to `to` of a partition and hands them on; returns the first that was not made. */
  generate(from: number, to: number, partition: number): number;
  /** Hands on one tuple, and writes what comes of it. */
  feed(tuple: unknown): void;
  /** Has the policy decide about a record. Throws if that is not to leave it out. */
  reject(rejection: Rejection): void;
  /** True if the batch should not grow, because its output or its dead letters would not fit. */
  isFull(): boolean;
  now(): number;
  wake(): void;
  /** As that of the actor's environment. */
  readonly reopening: (<Reader>(operator: string, opened: Promise<Reader>) => Promise<Reader>) | undefined;
  /** Judges the event times of its tuples, if that is done here. */
  readonly clock: EventClock | undefined;
  /** How far sources have come whose streams meet this one's. */
  readonly board: TimeBoard | undefined;
  /** Opens the transaction. */
  begin(): void;
}

/** How a tuple of a single read ended, if it failed, and where the source stood in front of it. */
export interface SingleFailure {
  readonly tuple: unknown;
  readonly error: unknown;
  readonly position: unknown;
}

/** A record that its source could not make a tuple of, and where it stands. */
export interface Rejection {
  readonly record: unknown;
  readonly error: Error;
  readonly position: unknown;
}

/** A tuple that is not made any more, and why: making it is what fails. */
export interface Skip {
  readonly error: unknown;
  readonly partition: number;
}

/** What an actor knows of its source, or of one partition of it. */
export interface Feed {
  /** When a rated generator has its next tuple, on the environment's clock; infinity if that is not known. */
  readonly dueMs: number;
  /** Tuples of the last read, at most. */
  readonly taken: number;
  /** True if its tuples are computed from their numbers. */
  readonly isGenerated: boolean;
  /** The partition that is in work, or was last. */
  readonly partition: number;
  /** True if all of its partitions are idle: they keep nobody back. */
  readonly isIdle: boolean;
  /** Opens the source where `mark` says. Rejects if it cannot be opened. */
  open(mark: SourceMark): Promise<void>;
  /** Closes what has been read since the last commit, and opens it again there; a failure comes up at the next read. */
  reopen(mark: SourceMark, because?: Error): void;
  /** Ends the source at the next read: what it has emitted is still processed. */
  stop(): void;
  /** True if a read would get somewhere now. */
  canRead(): boolean;
  /** Where the tuple in work of the partition in work stands, for error texts; `row` is that of the work block. */
  position(mark: SourceMark, row: number): unknown;
  /** Reads about `limit` tuples through the program, and moves the mark behind them. */
  read(mark: SourceMark, limit: number): FeedStatus;
  /**
   * Reads a single tuple, whose failure is caught and handed to `failed` instead of being thrown: a reader cannot be taken
   * back by one tuple. With `skip` the tuple is not processed at all.
   */
  readSingle(mark: SourceMark, skip: Skip | undefined, failed: (failure: SingleFailure) => void): FeedStatus;
  /** Closes what is open. It can be opened again. */
  close(): void;
}

/** The feed of a source of one partition, or of one of its partitions. */
export interface PartitionFeed extends Feed {
  /** What came of the last read, and of the wait since. */
  readonly found: Found;
}
