// Small programs on a few shared cells, for which it is known what an explorer must find.

import type { Scene } from '../../proof/explore/scene.ts';
import type { ThreadContext } from '../../proof/explore/thread-graph.ts';
import { threadScene } from '../../proof/explore/thread-scene.ts';

export type ToyThread = (cells: Int32Array, context: ThreadContext) => void | Promise<void>;

export interface ToyOptions {
  readonly problemAtEnd?: (cells: Int32Array) => string | undefined;
  readonly mayCrash?: readonly boolean[];
  readonly crashes?: number;
  readonly recoveryCrashes?: number;
  readonly tickets?: readonly number[];
}

export function toyScene(threads: readonly ToyThread[], options: ToyOptions = {}): Scene {
  const cell = new SharedArrayBuffer(64);
  const { problemAtEnd, mayCrash = [], tickets = [] } = options;
  return threadScene({
    ...options,
    buffers: { cell },
    threads: Object.fromEntries(
      threads.map((run, i) => [`t${i}`, (context: ThreadContext) => run(new Int32Array(cell), context)]),
    ),
    crashing: mayCrash.flatMap((may, i) => (may ? [`t${i}`] : [])),
    tickets: () => tickets,
    problemAtEnd: () => problemAtEnd?.(new Int32Array(cell)),
  });
}
