// The source side of an actor whose source has several partitions: a feed for each one that the replica owns, read in turn.
// Promises: a batch moves the marks of the partitions that it has read, and of no others; after a rollback only these are opened
// again. A partition that is given away is closed before anybody else is told to open it. The source has ended when the last
// partition of all replicas has: until then a replica without any may be given one.
// Relies on: marks are part of the transaction (partition-marks.ts); a replica that ends tells the others (hand-over-part.ts).

import type { PartitionMarks, SourceMark } from '../../state/transaction/partition-marks.ts';
import type { IdleWatch } from '../time/idle-watch.ts';
import { LOAD_SAMPLES, type Vitals, WorkCell } from '../vitals/vitals.ts';
import type { Feed, FeedEnvironment, FeedStatus, PartitionFeed, SingleFailure, Skip } from './feed.ts';
import { type FedSource, sourceFeed } from './source-feed.ts';

/** A partition that this replica owns. */
interface Part {
  readonly partition: number;
  readonly feed: PartitionFeed;
  /** Where it stands with what the open batch has read. */
  readonly mark: SourceMark;
  isOpen: boolean;
  /** True if it has been read since the last commit. */
  isRead: boolean;
  /** Watches whether it is idle, if that is wanted. */
  readonly idle: IdleWatch | undefined;
}

/** What the feed gets from its actor besides. */
export interface PartitionEnvironment extends FeedEnvironment {
  readonly vitals: Vitals;
  /** The partitions that the last commit says are owned. */
  owned(): readonly number[];
  /** True while a transaction is open. */
  isOpen(): boolean;
  /** Tells the other replicas that the last partition of all has ended: they are at their end, too. */
  tellEnd(): void;
}

export class PartitionedFeed implements Feed {
  taken = 0;
  /** That which a dead host was at comes first: what is tried tuple by tuple after a crash is most likely there. */
  partition: number;
  readonly isGenerated: boolean;
  private readonly source: FedSource;
  private readonly environment: PartitionEnvironment;
  private readonly marks: PartitionMarks;
  private readonly parts = new Map<number, Part>();
  /** Those that have not ended, in ascending order, and whose turn it is. */
  private active: readonly Part[] = [];
  private next = 0;
  private stopping = false;

  constructor(source: FedSource, environment: PartitionEnvironment, marks: PartitionMarks) {
    this.source = source;
    this.isGenerated = source.kind === 'generate';
    this.environment = environment;
    this.marks = marks;
    this.partition = Math.max(0, partitionAt(environment.vitals.work[WorkCell.input]));
    this.takeUp();
  }

  /** Makes parts of what is owned, closes what is not, and finds out which have not ended. */
  private takeUp(): void {
    const { source, environment, marks, parts } = this;
    const owned = new Set(environment.owned());
    for (const [partition, { feed }] of parts) {
      if (owned.has(partition)) continue;
      parts.delete(partition);
      environment.vitals.setIdle(partition, false);
      feed.close();
    }
    for (const partition of owned) {
      if (parts.has(partition)) continue;
      const mark = { position: undefined, seen: Number.NEGATIVE_INFINITY };
      marks.read(partition, mark);
      const feed = sourceFeed(source, environment, partition);
      const tell = (isIdle: boolean): void => environment.vitals.setIdle(partition, isIdle);
      const idle = environment.clock?.idleWatch(environment.now(), tell);
      parts.set(partition, { partition, feed, mark, isOpen: false, isRead: false, idle });
    }
    this.active = [...parts.values()]
      .filter(({ partition }) => !marks.hasEnded(partition))
      .sort((one, other) => one.partition - other.partition);
    this.next = Math.max(
      0,
      this.active.findIndex(({ partition }) => partition >= this.partition),
    );
  }

  async open(): Promise<void> {
    try {
      await Promise.all(
        this.active.map((part) => {
          part.isOpen = true;
          return part.feed.open(part.mark);
        }),
      );
    } catch (error) {
      this.close();
      throw error;
    }
  }

  reopen(_mark?: SourceMark, because?: Error): void {
    this.takeUp();
    for (const part of this.active) {
      if (part.isOpen && !part.isRead) continue;
      this.marks.read(part.partition, part.mark);
      part.isOpen = true;
      part.isRead = false;
      part.feed.reopen(part.mark, because);
    }
  }

  /** A hand-over has given partitions, or taken them away. Between transactions only. */
  own(): void {
    for (const part of this.parts.values()) part.isRead = false;
    this.reopen();
  }

  stop(): void {
    this.stopping = true;
  }

  get dueMs(): number {
    return this.active.reduce(
      (least, { feed, idle }) => Math.min(least, feed.dueMs, idle?.nextAtMs ?? Number.POSITIVE_INFINITY),
      Number.POSITIVE_INFINITY,
    );
  }

  get isIdle(): boolean {
    return this.active.every(({ idle }) => idle?.isIdle === true);
  }

