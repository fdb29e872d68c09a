// Suite `elasticity`: what it takes to change the replicas of an operator while it runs, what is gained, and how policies decide.

import type { Effort } from '../effort.ts';
import type { Measurement } from '../harness.ts';
import { handOverTimes, scaleOutPause } from './elasticity-hand-over.ts';
import { oscillation, ramp, stepsRate } from './elasticity-policies.ts';
import { serviceBound, skew, sourceSpeedup, speedup } from './elasticity-replicas.ts';

export function elasticity(effort: Effort): Measurement[] {
  return [
    scaleOutPause(effort),
    handOverTimes(effort),
    speedup(effort),
    sourceSpeedup(effort),
    serviceBound(effort),
    stepsRate(effort),
    skew(effort),
    oscillation(effort),
    ramp(effort),
  ];
}
