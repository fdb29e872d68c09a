// Small programs on a few shared cells, for which it is known what an explorer must find.

import type { Scene } from '../../explore/scene.ts';
import { SharedCells } from '../../explore/shared-cells.ts';
import type { ThreadContext } from '../../explore/thread-graph.ts';

export type ToyThread = (cells: Int32Array, context: ThreadContext) => void | Promise<void>;

export interface ToyOptions {
  readonly problemAtEnd?: (cells: Int32Array) => string | undefined;
  readonly mayCrash?: readonly boolean[];
  readonly crashes?: number;
  readonly recoveryCrashes?: number;
  readonly tickets?: readonly number[];
}

export function toyScene(threads: readonly ToyThread[], options: ToyOptions = {}): Scene {
  const buffer = new SharedArrayBuffer(64);
  const cells = new SharedCells();
  cells.add('cell', buffer);
  return {
    cells,
    threads: threads.map((run, i) => ({
      name: `t${i}`,
      run: (context) => run(new Int32Array(buffer), context),
    })),
    mayCrash: threads.map((_, i) => options.mayCrash?.[i] === true),
    crashes: options.crashes ?? 0,
    recoveryCrashes: options.recoveryCrashes ?? 0,
    tickets: new Set(options.tickets),
    notOrdering: new Set(),
    invariants: [],
    problemAtEnd: () => options.problemAtEnd?.(new Int32Array(buffer)),
    constants: new Map(),
  };
}
