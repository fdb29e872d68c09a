// How much work each key group of an operator has been lately: what hand-overs spread it by.
// Promises: recent work counts more than work of long ago, by half for every HALF_LIFE_MS; reading asks no actor for anything.
// Relies on: actors count or sample the tuples of their key groups in their vitals; someone takes readings a few times in a half-life,
// or else what was between them counts as recent.

import { LOAD_SAMPLES, Vitals } from '../../actors/vitals/vitals.ts';
import { groupCount, type Stage } from '../../flow/plan.ts';
import { KEY_GROUPS } from '../../mailbox/hash.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Roster } from '../replicas/roster.ts';
import { estimateLoads } from './load-estimate.ts';

const HALF_LIFE_MS = 2000;
/** Fewer samples than this say nothing about the load of 256 key groups. */
const SAMPLES_MIN = 1000;

/** A key group, and its share of its operator's load. */
export interface GroupShare {
  readonly group: number;
  /** From 0 to 1. */
  readonly share: number;
}

interface Counted {
  readonly load: Uint32Array;
  /** The same at the last reading. */
  readonly before: Uint32Array;
}

interface Tracked {
  readonly replicas: readonly Counted[];
  /** Tuples of each key group, and the samples that this rests on, decayed. */
  readonly recent: Float64Array;
  samples: number;
}

const NOTHING = { recent: new Float64Array(KEY_GROUPS), samples: 0 };

/** True if replicas can share a stage: by keys, by where tuples stand, or by partitions. */
const isShared = ({ key, isUnordered, partitions }: Stage): boolean =>
  key !== undefined || isUnordered || partitions > 1;

export class GroupLoads {
  private readonly stages = new Map<Stage, Tracked>();
  private readonly clock: Clock;
  private atMs: number;

  constructor(clock: Clock, roster: Roster) {
    this.clock = clock;
    this.atMs = clock.now();
    for (const stage of roster.stages.filter(isShared)) {
      const replicas = roster.of(stage).map(({ descriptor }) => ({
        load: new Vitals(descriptor.vitals).load,
        before: new Uint32Array(KEY_GROUPS + 1),
      }));
      this.stages.set(stage, { replicas, recent: new Float64Array(KEY_GROUPS), samples: 0 });
    }
  }

  /** Takes in what has been processed since the last reading. */
  read(): void {
    const nowMs = this.clock.now();
    const decay = 0.5 ** ((nowMs - this.atMs) / HALF_LIFE_MS);
    this.atMs = nowMs;
    for (const tracked of this.stages.values()) {
      const { replicas, recent } = tracked;
      tracked.samples *= decay;
      for (let group = 0; group < KEY_GROUPS; group++) recent[group] *= decay;
      for (const { load, before } of replicas) {
        tracked.samples += (load[LOAD_SAMPLES] - before[LOAD_SAMPLES]) >>> 0;
        before[LOAD_SAMPLES] = load[LOAD_SAMPLES];
        for (let group = 0; group < KEY_GROUPS; group++) {
          const now = load[group];
          recent[group] += (now - before[group]) >>> 0;
          before[group] = now;
        }
      }
    }
  }

  /** True if the loads rest on enough samples to plan by. */
  isKnown(stage: Stage): boolean {
    return (this.stages.get(stage)?.samples ?? 0) >= SAMPLES_MIN;
  }

  /** The recent load of each key group, or partition, in tuples, as is likely by the samples. All 0 if the stage is not shared. */
  of(stage: Stage): number[] {
    const { recent, samples } = this.stages.get(stage) ?? NOTHING;
    return estimateLoads(Array.from(recent.subarray(0, groupCount(stage))), samples);
  }

  /** Those with the most load, the most first; none without any load. */
  hottest(stage: Stage, count: number): GroupShare[] {
    const loads = this.of(stage);
    const total = loads.reduce((sum, load) => sum + load, 0);
    return loads
      .map((load, group) => ({ group, share: load / total }))
      .filter(({ group }) => loads[group] > 0)
      .sort((a, b) => b.share - a.share || a.group - b.group)
      .slice(0, count);
  }
}
