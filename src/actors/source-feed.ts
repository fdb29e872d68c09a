// The source side of an actor: opens the source, reads from it, and opens it again at the committed position after a
// rollback or a crash.
// Promises: what a batch has read is in the record's `source` and `sourceAux` before the batch commits. A read never
// waits. While a source is being opened, there is nothing to read.
// Relies on: sources give the same tuples again from a position (source.ts).

import { errors } from '../errors.ts';
import type { Output } from '../mailbox/output.ts';
import type { CommitRecord } from '../state/commit-log.ts';
import type { Source, SourceReader, SourceStatus } from './source.ts';

/** Tuples that a source reader emits before the output is looked at again. */
const SOURCE_READ_TUPLES = 128;

/** What a read ended with: there may be more; nothing now; or the end of the stream. */
export type FeedStatus = 'more' | 'idle' | 'end';

/** What the feed gets from its actor. */
export interface FeedEnvironment {
  /** The source operator's name. */
  readonly operator: string;
  readonly output: Output | undefined;
  /** Reads tuples into the operators behind the source. */
  read(reader: SourceReader<never>, limit: number): SourceStatus;
  /** Makes tuples `from` to `to` and hands them on; returns the first that was not made. */
  generate(from: number, to: number): number;
  /** Hands on one tuple, and writes what comes of it. */
  feed(tuple: unknown): void;
  now(): number;
  wake(): void;
  /** Opens the transaction. */
  begin(): void;
}

/** How a tuple of a single read ended, if it failed. */
export interface SingleFailure {
  readonly tuple: unknown;
  readonly error: unknown;
}

/** A tuple that is not processed any more, and why; `inSource` if making it is what fails. */
export interface Skip {
  readonly error: unknown;
  readonly inSource: boolean;
}

export class SourceFeed {
  /** When a rated generator has its next tuple, on the environment's clock; infinity if that is not known. */
  dueMs = Number.POSITIVE_INFINITY;
  /** Tuples of the last read, at most. */
  taken = 0;
  private readonly source: Source<never>;
  private readonly environment: FeedEnvironment;
  private reader: SourceReader<never> | undefined;
  /** Counts openings: a source that opens late must not take the place of a later one. */
  private opening = 0;
  private ready = true;
  private stopping = false;
  private failure: { error: unknown } | undefined;
  /** Most tuples of one read: fewer while they are too large for the ring, which the reader does not see. */
  private orderTuples = SOURCE_READ_TUPLES;
  private paceFrom: { ms: number; index: number } | undefined;

  constructor(source: Source<never>, environment: FeedEnvironment) {
    this.source = source;
    this.environment = environment;
  }

  /** Opens the source where `record` says. Rejects if it cannot be opened. */
  async open({ source: position, sourceAux: aux }: CommitRecord): Promise<void> {
    const { source, environment } = this;
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
    const reader = await source.open({ operator: environment.operator, position, aux, wake, fail });
    if (isCurrent()) this.reader = reader;
    else reader.close();
  }

