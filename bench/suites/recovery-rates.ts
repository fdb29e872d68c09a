// What experiments have in common that time a recovery by input rate, in three ways: as Millrace recovers, with all input held back and
// replayed from the ring (upstream backup), and by a job that begins anew (source replay).

import type { BackupStore, RunOptions } from '../../src/index.ts';
import type { Contender, Experiment } from '../harness.ts';

/** The largest ring that there can be. */
const RING_BYTES_MAX = 2 ** 30;
const NEVER_MS = 86_400_000;

export interface Scenario {
  readonly result: string;
  readonly ratePerSecond: number;
  /** The crash comes after about so many tuples. */
  readonly tuples: number;
}

/**
 * Options by which a ring holds back all input until the crash.
 * @param ringBytes that it takes, with room to spare: a backup is taken when half of a ring is held back
 * @returns a check, too, that none has been taken
 */
export function upstreamBackup(
  { result }: Scenario,
  ringBytes: number,
): { readonly options: Partial<Pick<RunOptions, 'ringBytes' | 'backup'>>; readonly check: () => void } {
  let written = 0;
  const store: BackupStore = {
    write() {
      written++;
    },
    read: () => undefined,
    remove() {},
  };
  return {
    options: {
      ringBytes: Math.min(RING_BYTES_MAX, ringBytes),
      backup: { everyMs: NEVER_MS, restore: 'always', store },
    },
    check: () => {
      if (written > 0) throw new Error(`${result}: the ring has not held back all input, a backup was taken`);
    },
  };
}

/** The three ways, each giving the milliseconds that it takes. */
interface Ways {
  readonly millrace: () => Promise<number>;
  readonly upstreamBackup: () => Promise<number>;
  readonly sourceReplay: () => Promise<number>;
}

export function rateExperiment({ result }: Scenario, rounds: number, ways: Ways): Experiment {
  const contender = (name: string, run: () => Promise<number>) => async (): Promise<Contender> => ({
    name,
    run: async () => ({ [result]: await run() }),
    async close() {},
  });
  return {
    results: [result],
    unit: 'ms',
    better: 'lower',
    rounds,
    warmUp: false,
    ours: contender('millrace', ways.millrace),
    baselines: [contender('upstream-backup', ways.upstreamBackup), contender('source-replay', ways.sourceReplay)],
  };
}
