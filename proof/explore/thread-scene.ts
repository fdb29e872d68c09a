// Scenes of a few threads over a few buffers: for protocols that are explored by themselves, without actors.
// Promises: what is left out is the plainest there is: nobody crashes, nothing must hold but what threads check themselves.

import type { Invariant, Scene } from './scene.ts';
import { type CellNames, SharedCells } from './shared-cells.ts';
import type { ThreadContext } from './thread-graph.ts';

export interface ThreadSceneOptions {
  /** Shared memory by name, as it is before anybody runs; with names for its cells if `buffer[offset]` tells too little. */
  readonly buffers: Readonly<Record<string, SharedArrayBuffer | readonly [SharedArrayBuffer, CellNames]>>;
  /**
   * Each makes what it needs anew from the buffers, keeps nothing outside of itself, and checks what it reads: what it throws is a
   * failure. It begins again, in its next incarnation, after a crash.
   */
  readonly threads: Readonly<Record<string, (context: ThreadContext) => void | Promise<void>>>;
  /** Threads that may crash at any step, how often in all, and how often more in recoveries. */
  readonly crashing?: readonly string[];
  readonly crashes?: number;
  readonly recoveryCrashes?: number;
  /** Numbers of cells that are wake-up counters, see {@link Scene.tickets}. */
  readonly tickets?: (cells: SharedCells) => readonly number[];
  readonly invariants?: (cells: SharedCells) => readonly Invariant[];
  /** What is wrong with the buffers in the end, if anything. */
  readonly problemAtEnd?: () => string | undefined;
}

export function threadScene(options: ThreadSceneOptions): Scene {
  const cells = new SharedCells();
  for (const [name, memory] of Object.entries(options.buffers)) {
    if (memory instanceof SharedArrayBuffer) cells.add(name, memory);
    else cells.add(name, memory[0], memory[1]);
  }
  const names = Object.keys(options.threads);
  return {
    cells,
    threads: names.map((name) => ({ name, run: options.threads[name] })),
    mayCrash: names.map((name) => options.crashing?.includes(name) === true),
    crashes: options.crashes ?? 0,
    recoveryCrashes: options.recoveryCrashes ?? 0,
    tickets: new Set(options.tickets?.(cells)),
    notOrdering: new Set(),
    invariants: options.invariants?.(cells) ?? [],
    problemAtEnd: options.problemAtEnd ?? (() => undefined),
    constants: new Map(),
  };
}
