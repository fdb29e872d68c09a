// Small memory for one actor of each stage, for spares to warm up on: no tuple ever comes through it.

import type { ActorDescriptor } from '../../actors/actor-descriptor.ts';
import type { Plan } from '../../flow/plan.ts';
import { RING_BYTES_MIN } from '../../mailbox/ring.ts';
import { STATE_BYTES_MIN } from '../../state/memory/arena.ts';
import { deploy } from '../deployment.ts';

export function scratchActors(plan: Plan): ActorDescriptor[] {
  const limits = { ringBytes: RING_BYTES_MIN, outboxBytes: RING_BYTES_MIN, stateBytes: STATE_BYTES_MIN };
  return deploy(plan, 1, limits)
    .placements.filter(({ stage, descriptor }) => stage.place === 'worker' && descriptor.replica === 0)
    .map(({ descriptor }) => descriptor);
}
