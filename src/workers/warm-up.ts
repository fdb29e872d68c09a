// Warms a spare worker up: runs its actors once over scratch memory and a stream without tuples, so that V8 has compiled what a
// recovery needs before it needs it; the code that is generated for them is compiled a second time, for those that are taken over.
// Promises: no closure of the flow runs, no source or sink is opened, and nothing of the job is touched.

import { Actor } from '../actors/actor.ts';
import type { ActorDescriptor } from '../actors/actor-descriptor.ts';
import type { Plan } from '../flow/plan.ts';
import { foreseeScripts } from '../mailbox/codegen.ts';
import { allocateOutbox, Output } from '../mailbox/output.ts';
import { Ring } from '../mailbox/ring.ts';
import type { WakeWords } from '../mailbox/wake.ts';
import type { Clock } from '../platform/clock.ts';

/** Steps after which an actor without tuples has long ended: one for each key group, and some. */
const STEPS_MAX = 1000;

/** Writes the end of a stream into a ring that nobody has written. */
function endStream(ring: SharedArrayBuffer, wakeWords: WakeWords): void {
  const mark = { head: 0, outboxStart: 0, outboxEnd: 0 };
  const output = new Output('warm-up', new Ring(ring), allocateOutbox(0), mark);
  output.writeEnd();
  output.save(mark);
  output.publish(mark.head, wakeWords);
}

/** @param descriptors of scratch memory, that nobody else uses */
export function warmUp(
  plan: Plan,
  descriptors: readonly ActorDescriptor[],
  host: number,
  wakeWords: WakeWords,
  clock: Clock,
): void {
  const compiledAll = foreseeScripts();
  try {
    for (const descriptor of descriptors) runDry(plan, descriptor, host, wakeWords, clock);
  } finally {
    compiledAll();
  }
}

/** Runs an actor to the end of an empty stream. */
function runDry(
  plan: Plan,
  descriptor: ActorDescriptor,
  host: number,
  wakeWords: WakeWords,
  { now, epochMs }: Clock,
): void {
  const actor = new Actor(plan, descriptor, { host, wakeWords, lingerMs: 0, now, epochMs, wake: () => {} });
  actor.stopSource();
  for (const { memory } of descriptor.inputs) endStream(memory.ring, wakeWords);
  for (let steps = 0; steps < STEPS_MAX && actor.step(0) !== 'done'; steps++);
  actor.retire();
}