  /** Idle partitions go on with the others, be they another replica's or another source's. */
  private followOthers(): void {
    const { active, environment, marks } = this;
    const { clock, board } = environment;
    if (clock === undefined || !active.some(({ idle }) => idle?.isIdle)) return;
    const busy = active.filter(({ idle }) => idle?.isIdle !== true);
    const time =
      busy.length > 0 ? Math.min(...busy.map(({ mark }) => clock.watermarkOf(mark.seen))) : board?.othersTime();
    if (time === undefined) return;
    for (const { partition, mark, idle } of active) {
      const seen = clock.followed(mark.seen, time);
      if (idle?.isIdle !== true || seen === mark.seen) continue;
      environment.begin();
      mark.seen = seen;
      marks.write(partition, mark);
    }
  }

  canRead(): boolean {
    const { active } = this;
    if (this.stopping) return true;
    return active.length === 0 ? this.hasEnded : active.some(({ feed }) => feed.canRead());
  }

  /** What others have not committed yet may be rolled back, but then they come to the same end again. */
  private get hasEnded(): boolean {
    return this.parts.size > 0 && this.marks.haveAllEnded;
  }

  position(_: SourceMark, row: number): unknown {
    const part = this.parts.get(this.partition);
    return part === undefined ? 0 : part.feed.position(part.mark, row);
  }

  read(_: SourceMark, limit: number): FeedStatus {
    this.taken = 0;
    const ended = this.beginRead();
    if (ended !== undefined) return ended;
    let status: FeedStatus = 'idle';
    for (let left = this.active.length; left > 0 && this.active.length > 0 && this.taken < limit; left--) {
      const part = this.takeTurn();
      if (!part.feed.canRead()) {
        // It has said that it waits, or it is being opened.
        part.idle?.look(part.feed.found === 'unasked' ? 'unasked' : 'nothing', this.environment.now());
        continue;
      }
      if (this.readPart(part, () => part.feed.read(part.mark, limit - this.taken)) !== 'idle') status = 'more';
      if (this.environment.isFull()) break;
    }
    this.followOthers();
    return status;
  }

  readSingle(_: SourceMark, skip: Skip | undefined, failed: (failure: SingleFailure) => void): FeedStatus {
    this.taken = 0;
    const ended = this.beginRead();
    if (ended !== undefined) return ended;
    const skipped = skip && this.parts.get(skip.partition);
    for (let left = this.active.length; left > 0; left--) {
      const part = skipped ?? this.active[this.next];
      const status = part.feed.canRead()
        ? this.readPart(part, () => part.feed.readSingle(part.mark, skipped && skip, failed))
        : 'idle';
      // It stays with a partition that gives tuples: what failed is further on there.
      if (status === 'more' || skipped !== undefined) return status;
      this.takeTurn();
    }
    return 'idle';
  }

  /** Returns what there is to say instead of reading. */
  private beginRead(): FeedStatus | undefined {
    if (this.stopping) return 'end';
    if (!this.environment.isOpen()) for (const part of this.parts.values()) part.isRead = false;
    // After this replica has stored its own last end, atomically: of two that end at the same time one sees both.
    if (this.active.length > 0) return undefined;
    return this.hasEnded ? 'end' : 'idle';
  }

  private takeTurn(): Part {
    const { active } = this;
    const part = active[this.next];
    this.next = (this.next + 1) % active.length;
    return part;
  }

  /** Reads from a partition, and moves its mark by what has been read. */
  private readPart(part: Part, read: () => FeedStatus): FeedStatus {
    const { environment, marks } = this;
    const { work, load } = environment.vitals;
    const { clock } = environment;
    const { partition, mark, feed } = part;
    this.partition = partition;
    work[WorkCell.input] = inputOfPartition(partition);
    part.isRead = true;
    const from = mark.position;
    const row = work[WorkCell.row];
    clock?.enter(mark.seen);
    const status = read();
    if (clock !== undefined) mark.seen = clock.seen;
    part.idle?.look(status === 'idle' ? feed.found : 'something', environment.now());
    const tuples = this.isGenerated ? madeBetween(from, mark.position) : (work[WorkCell.row] - row) | 0;
    this.taken += tuples;
    load[partition] += tuples;
    load[LOAD_SAMPLES] += tuples;
    if (environment.isOpen()) marks.write(partition, mark);
    if (status !== 'end') return status;
    environment.begin();
    marks.write(partition, mark);
    marks.end(partition);
    // At once: this replica may have to wait for room before it comes to its own end.
    if (marks.haveAllEnded) environment.tellEnd();
    feed.close();
    if (this.active.indexOf(part) < this.next) this.next--;
    this.active = this.active.filter((each) => each !== part);
    if (this.next >= this.active.length) this.next = 0;
    return 'more';
  }

  close(): void {
    for (const part of this.parts.values()) {
      part.feed.close();
      part.isOpen = false;
    }
  }
}

/** Tuples between two positions of a computed source, whose positions are counts. */
const madeBetween = (from: unknown, to: unknown): number => Number(to ?? 0) - Number(from ?? 0);

/** What an actor's work block tells of the partition in work: inputs are negative for sources. */
const inputOfPartition = (partition: number): number => -1 - partition;
export const partitionAt = inputOfPartition;
