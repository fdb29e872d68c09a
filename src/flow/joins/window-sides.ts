// The two streams of a window join: what is kept of their tuples, and what comes out of a window.
// Promises: of a window come all pairs of its tuples, and, if the kind of the join wants it, each tuple of a stream if it has none of the
// other: in the order of time, and within what stays together in the order in which tuples came.

import type { Shape } from '../../mailbox/schema.ts';
import type { TableDefinition } from '../../state/rows/row-layout.ts';
import type { JoinKind } from '../options/join-options.ts';
import { dueBefore, timeBefore } from '../timed/due.ts';
import { type KeptFields, keptFields, type Tuple } from '../timed/kept-fields.ts';
import type { EmitTuple, OwnContext } from '../timed/own-context.ts';
import { Buckets, type Kept } from './buckets.ts';
import { latenessOf, type Side } from './sides.ts';

/** The bounds of a window, [start, end), in milliseconds since the epoch. */
export interface JoinBounds {
  /** The first millisecond of the window. */
  readonly windowStart: number;
  /** The first one behind it. */
  readonly windowEnd: number;
}

export type JoinInWindow = (left: Tuple | undefined, right: Tuple | undefined, bounds: JoinBounds) => unknown;

/** Which buckets of a stream are in a window, in their order. */
type BucketsIn = (buckets: Buckets) => readonly number[];

/** One of the two streams. */
export interface WindowSide {
  readonly buckets: Buckets;
  /** True if its tuples come out without a mate. */
  readonly isOuter: boolean;
  hasNullKey(tuple: Tuple): boolean;
  /** The row of a tuple without a mate. */
  alone(tuple: Tuple, bounds: JoinBounds): unknown;
}

export class WindowSides {
  readonly left: WindowSide;
  readonly right: WindowSide;
  private readonly latenessMs: number;
  private readonly leftFields: KeptFields;
  private readonly rightFields: KeptFields;
  private readonly join: JoinInWindow;

  /** @throws MillraceError NO_EVENT_TIME, BAD_SCHEMA */
  constructor(operator: string, left: Side, right: Side, kind: JoinKind, join: JoinInWindow) {
    const lateness = latenessOf(operator, 'a window join', left, right);
    this.latenessMs = Math.max(lateness.left, lateness.right);
    this.leftFields = keptFields(operator, left.schema, left.key);
    this.rightFields = keptFields(operator, right.schema, right.key, left.key);
    this.join = join;
    this.left = {
      buckets: new Buckets('left', this.leftFields),
      isOuter: kind !== 'inner',
      hasNullKey: this.leftFields.hasNullKey,
      alone: (tuple, bounds) => join(tuple, undefined, bounds),
    };
    this.right = {
      buckets: new Buckets('right', this.rightFields),
      isOuter: kind === 'full',
      hasNullKey: this.rightFields.hasNullKey,
      alone: (tuple, bounds) => join(undefined, tuple, bounds),
    };
  }

  get both(): readonly Buckets[] {
    return [this.left.buckets, this.right.buckets];
  }

  /** The watermark from which on nothing comes for a window that ends at a time, not even what is late. */
  dueMs(windowEnd: number): number {
    return dueBefore(windowEnd, this.latenessMs);
  }

  /** Emits what a window comes to. */
  give(key: Tuple, state: Kept, bounds: JoinBounds, bucketsIn: BucketsIn, emit: EmitTuple, context: OwnContext): void {
    const { left, right, leftFields, rightFields, join, latenessMs } = this;
    const { windowEnd } = bounds;
    context.setTime(timeBefore(this.dueMs(windowEnd), Math.ceil(windowEnd) - 1, latenessMs));
    const tuplesOf = ({ buckets }: WindowSide, make: (row: Tuple, key: Tuple) => Tuple): Tuple[] => {
      const tuples: Tuple[] = [];
      for (const at of bucketsIn(buckets)) buckets.each(state, at, (row) => void tuples.push(make(row, key)));
      return tuples;
    };
    const lefts = tuplesOf(left, leftFields.tupleOf);
    const rights = tuplesOf(right, rightFields.tupleOfOther);
    for (const each of lefts) for (const other of rights) emit(join(each, other, bounds));
    if (left.isOuter && rights.length === 0) for (const each of lefts) emit(left.alone(each, bounds));
    if (right.isOuter && lefts.length === 0) for (const each of rights) emit(right.alone(each, bounds));
  }
}

/** Of a key's buckets those from one up to another, itself left out, in their order. */
export function bucketsWithin(state: Kept, from: number, until: number): BucketsIn {
  return (buckets) => {
    const found: number[] = [];
    for (const { $bucket } of buckets.of(state)) if ($bucket >= from && $bucket < until) found.push($bucket);
    return found.sort((one, other) => one - other);
  };
}

/** How the windows of a join lie, and when they come out. */
export interface JoinWindows {
  readonly state?: Shape;
  readonly tables?: Readonly<Record<string, TableDefinition>>;
  /** The windows that a tuple is in which has no mates, since its key is null. */
  around(atMs: number): Iterable<JoinBounds>;
  /** Takes note of a tuple. Returns the bucket that it is kept in. */
  enter(state: Kept, context: OwnContext): number;
  onTimer(key: Tuple, state: Kept, emit: EmitTuple, context: OwnContext): void;
}
