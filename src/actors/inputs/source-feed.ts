// The source side of an actor: opens the source, or one partition of it, reads from it, and opens it again at the committed
// position after a rollback or a crash.
// Promises: what a batch has read is in the mark that it is given (the record of an actor whose source has one partition)
// before the batch commits. A read never waits. While a source is being opened, there is nothing to read.
// Relies on: sources give the same tuples again from a position (source.ts).

import { errors } from '../../errors.ts';
import { MEMORY_CELLS, partitionsOf, type Source, type SourceReader, type SourceStatus } from '../../flow/source.ts';
import { refuseDeferred } from '../../mailbox/deferred.ts';
import type { Output } from '../../mailbox/output.ts';
import { allocateShared } from '../../mailbox/shared-memory.ts';
import type { SourceMark } from '../../state/transaction/partition-marks.ts';

/** Tuples that a source reader emits before the output is looked at again. */
const SOURCE_READ_TUPLES = 128;

const MEMORY_BYTES = MEMORY_CELLS * Int32Array.BYTES_PER_ELEMENT;

/** Shared memory for the readers of so many partitions. */
export const allocateMemory = (partitions: number): SharedArrayBuffer =>
  allocateShared({ of: 'the memory of a source' }, partitions * MEMORY_BYTES);

/** What a read ended with: there may be more; nothing now; or the end of the stream. */
export type FeedStatus = 'more' | 'idle' | 'end';

/** What the feed gets from its actor. */
export interface FeedEnvironment {
  /** The source operator's name. */
  readonly operator: string;
  readonly output: Output | undefined;
  /** Of all partitions of a source that is read. */
  readonly memory: SharedArrayBuffer | undefined;
  /** Reads tuples into the operators behind the source. */
  read(reader: SourceReader<never>, limit: number): SourceStatus;
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
  /** Opens the transaction. */
  begin(): void;
}

/** How a tuple of a single read ended, if it failed, and where the source stood in front of it. */
export interface SingleFailure {
  readonly tuple: unknown;
  readonly error: unknown;
  readonly position: number;
}

/** A record that its source could not make a tuple of, and where it stands. */
export interface Rejection {
  readonly record: unknown;
  readonly error: Error;
  readonly position: number;
}

/** A tuple that is not made any more, and why: making it is what fails. */
export interface Skip {
  readonly error: unknown;
  readonly partition: number;
}

/** What an actor knows of its source: this page's, or partitioned-feed.ts's. */
export interface Feed {
  /** When a rated generator has its next tuple, on the environment's clock; infinity if that is not known. */
  readonly dueMs: number;
  /** Tuples of the last read, at most. */
  readonly taken: number;
  /** True if its tuples are computed from their numbers. */
  readonly isGenerated: boolean;
  /** The partition that is in work, or was last. */
  readonly partition: number;
  /** Opens the source where `mark` says. Rejects if it cannot be opened. */
  open(mark: SourceMark): Promise<void>;
  /** Closes what has been read since the last commit, and opens it again there; a failure comes up at the next read. */
  reopen(mark: SourceMark): void;
  /** Ends the source at the next read: what it has emitted is still processed. */
  stop(): void;
  /** True if a read would get somewhere now. */
  canRead(): boolean;
  /** Where the partition in work stands, for error texts. */
  position(mark: SourceMark): number;
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

export class SourceFeed implements Feed {
  dueMs = Number.POSITIVE_INFINITY;
  taken = 0;
  readonly partition: number;
  readonly isGenerated: boolean;
  private readonly partitions: number;
  private readonly source: Source<never>;
  private readonly environment: FeedEnvironment;
  private reader: SourceReader<never> | undefined;
  /** Counts openings: a source that opens late must not take the place of a later one. */
  private opening = 0;
  private ready = true;
  private stopping = false;
  private failure: { error: unknown } | undefined;
  /** Of the read in work; undefined outside of one. */
  private rejected: Rejection[] | undefined;
  /** Most tuples of one read: fewer while they are too large for the ring, which the reader does not see. */
  private orderTuples = SOURCE_READ_TUPLES;
  private paceFrom: { ms: number; index: number } | undefined;

