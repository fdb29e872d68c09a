// What closures get as their context, and what takes tuples in place of a closure.

import { stageName } from '../../flow/plan.ts';
import { noTimers } from '../../state/timers/key-timers.ts';
import { TimeCell } from '../time/time-cells.ts';
import { WorkCell } from '../vitals/vitals.ts';
import type { ProgramParts } from './parts.ts';

/** What takes the tuples of the first operator, if that is no closure of the flow's. */
export function receivers({ stage, resident, requests }: ProgramParts): Record<string, unknown> {
  if (requests !== undefined) return { closure0_0: requests.take };
  if (resident === undefined) return {};
  return Object.fromEntries(stage.inputs.map((_, input) => [`closure0_${input}`, resident.receive]));
}

/** What closures get as their context. */
export function closureContext({ stage, timers, clockTimers, time, work }: ProgramParts) {
  const context = {
    removed: false,
    remove(): void {
      context.removed = true;
    },
    timers: timers?.forClosures ?? noTimers(stageName(stage)),
    /** For operators of the library. */
    clock: clockTimers?.forClosures,
    timer: undefined,
    /** True if the closure is to go on without what it has failed at. */
    isLeftOut: false,
    /** True if what it fails at now is looked for. */
    get isAlone(): boolean {
      return work[WorkCell.isolating] === 1;
    },
    /** Up to which time timers are due. */
    untilMs: Number.NEGATIVE_INFINITY,
    timersOfKey: (): number => timers?.ofKey ?? 0,
    expired(): void {
      if (timers !== undefined) timers.expired++;
    },
    /** What is emitted has this time. */
    setTime(atMs: number): void {
      time[TimeCell.inWork] = atMs;
    },
    get time(): number {
      return time[TimeCell.inWork];
    },
  };
  return context;
}