  /** Closes the source and opens it again where `record` says; a failure comes up at the next read. */
  reopen(record: CommitRecord): void {
    if (this.source.kind !== 'reader') return;
    this.close();
    this.ready = false;
    const opened = this.open(record);
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

  /** Ends the source at the next read: what it has emitted is still processed. */
  stop(): void {
    this.stopping = true;
  }

  /** True if a read would get somewhere now. */
  canRead(): boolean {
    if (this.stopping || this.failure !== undefined) return true;
    if (this.source.kind === 'generate')
      return this.dueMs === Number.POSITIVE_INFINITY || this.environment.now() >= this.dueMs;
    return this.ready;
  }

  /** Where the source stands, for error texts. */
  position(record: CommitRecord): number {
    return this.reader?.position ?? record.source;
  }

  /** Reads about `limit` tuples through the program, and moves the record's position behind them. */
  read(record: CommitRecord, limit: number): FeedStatus {
    this.dueMs = Number.POSITIVE_INFINITY;
    if (this.failure !== undefined) throw this.failure.error;
    if (this.stopping) return 'end';
    return this.source.kind === 'generate' ? this.generate(record, limit) : this.readSource(record, limit);
  }

  private readSource(record: CommitRecord, limit: number): FeedStatus {
    const { reader, environment } = this;
    const { output } = environment;
    if (reader === undefined || !this.ready) return 'idle';
    environment.begin();
    this.ready = false;
    const readTuples = Math.min(this.orderTuples, limit);
    for (let tuples = 0; tuples < limit; tuples += readTuples) {
      this.taken = tuples + readTuples;
      const status = environment.read(reader, readTuples);
      record.source = reader.position;
      record.sourceAux = reader.aux;
      if (status === 'end') return 'end';
      if (status === 'wait') return tuples === 0 ? 'idle' : 'more';
      if (output?.isBatchFull) break;
    }
    if (output?.spilled) this.orderTuples = Math.max(1, readTuples >>> 2);
    else this.orderTuples = Math.min(SOURCE_READ_TUPLES, this.orderTuples * 2);
    this.ready = true;
    return 'more';
  }

  /** The end of the tuples that are due now; sets when the next one is. */
  private dueUntil(from: number, to: number, ratePerSecond: number): number {
    const now = this.environment.now();
    this.paceFrom ??= { ms: now, index: from };
    const { ms, index } = this.paceFrom;
    const until = Math.min(to, index + Math.floor(((now - ms) * ratePerSecond) / 1000) + 1);
    // A source that is faster than its rate would make batches of a few tuples without end: it waits for a millisecond's.
    if (until > from && until - from >= Math.min(to - from, ratePerSecond / 1000)) return until;
    // Timers count in milliseconds: a shorter wait would be none, and the worker would spin.
    this.dueMs = Math.max(now + 1, ms + ((from - index) / ratePerSecond) * 1000);
    return from;
  }

  private generate(record: CommitRecord, limit: number): FeedStatus {
    const { source, environment } = this;
    if (source.kind !== 'generate') return 'end';
    const from = record.source;
    if (from >= source.count) return 'end';
    let to = Math.min(source.count, from + limit);
    if (source.ratePerSecond !== undefined) to = this.dueUntil(from, to, source.ratePerSecond);
    if (to <= from) return 'idle';
    environment.begin();
    record.source = environment.generate(from, to);
    this.taken = record.source - from;
    return 'more';
  }

  /**
   * Reads a single tuple, whose failure is caught and handed to `failed` instead of being thrown: a reader cannot be taken
   * back by one tuple. With `skip` the tuple is not processed at all.
   */
  readSingle(record: CommitRecord, skip: Skip | undefined, failed: (failure: SingleFailure) => void): FeedStatus {
    if (this.failure !== undefined) throw this.failure.error;
    if (this.stopping) return 'end';
    const { source, reader, environment } = this;
    if (source.kind === 'generate') return this.generateSingle(record, skip, failed);
    if (reader === undefined || !this.ready) return 'idle';
    environment.begin();
    this.ready = false;
    let emitted = 0;
    const emit = (tuple: never): void => {
      if (++emitted > 1) throw errors.sourceContract(environment.operator, emitted);
      if (skip !== undefined) {
        failed({ tuple, error: skip.error });
        return;
      }
      try {
        environment.feed(tuple);
      } catch (error) {
        failed({ tuple, error });
      }
    };
    const status = reader.read(emit, 1);
    record.source = reader.position;
    record.sourceAux = reader.aux;
    this.taken = emitted;
    if (status === 'end') return 'end';
    // It may have called wake() meanwhile.
    if (status === 'more') this.ready = true;
    return emitted > 0 || status === 'more' ? 'more' : 'idle';
  }

  private generateSingle(
    record: CommitRecord,
    skip: Skip | undefined,
    failed: (failure: SingleFailure) => void,
  ): FeedStatus {
    const { source } = this;
    const index = record.source;
    const fail = (error: unknown, tuple: unknown): void => {
      record.source = index + 1;
      failed({ tuple, error });
    };
    if (skip !== undefined) {
      this.environment.begin();
      // Making it may be what ends the worker.
      const isMade = !skip.inSource && source.kind === 'generate';
      fail(skip.error, isMade ? madeTuple(source.make, index) : { index });
      return 'more';
    }
    try {
      return this.generate(record, 1);
    } catch (error) {
      fail(error, source.kind === 'generate' ? madeTuple(source.make, index) : undefined);
      return 'more';
    }
  }

  /** Closes what is open. The feed can be opened again. */
  close(): void {
    this.opening++;
    this.reader?.close();
    this.reader = undefined;
  }
}

/** The tuple at an index; the index itself if it cannot be made. */
function madeTuple(make: (index: number) => unknown, index: number): unknown {
  try {
    return make(index);
  } catch {
    return { index };
  }
}