  constructor(source: Source<never>, environment: FeedEnvironment, partition = 0) {
    this.source = source;
    this.isGenerated = source.kind === 'generate';
    this.environment = environment;
    this.partition = partition;
    this.partitions = partitionsOf(source as never);
  }

  open(mark: SourceMark): Promise<void> {
    return this.openAt(mark, (opened) => opened);
  }

  /** @param bounded as its argument, or rejects when that has taken too long */
  private async openAt(
    { position, aux }: SourceMark,
    bounded: <Reader>(opened: Promise<Reader>) => Promise<Reader>,
  ): Promise<void> {
    const { source, environment, partition } = this;
    if (source.kind !== 'reader') return;
    const opening = ++this.opening;
    const isCurrent = (): boolean => opening === this.opening;
    const wake = (): void => {
      if (!isCurrent()) return;
      this.ready = true;
      environment.wake();
    };
    const fail = (error: unknown): void => {
      if (isCurrent()) this.failure = { error };
      wake();
    };
    const { operator } = environment;
    if (environment.memory === undefined) throw errors.invariant(`source '${operator}' has memory`);
    const memory = new Int32Array(environment.memory, partition * MEMORY_BYTES, MEMORY_CELLS);
    const reject = (record: unknown, error: Error, at: number): void => {
      if (this.rejected === undefined || !isCurrent()) throw errors.rejectedOutsideRead(operator);
      this.rejected.push({ record, error, position: at });
    };
    const opened = source.open({ operator, partition, memory, position, aux, reject, wake, fail });
    const reader = opened instanceof Promise ? await bounded(opened).catch(giveUp(opened)) : await opened;
    if (isCurrent()) this.reader = reader;
    else reader.close();
  }

  reopen(mark: SourceMark): void {
    if (this.source.kind !== 'reader') return;
    this.close();
    this.ready = false;
    const { operator, reopening } = this.environment;
    const opened = this.openAt(mark, (reader) => reopening?.(operator, reader) ?? reader);
    const opening = this.opening;
    const settle = (): void => {
      if (opening !== this.opening) return;
      this.ready = true;
      this.environment.wake();
    };
    opened.then(settle, (error: unknown) => {
      if (opening === this.opening) this.failure = { error };
      settle();
    });
  }

  stop(): void {
    this.stopping = true;
  }

  canRead(): boolean {
    if (this.stopping || this.failure !== undefined) return true;
    if (this.isGenerated) return this.dueMs === Number.POSITIVE_INFINITY || this.environment.now() >= this.dueMs;
    return this.ready;
  }

  position(mark: SourceMark): number {
    return this.reader?.position ?? mark.position;
  }

  read(mark: SourceMark, limit: number): FeedStatus {
    this.dueMs = Number.POSITIVE_INFINITY;
    if (this.failure !== undefined) throw this.failure.error;
    if (this.stopping) return 'end';
    return this.isGenerated ? this.generate(mark, limit) : this.readSource(mark, limit);
  }

  private readSource(mark: SourceMark, limit: number): FeedStatus {
    const { reader, environment } = this;
    const { output } = environment;
    if (reader === undefined || !this.ready) return 'idle';
    environment.begin();
    this.ready = false;
    const readTuples = Math.min(this.orderTuples, limit);
    for (let tuples = 0; tuples < limit; tuples += readTuples) {
      this.taken = tuples + readTuples;
      const status = this.readFrom(reader, mark, () => environment.read(reader, readTuples));
      if (typeof status !== 'string') refuseDeferred(environment.operator, status);
      if (status === 'end') return 'end';
      if (status === 'wait') return tuples === 0 ? 'idle' : 'more';
      if (environment.isFull()) break;
    }
    if (output?.spilled) this.orderTuples = Math.max(1, readTuples >>> 2);
    else this.orderTuples = Math.min(SOURCE_READ_TUPLES, this.orderTuples * 2);
    this.ready = true;
    return 'more';
  }

  /** One read of a reader: moves the mark behind it, and gives up what it rejects. */
  private readFrom(reader: SourceReader<never>, mark: SourceMark, read: () => SourceStatus): SourceStatus {
    const rejected: Rejection[] = [];
    this.rejected = rejected;
    let status: SourceStatus;
    try {
      status = read();
    } finally {
      this.rejected = undefined;
    }
    mark.position = reader.position;
    mark.aux = reader.aux;
    // After the read, which a policy may end: the reader's code is not to be left in its middle.
    for (const rejection of rejected) this.environment.reject(rejection);
    return status;
  }

