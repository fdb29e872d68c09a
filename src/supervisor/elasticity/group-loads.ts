// How much work each key group of an operator has been lately: what hand-overs spread it by.
// Promises: recent work counts more than work of long ago, by half for every HALF_LIFE_MS.
// Relies on: someone hands in readings a few times in a half-life, or else what was between them counts as recent.

import { groupCount, type Stage, stageName } from '../../flow/plan.ts';
import { groupsBetween } from '../readings/between.ts';
import type { GroupCounts, JobReading } from '../readings/job-reading.ts';
import { estimateLoads } from './load-estimate.ts';

const HALF_LIFE_MS = 2000;
/** Fewer samples than this say nothing about the load of 256 key groups. */
const SAMPLES_MIN = 1000;

/** Tuples of each key group, and the samples that this rests on, decayed. */
type Recent = GroupCounts;

export class GroupLoads {
  readonly #recent = new Map<string, Recent>();
  #before: JobReading | undefined;

  /** Takes in what has been processed since the last reading. */
  take(reading: JobReading): void {
    const before = this.#before;
    this.#before = reading;
    const decay = 0.5 ** ((reading.elapsedMs - (before?.elapsedMs ?? 0)) / HALF_LIFE_MS);
    for (const [i, { name, groups }] of reading.operators.entries()) {
      if (groups === undefined) continue;
      const added = groupsBetween(before?.operators[i].groups, groups);
      const recent = this.#recent.get(name);
      this.#recent.set(name, {
        tuples: added.tuples.map((count, group) => count + decay * (recent?.tuples[group] ?? 0)),
        samples: added.samples + decay * (recent?.samples ?? 0),
      });
    }
  }

  /** True if the loads rest on enough samples to plan by. */
  isKnown(stage: Stage): boolean {
    return (this.#recent.get(stageName(stage))?.samples ?? 0) >= SAMPLES_MIN;
  }

  /** The recent load of each key group, or partition, in tuples, as is likely by the samples. All 0 if the stage is not shared. */
  of(stage: Stage): number[] {
    const recent = this.#recent.get(stageName(stage));
    return recent === undefined
      ? new Array<number>(groupCount(stage)).fill(0)
      : estimateLoads(recent.tuples, recent.samples);
  }
}
