// Spreads the key groups of an operator over some of its replicas: replicas join, groups are handed over, replicas retire.
// Promises: after it every key group has one owner, or is on its way in a hand-over that the participants will finish. What comes too
// late, because the operator is ending, is left out and told.

import { type Stage, stageName } from '../../flow/plan.ts';
import { isEmptySet } from '../../state/groups/group-set.ts';
import type { ScaleResult } from '../job/job-api.ts';
import type { JobContext } from '../job-context.ts';
import type { Replica } from '../replicas/replica.ts';
import { type Move, planMoves } from './assignment.ts';
import type { Enlistment, Joining } from './enlistment.ts';
import type { HandOverRequests } from './hand-over-requests.ts';
import { ownersOf } from './owners.ts';
import { isWorthASip, takeSips, Warmth } from './ramp-up.ts';

/** Time between two looks at whether replicas that have joined are warm. */
const WARM_CHECK_MS = 2;

export class Spreading {
  readonly #job: JobContext;
  readonly #enlistment: Enlistment;
  readonly #requests: HandOverRequests;

  constructor(job: JobContext, enlistment: Enlistment, requests: HandOverRequests) {
    this.#job = job;
    this.#enlistment = enlistment;
    this.#requests = requests;
  }

  /**
   * @param targets the replicas that are to have all key groups
   * @param loads of the key groups, to spread them by
   * @throws MillraceError NO_SPARE after all other moves, if there was no worker for some replica
   */
  async spread(stage: Stage, targets: readonly Replica[], loads: readonly number[]): Promise<ScaleResult> {
    const { clock, roster } = this.#job;
    const startedMs = clock.now();
    const before = roster.enlisted(stage).length;
    const numbers = targets.map(({ replica }) => replica);
    // A job that has ended may have left key groups between two owners.
    const moves = this.#job.isOver() ? [] : planMoves(ownersOf(roster.of(stage), stage), loads, numbers);
    const done: Move[] = [];
    const resultNow = (): ScaleResult => ({
      operator: stageName(stage),
      from: before,
      to: roster.enlisted(stage).length,
      groups: done.reduce((sum, move) => sum + move.groups.length, 0),
      handOvers: done.length,
      tookMs: clock.now() - startedMs,
    });
    const receivers = new Set(moves.map(({ to }) => to));
    const joining = this.#enlistment.enlist(
      roster.of(stage).filter(({ isDormant, replica }) => isDormant && receivers.has(replica)),
    );
    try {
      await this.#carryOut(stage, moves, joining, loads, done);
    } finally {
      await joining.allUp;
      // Those who came up in vain.
      for (const replica of joining.replicas) if (this.#ownsNothing(replica)) await this.#enlistment.retire(replica);
      // Also if there was no worker for some of them.
      if (done.length > 0) this.#job.announce({ type: 'scaled', ...resultNow() });
    }
    return resultNow();
  }

  /**
   * Makes moves one after the other, those that let replicas join quick operators first, as sips; ends with the first that comes too
   * late. Adds those that were made to `done`.
   */
  async #carryOut(
    stage: Stage,
    moves: readonly Move[],
    joining: Joining,
    loads: readonly number[],
    done: Move[],
  ): Promise<void> {
    const { clock, roster } = this.#job;
    const replicas = roster.of(stage);
    const givers = [...new Set(moves.map(({ from }) => from))].map((replica) => replicas[replica]);
    const warmth = new Warmth(joining.replicas, givers, clock);
    const isSipped = joining.up.size > 0 && isWorthASip(givers, clock);
    const joined = new Set([...joining.up.keys()].map(({ replica }) => replica));
    const { sips, rest } = isSipped ? takeSips(moves, joined, loads) : { sips: [], rest: moves };
    const missing = new Map<number, unknown>();
    const all = async (some: readonly Move[]): Promise<boolean> => {
      for (const move of some) {
        await this.#bringUp(replicas[move.to], joining).catch((error: unknown) => missing.set(move.to, error));
        if (missing.has(move.to)) continue;
        if (!(await this.#handOver(stage, move))) return false;
        done.push(move);
      }
      return true;
    };
    if (!(await all(sips))) return;
    if (sips.length > 0) await this.#untilWarm(warmth);
    await all(rest);
    for (const error of missing.values()) throw error;
  }

  async #handOver(stage: Stage, move: Move): Promise<boolean> {
    const isDone = await this.#requests.make(stage, move);
    const giver = this.#job.roster.of(stage)[move.from];
    if (isDone && isEmptySet(giver.committed().progress.groups)) await this.#enlistment.retire(giver);
    return isDone;
  }

  /** Waits for a receiver that joins. Enlists one again that has given all away in this change, before it is given something else. */
  async #bringUp(receiver: Replica, joining: Joining): Promise<void> {
    await joining.up.get(receiver);
    if (this.#job.isOver() || !receiver.isDormant) return;
    const again = this.#enlistment.enlist([receiver]);
    joining.replicas.push(...again.replicas);
    for (const [replica, up] of again.up) joining.up.set(replica, up);
    await again.allUp;
    await again.up.get(receiver);
  }

  /** Nobody tells that a replica is warm: this side looks now and then, until the job is over at the latest. */
  async #untilWarm(warmth: Warmth): Promise<void> {
    const { clock, supervisorHost: host, wakeWords } = this.#job;
    const fromMs = clock.now();
    const cancel = clock.every(WARM_CHECK_MS, () => wakeWords.wakeUnconditionally(host.id));
    await host.waitFor({ announce: () => {}, check: () => warmth.isWarmAfter(clock.now() - fromMs) });
    cancel();
  }

  /** True of a replica that was enlisted and has got no key groups, nor will get any. */
  #ownsNothing(replica: Replica): boolean {
    return !this.#job.isOver() && replica.isAtWork && replica.committed().cursors.isDormant;
  }
}