  /** The end of the tuples that are due now; sets when the next one is. */
  private dueUntil(from: number, to: number, ratePerSecond: number): number {
    const now = this.environment.now();
    // Partitions come one after the other, as their tuples would without partitions.
    this.paceFrom ??= { ms: now + (1000 * this.partition) / (ratePerSecond * this.partitions), index: from };
    const { ms, index } = this.paceFrom;
    const until = Math.min(to, index + Math.floor(((now - ms) * ratePerSecond) / 1000) + 1);
    // A source that is faster than its rate would make batches of a few tuples without end: it waits for a millisecond's.
    if (until > from && until - from >= Math.min(to - from, ratePerSecond / 1000)) return until;
    // Timers count in milliseconds: a shorter wait would be none, and the worker would spin.
    this.dueMs = Math.max(now + 1, ms + ((from - index) / ratePerSecond) * 1000);
    return from;
  }

  private generate(mark: SourceMark, limit: number): FeedStatus {
    const { source, environment, partition, partitions } = this;
    if (source.kind !== 'generate') return 'end';
    const from = mark.position;
    const count = Math.ceil((source.count - partition) / partitions);
    if (from >= count) return 'end';
    let to = Math.min(count, from + limit);
    if (source.ratePerSecond !== undefined) to = this.dueUntil(from, to, source.ratePerSecond / partitions);
    if (to <= from) return 'idle';
    environment.begin();
    mark.position = environment.generate(from, to, partition);
    this.taken = mark.position - from;
    return 'more';
  }

  readSingle(mark: SourceMark, skip: Skip | undefined, failed: (failure: SingleFailure) => void): FeedStatus {
    if (this.failure !== undefined) throw this.failure.error;
    if (this.stopping) return 'end';
    const { reader, environment } = this;
    if (this.isGenerated) return this.generateSingle(mark, skip, failed);
    if (reader === undefined || !this.ready) return 'idle';
    environment.begin();
    this.ready = false;
    let emitted = 0;
    const { position } = reader;
    const emit = (tuple: never): void => {
      if (++emitted > 1) throw errors.sourceContract(environment.operator, emitted);
      if (skip !== undefined) {
        failed({ tuple, error: skip.error, position });
        return;
      }
      try {
        environment.feed(tuple);
      } catch (error) {
        failed({ tuple, error, position });
      }
    };
    const status = this.readFrom(reader, mark, () => reader.read(emit, 1));
    this.taken = emitted;
    if (status === 'end') return 'end';
    // It may have called wake() meanwhile.
    if (status === 'more') this.ready = true;
    return emitted > 0 || status === 'more' ? 'more' : 'idle';
  }

  private generateSingle(
    mark: SourceMark,
    skip: Skip | undefined,
    failed: (failure: SingleFailure) => void,
  ): FeedStatus {
    const { source } = this;
    const { position } = mark;
    const index = position * this.partitions + this.partition;
    const made = (): unknown => source.kind === 'generate' && madeTuple(source.make, index, this.partition);
    const fail = (error: unknown, tuple: unknown): void => {
      mark.position = position + 1;
      failed({ tuple, error, position });
    };
    if (skip !== undefined) {
      this.environment.begin();
      fail(skip.error, { index });
      return 'more';
    }
    try {
      return this.generate(mark, 1);
    } catch (error) {
      fail(error, made());
      return 'more';
    }
  }

  close(): void {
    this.opening++;
    this.reader?.close();
    this.reader = undefined;
  }
}

/** Nobody waits any longer for a source: if it opens after all, it is closed. */
const giveUp =
  (opened: Promise<SourceReader<never>>) =>
  (error: unknown): never => {
    opened.then((late) => late.close()).catch(() => {});
    throw error;
  };

/** The tuple at an index; the index itself if it cannot be made. */
function madeTuple(make: (index: number, partition: number) => unknown, index: number, partition: number): unknown {
  try {
    return make(index, partition);
  } catch {
    return { index };
  }
}
