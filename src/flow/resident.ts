// What lives beside the rows of a stage, in the thread of each replica: a heap that outlasts the batch, but no crash.
// Promises: it is made with the replica's program, asked for work of its own when it is due, and told how each batch ends.
// Relies on: all that must survive its thread stands in the rows; it finds out from them what it has to take up.

import type { Cancel } from '../platform/clock.ts';

/** What it gets of its replica. */
export interface ResidentHost {
  /** Which replica it lives in, and the key groups that it owns as it begins. */
  readonly replica: number;
  readonly groups: readonly number[];
  /** Milliseconds on a clock that all threads share. */
  now(): number;
  /** Makes the replica look at {@link Resident.dueAtMs} again: from any callback of its thread. */
  wake(): void;
  /** Calls `action` once, `ms` from now, in the replica's thread. */
  after(ms: number, action: () => void): Cancel;
  /** True while tuples are tried one by one, to find the one that fails. */
  isAlone(): boolean;
  /** True if the replica owns a key group. */
  owns(group: number): boolean;
  /** Where that output of the replica ends which it reads itself, as of its last commit; undefined while some of it waits for room. */
  loopHead(): number | undefined;
  /** True if the replica has read its own output up to there. */
  hasReadLoop(head: number): boolean;
}

/** A row of one of the replica's key groups, and the values of its key. */
type VisitRow = (key: readonly unknown[], state: never) => void;

export interface Resident {
  /**
   * Takes the tuples of the operator's inputs, in place of their closures. A tuple is a view of its frame, and moves with the next call.
   */
  readonly receive: (tuple: never, state: never, emit: never, context: never) => void;
  /** When it has work of its own, on its host's clock; Infinity for never. */
  readonly dueAtMs: number;
  /**
   * Does that work, in a batch of its own: may emit, and look at rows, but changes none.
   * @param eachRow visits the rows of all key groups that the replica owns
   */
  work(nowMs: number, emit: never, eachRow: (visit: VisitRow) => void): void;
  /**
   * A tuple of its own for a row of the replica, which takes it in the same batch, when that has read what it reads; undefined if there
   * is none.
   */
  next(emit: never): object | undefined;
  /** What it has taken and emitted since the last call is committed. */
  committed(): void;
  /** All that is forgotten: the same tuples come again. */
  rolledBack(): void;
  /** The replica owns other key groups than before: these. */
  ownersChanged(groups: readonly number[]): void;
  /** The replica goes on elsewhere, or not at all. */
  close(): void;
}
