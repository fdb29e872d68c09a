// Counts the tuples of the key groups of one operator, over all its replicas, without a limit.
// Relies on: actors count or sample them in their vitals, modulo 2^32; someone reads before a word has come round.

import { LOAD_SAMPLES, Vitals } from '../../actors/vitals/vitals.ts';
import { groupCount, isShareable, type Stage } from '../../flow/plan.ts';
import { KEY_GROUPS } from '../../mailbox/hash.ts';
import type { Replica } from '../replicas/replica.ts';
import type { GroupCounts } from './job-reading.ts';

/** True if replicas can share a stage: by keys, by where tuples stand, or by partitions. */
export const isShared = ({ inputs, partitions }: Stage): boolean => partitions > 1 || inputs.some(isShareable);

interface Counted {
  readonly load: Uint32Array;
  /** The same at the last reading. */
  readonly before: Uint32Array;
}

export class GroupCounter {
  readonly #groups: number;
  readonly #replicas: readonly Counted[];
  /** Of each key group; and behind them the samples. */
  readonly #sums = new Float64Array(KEY_GROUPS + 1);

  constructor(stage: Stage, replicas: readonly Replica[]) {
    this.#groups = groupCount(stage);
    this.#replicas = replicas.map(({ descriptor }) => ({
      load: new Vitals(descriptor.vitals).load,
      before: new Uint32Array(KEY_GROUPS + 1),
    }));
  }

  read(): GroupCounts {
    const sums = this.#sums;
    for (const { load, before } of this.#replicas) {
      for (let cell = 0; cell <= LOAD_SAMPLES; cell++) {
        const now = load[cell];
        sums[cell] += (now - before[cell]) >>> 0;
        before[cell] = now;
      }
    }
    return { tuples: Array.from(sums.subarray(0, this.#groups)), samples: sums[LOAD_SAMPLES] };
  }
}
