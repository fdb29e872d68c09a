// A case before it is explored: its shared memory, its threads, who may crash, and what must hold.
// Promises: nothing here knows the protocols; cases in cases/ do.

import type { SharedCells } from './shared-cells.ts';
import type { ThreadProgram } from './thread-graph.ts';

/** Something that must hold whenever one of some cells has changed. */
export interface Invariant {
  /** Cells after whose change it is checked. */
  readonly cells: readonly number[];
  /** The buffers that `problem` looks at; the others have their first contents then. */
  readonly buffers: readonly SharedArrayBuffer[];
  problem(): string | undefined;
}

export interface Scene {
  readonly cells: SharedCells;
  readonly threads: readonly ThreadProgram[];
  /** Threads that come to their end before the others begin; they must not wait for those. */
  readonly first?: readonly number[];
  /** Whether each thread may crash. It starts again in its next incarnation. */
  readonly mayCrash: readonly boolean[];
  /** How many crashes there may be, at any step. */
  readonly crashes: number;
  /** How many more there may be of threads that have crashed, before their first turning point: crashes in a recovery. */
  readonly recoveryCrashes: number;
  /**
   * Cells that are only added to, and on which one thread waits for a change since it loaded them last: wake-up counters. How often they
   * have been added to does not tell states apart.
   */
  readonly tickets: ReadonlySet<number>;
  /**
   * Atomic cells by which threads are not held to learn of each other's plain accesses. To leave some out may raise false alarms of races, and
   * hides none; but there are fewer states.
   */
  readonly notOrdering: ReadonlySet<number>;
  readonly invariants: readonly Invariant[];
  /** Looks at the buffers as they are in the end. */
  problemAtEnd(): string | undefined;
  /** Objects that threads hold and that never change. */
  readonly constants: ReadonlyMap<object, number>;
}

/** A case: what is explored, under a name. */
export interface ExplorerCase {
  readonly name: string;
  readonly title: string;
  scene(): Scene;
}
