// Suite `elasticity`: what it takes to change the replicas of an operator while it runs, what is gained, and how policies decide.

import type { Measurement } from '../harness.ts';
import { handOverTimes, scaleOutPause } from './elasticity-hand-over.ts';
import { oscillation, ramp, stepsRate } from './elasticity-policies.ts';
import { serviceBound, skew, sourceSpeedup, speedup } from './elasticity-replicas.ts';

export function elasticity(quick: boolean): Measurement[] {
  return [
    scaleOutPause(quick),
    handOverTimes(quick),
    speedup(quick),
    sourceSpeedup(quick),
    serviceBound(quick),
    stepsRate(quick),
    skew(quick),
    oscillation(quick),
    ramp(quick),
  ];
}
