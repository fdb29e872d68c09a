// A source that is read: opens a reader, or that of one partition, and opens it again at the committed position after a rollback or
// a crash.
// Promises: while a source is being opened, there is nothing to read. The position that a commit records is a copy of the reader's.

import { errors } from '../../errors.ts';
import type { AnySourceDefinition, SourceReader, SourceStatus } from '../../flow/source.ts';
import { refuseDeferred } from '../../mailbox/deferred.ts';
import type { SourceMark } from '../../state/transaction/partition-marks.ts';
import { copyOfPosition, equalPositions } from '../../state/transaction/position.ts';
import type { FeedEnvironment, FeedStatus, Found, PartitionFeed, Rejection, SingleFailure, Skip } from './feed.ts';
import { keptCells, PartitionProgress } from './source-memory.ts';

/** Tuples that a source reader emits before the output is looked at again. */
const SOURCE_READ_TUPLES = 128;

export class ReaderFeed implements PartitionFeed {
  readonly dueMs = Number.POSITIVE_INFINITY;
  readonly isGenerated = false;
  taken = 0;
  readonly isIdle = false;
  readonly partition: number;
  private readonly source: AnySourceDefinition;
  private readonly environment: FeedEnvironment;
  private reader: SourceReader<never, unknown> | undefined;
  /** Counts openings: a source that opens late must not take the place of a later one. */
  private opening = 0;
  private ready = true;
  /** True if the last read has moved the reader. */
  private hasMoved = false;
  private stopping = false;
  private failure: { error: unknown } | undefined;
  /** Of the read in work; undefined outside of one. */
  private rejected: Rejection[] | undefined;
  /** Most tuples of one read: fewer while they are too large for the ring, which the reader does not see. */
  private orderTuples = SOURCE_READ_TUPLES;
  private progress: PartitionProgress | undefined;

  constructor(source: AnySourceDefinition, environment: FeedEnvironment, partition: number) {
    this.source = source;
    this.environment = environment;
    this.partition = partition;
  }

  get found(): Found {
    if (this.reader === undefined) return 'unasked';
    return this.hasMoved ? 'something' : 'nothing';
  }

  open(mark: SourceMark): Promise<void> {
    return this.openAt(mark, (opened) => opened);
  }

  /** @param bounded as its argument, or rejects when that has taken too long */
  private async openAt(mark: SourceMark, bounded: <Reader>(opened: Promise<Reader>) => Promise<Reader>): Promise<void> {
    const { source, environment, partition } = this;
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
    const { memory: shared } = environment;
    const memoryOf = (of: number): Int32Array => keptCells(shared, of);
    this.progress ??= new PartitionProgress(shared, partition);
    const reject = (record: unknown, error: Error, at: unknown): void => {
      if (this.rejected === undefined || !isCurrent()) throw errors.rejectedOutsideRead(operator);
      this.rejected.push({ record, error, position: at });
    };
    const position = this.positionOf(mark);
    const opened = source.open({
      operator,
      partition,
      memory: memoryOf(partition),
      memoryOf,
      listing: environment.listing,
      position,
      reject,
      wake,
      fail,
    });
    const reader = opened instanceof Promise ? await bounded(opened).catch(giveUp(opened)) : await opened;
    if (!isCurrent()) {
      reader.close();
      return;
    }
    this.reader = reader;
    this.tellProgress(reader, 'more');
  }

  reopen(mark: SourceMark, because?: Error): void {
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
      if (opening === this.opening) this.failure = { error: errors.notReopened(error, because) };
      settle();
    });
  }

  stop(): void {
    this.stopping = true;
  }

  canRead(): boolean {
    return this.stopping || this.failure !== undefined || this.ready;
  }

  position(mark: SourceMark): unknown {
    return this.reader?.position ?? this.positionOf(mark);
  }

  private positionOf({ position }: SourceMark): unknown {
    return position ?? this.source.start ?? 0;
  }

  read(mark: SourceMark, limit: number): FeedStatus {
    if (this.failure !== undefined) throw this.failure.error;
    if (this.stopping) return 'end';
    const { reader, environment } = this;
    if (reader === undefined || !this.ready) return this.isWaiting();
    environment.begin();
    this.ready = false;
    const status = this.readOften(reader, limit);
    this.moveMark(mark, reader);
    this.tellProgress(reader, status);
    return status;
  }

  private isWaiting(): 'idle' {
    this.hasMoved = false;
    return 'idle';
  }

  /** Reads again and again, until there are `limit` tuples or the output is full. */
  private readOften(reader: SourceReader<never, unknown>, limit: number): FeedStatus {
    const { environment } = this;
    const { output } = environment;
    const readTuples = Math.min(this.orderTuples, limit);
    for (let tuples = 0; tuples < limit; tuples += readTuples) {
      this.taken = tuples + readTuples;
      const status = this.readOnce(() => environment.read(reader, readTuples));
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

  /** The mark has a copy of its own: a reader may change its position in place. */
  private moveMark(mark: SourceMark, { position }: SourceReader<never, unknown>): void {
    const before = this.positionOf(mark);
    mark.position = copyOfPosition(this.environment.operator, position);
    this.hasMoved = !equalPositions(before, mark.position);
  }

  /** Shows how far the reader has come, be it in a transaction that is rolled back: it comes as far again. */
  private tellProgress(reader: SourceReader<never, unknown>, status: FeedStatus): void {
    if (status === 'end') this.progress?.end();
    else if (reader.progress !== undefined) this.progress?.tell(this.environment.operator, reader.progress());
  }

  /** One read of a reader, which gives up what it rejects. */
  private readOnce(read: () => SourceStatus): SourceStatus {
    const rejected: Rejection[] = [];
    this.rejected = rejected;
    let status: SourceStatus;
    try {
      status = read();
    } finally {
      this.rejected = undefined;
    }
    // After the read, which a policy may end: the reader's code is not to be left in its middle.
    for (const rejection of rejected) this.environment.reject(rejection);
    return status;
  }

  readSingle(mark: SourceMark, skip: Skip | undefined, failed: (failure: SingleFailure) => void): FeedStatus {
    if (this.failure !== undefined) throw this.failure.error;
    if (this.stopping) return 'end';
    const { reader, environment } = this;
    if (reader === undefined || !this.ready) return this.isWaiting();
    environment.begin();
    this.ready = false;
    let emitted = 0;
    const position = copyOfPosition(environment.operator, reader.position);
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
    const status = this.readOnce(() => reader.read(emit, 1));
    this.moveMark(mark, reader);
    this.tellProgress(reader, status === 'wait' ? 'idle' : status);
    this.taken = emitted;
    if (status === 'end') return 'end';
    // It may have called wake() meanwhile.
    if (status === 'more') this.ready = true;
    return emitted > 0 || status === 'more' ? 'more' : 'idle';
  }

  close(): void {
    this.opening++;
    this.reader?.close();
    this.reader = undefined;
  }
}

/** Nobody waits any longer for a source: if it opens after all, it is closed. */
const giveUp =
  (opened: Promise<SourceReader<never, unknown>>) =>
  (error: unknown): never => {
    opened.then((late) => late.close()).catch(() => {});
    throw error;
  };
