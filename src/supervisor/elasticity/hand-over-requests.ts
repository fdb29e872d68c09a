// One hand-over of key groups between two replicas, as the supervisor sees it: it asks, and waits for the answer.
// Promises: a request that comes too late, because an operator is ending, is refused; no wait outlives the job.
// Relies on: participants do the hand-over by themselves (hand-over-part.ts); recovery restarts those that die.

import { errors } from '../../errors.ts';
import { type Stage, stageName } from '../../flow/plan.ts';
import { groupSet } from '../../state/groups/group-set.ts';
import { HandOver, HandOverPhase } from '../../state/groups/hand-over.ts';
import type { JobContext } from '../job-context.ts';
import type { Move } from './assignment.ts';

export class HandOverRequests {
  readonly #job: JobContext;
  readonly #memories = new Map<Stage, HandOver>();

  constructor(job: JobContext) {
    this.#job = job;
    for (const stage of job.roster.stages) {
      const buffer = job.roster.of(stage)[0].descriptor.handOver;
      if (buffer === undefined) continue;
      const memory = new HandOver(buffer, stage.replicas);
      memory.setHost(job.supervisorHost.id);
      this.#memories.set(stage, memory);
    }
  }

  /** Returns false if it came too late: the job is over, or one of the two is ending. */
  async make(stage: Stage, { from, to, groups }: Move): Promise<boolean> {
    const job = this.#job;
    const replicas = job.roster.of(stage);
    const [giver, receiver] = [replicas[from], replicas[to]];
    const memory = this.#memories.get(stage);
    if (memory === undefined) throw errors.invariant(`operator '${stageName(stage)}' has several replicas`);
    if (job.isOver() || giver.isEnded || receiver.isEnded) return false;
    const isJoining = receiver.committed().cursors.isDormant;
    const startedMs = job.clock.now();
    const number = memory.request(from, to, groupSet(groups), isJoining);
    const wakeBoth = (): void => {
      for (const replica of [from, to]) job.wakeWords.wakeUnconditionally(memory.host(replica));
    };
    wakeBoth();
    await job.supervisorHost.waitFor({
      announce: () => {},
      check: () => {
        // Who has ended answers no more. One that has told where it stands cannot end.
        if (giver.isEnded || receiver.isEnded) {
          memory.advance(number, HandOverPhase.requested, HandOverPhase.refused);
          wakeBoth();
        }
        const phase = HandOver.phaseOf(memory.word());
        return job.isOver() || phase === HandOverPhase.done || phase === HandOverPhase.refused;
      },
    });
    if (HandOver.phaseOf(memory.word()) !== HandOverPhase.done) return false;
    const tookMs = job.clock.now() - startedMs;
    job.announce({ type: 'handOver', operator: stageName(stage), from, to, groups: groups.length, tookMs });
    return true;
  }
}
