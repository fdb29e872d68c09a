// A source that is computed: tuple i is made from i, so its position is a count, and there is nothing to open.
// Promises: a rated source makes no tuple before it is due, and sleeps until then.

import { type AnyGeneratorDefinition, partitionsOf } from '../../flow/source.ts';
import type { SourceMark } from '../../state/transaction/partition-marks.ts';
import type { FeedEnvironment, FeedStatus, Found, PartitionFeed, SingleFailure, Skip } from './feed.ts';
import { PartitionProgress } from './source-memory.ts';

const countOf = ({ position }: SourceMark): number => (position as number | undefined) ?? 0;

export class GeneratorFeed implements PartitionFeed {
  readonly isGenerated = true;
  dueMs = Number.POSITIVE_INFINITY;
  taken = 0;
  found: Found = 'unasked';
  readonly isIdle = false;
  readonly partition: number;
  private readonly partitions: number;
  private readonly source: AnyGeneratorDefinition;
  private readonly environment: FeedEnvironment;
  private readonly progress: PartitionProgress | undefined;
  private stopping = false;
  private paceFrom: { ms: number; index: number } | undefined;

  constructor(source: AnyGeneratorDefinition, environment: FeedEnvironment, partition: number) {
    this.source = source;
    this.environment = environment;
    this.partition = partition;
    this.partitions = partitionsOf(source);
    const { memory } = environment;
    this.progress = memory && new PartitionProgress(memory, partition);
  }

  async open(): Promise<void> {}

  reopen(): void {}

  stop(): void {
    this.stopping = true;
  }

  canRead(): boolean {
    return this.stopping || this.dueMs === Number.POSITIVE_INFINITY || this.environment.now() >= this.dueMs;
  }

  position(mark: SourceMark, row: number): number {
    return countOf(mark) + Math.max(0, row);
  }

  read(mark: SourceMark, limit: number): FeedStatus {
    this.dueMs = Number.POSITIVE_INFINITY;
    return this.stopping ? 'end' : this.generate(mark, limit);
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

  private tellProgress(done: number, total: number): void {
    this.progress?.tell(this.environment.operator, { done, total });
  }

  private generate(mark: SourceMark, limit: number): FeedStatus {
    const { source, environment, partition, partitions } = this;
    const from = countOf(mark);
    const count = Math.max(0, Math.ceil((source.count - partition) / partitions));
    this.tellProgress(from, count);
    if (from >= count) return 'end';
    let to = Math.min(count, from + limit);
    if (source.ratePerSecond !== undefined) to = this.dueUntil(from, to, source.ratePerSecond / partitions);
    this.found = to <= from ? 'nothing' : 'something';
    if (to <= from) return 'idle';
    environment.begin();
    const made = environment.generate(from, to, partition);
    mark.position = made;
    this.tellProgress(made, count);
    this.taken = made - from;
    return 'more';
  }

  readSingle(mark: SourceMark, skip: Skip | undefined, failed: (failure: SingleFailure) => void): FeedStatus {
    if (this.stopping) return 'end';
    const { source } = this;
    const position = countOf(mark);
    const index = position * this.partitions + this.partition;
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
      fail(error, madeTuple(source.make, index, this.partition));
      return 'more';
    }
  }

  close(): void {}
}

/** The tuple at an index; the index itself if it cannot be made. */
function madeTuple(make: (index: number, partition: number) => unknown, index: number, partition: number): unknown {
  try {
    return make(index, partition);
  } catch {
    return { index };
  }
}
