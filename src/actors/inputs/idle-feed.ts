// A source of one partition that may be idle: then it goes on with other sources.
// Promises: what it says of time while it is idle is what it judges by when it comes back (time-board.ts).

import type { SourceMark } from '../../state/transaction/partition-marks.ts';
import type { EventClock } from '../time/event-clock.ts';
import type { IdleWatch } from '../time/idle-watch.ts';
import type { Feed, FeedEnvironment, FeedStatus, Found, PartitionFeed, SingleFailure, Skip } from './feed.ts';

export class IdleFeed implements Feed {
  readonly isGenerated: boolean;
  readonly partition: number;
  private readonly feed: PartitionFeed;
  private readonly watch: IdleWatch;
  private readonly clock: EventClock;
  private readonly environment: FeedEnvironment;

  constructor(feed: PartitionFeed, watch: IdleWatch, clock: EventClock, environment: FeedEnvironment) {
    this.isGenerated = feed.isGenerated;
    this.partition = feed.partition;
    this.feed = feed;
    this.watch = watch;
    this.clock = clock;
    this.environment = environment;
  }

  get dueMs(): number {
    return Math.min(this.feed.dueMs, this.watch.nextAtMs);
  }

  get taken(): number {
    return this.feed.taken;
  }

  get isIdle(): boolean {
    return this.watch.isIdle;
  }

  open(mark: SourceMark): Promise<void> {
    return this.feed.open(mark);
  }

  reopen(mark: SourceMark, because?: Error): void {
    this.feed.reopen(mark, because);
  }

  stop(): void {
    this.feed.stop();
  }

  canRead(): boolean {
    return this.feed.canRead();
  }

  position(mark: SourceMark, row: number): unknown {
    return this.feed.position(mark, row);
  }

  read(mark: SourceMark, limit: number): FeedStatus {
    return this.watched(this.feed.read(mark, limit));
  }

  readSingle(mark: SourceMark, skip: Skip | undefined, failed: (failure: SingleFailure) => void): FeedStatus {
    return this.watched(this.feed.readSingle(mark, skip, failed));
  }

  private watched(status: FeedStatus): FeedStatus {
    const { feed, watch, clock, environment } = this;
    if (lookForIdle(watch, clock, status === 'idle' ? feed.found : 'something', environment)) environment.begin();
    return status;
  }

  close(): void {
    this.feed.close();
  }
}

/**
 * Notes that a partition was asked; if it is idle, it goes on with the others.
 * @returns true if it has gone on
 */
export function lookForIdle(
  watch: IdleWatch,
  clock: EventClock,
  found: Found,
  { now, board }: Pick<FeedEnvironment, 'now' | 'board'>,
): boolean {
  watch.look(found, now());
  const time = watch.isIdle ? board?.othersTime() : undefined;
  if (time === undefined || clock.followed(clock.seen, time) === clock.seen) return false;
  clock.follow(time);
  return true;
}
