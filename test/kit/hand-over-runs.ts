// Runs of a small elastic flow in which key groups change hands while actors die, recover, and die again.
// Promises: a run is right if each key's tuples come out as a plain loop makes them, once and in order, if state is theirs, if
// every key group has one owner in the end, and if nobody waits for ever. The same seed takes the same steps up to the crash.

import assert from 'node:assert/strict';
import { FinalState } from '../../proof/explore/final-state.ts';
import type { Actor } from '../../src/actors/actor.ts';
import type { RunOptions } from '../../src/index.ts';
import { groupsOf } from '../../src/state/groups/group-set.ts';
import { memoryBackup } from '../../src/state/images/backup.ts';
import { hasEnded } from '../../src/state/transaction/sweep.ts';
import type { TransactionMemory } from '../../src/state/transaction/transaction.ts';
import { CRASH, CrashingMemory } from '../../src/testing/crashing-memory.ts';
import { type ElasticCrashParams, elasticCrash, expectedOf } from './flows/elastic-crash.ts';
import { LocalHandOvers, type Wish } from './local-hand-overs.ts';
import { LocalJob } from './local-run.ts';
import { assertPerKey } from './per-key.ts';
import { randomOf } from './seeds.ts';

export interface HandOverCase {
  readonly params: Omit<ElasticCrashParams, 'point' | 'tick'>;
  readonly wishes: readonly Wish[];
  readonly options?: Omit<RunOptions, 'params'>;
  /** How much longer a tuple takes than a batch should: 1 for batches of about two tuples. */
  readonly tickMs?: number;
  readonly backupEveryMs?: number;
}

/** When to crash, in points, and what then. */
export interface Blow {
  readonly at: number;
  /** Point of the recovery at which that crashes too; undefined for none. */
  readonly again?: number | undefined;
  readonly isolate: boolean;
  /** Turns that the others take meanwhile. */
  readonly turnsAway: number;
  /** True if all actors die, as on one worker. */
  readonly all?: boolean;
}

export interface RunReport {
  readonly handOvers: LocalHandOvers;
  readonly points: number;
  /** Points at which a hand-over was under way, and those just after a step of it that others wait for. */
  readonly busyPoints: readonly number[];
  readonly turningPoints: readonly number[];
  /** Points just after a replica of a source has ended, which the others may wait for. */
  readonly endPoints: readonly number[];
  readonly crashes: number;
}

/** Most turns of a run: the tick's share of them is small. */
const TURNS_MAX = 200_000;

/** Stores after a step that are held to be part of telling it. */
const TURNING_POINTS = 5;
const END_POINTS = 20;

export class HandOverRuns {
  private readonly memory = new CrashingMemory();
  private readonly kind: HandOverCase;
  private readonly seed: number;
  private readonly states = new Map<string, FinalState>();

  constructor(kind: HandOverCase, seed: number) {
    this.kind = kind;
    this.seed = seed;
  }

  /** One run, with crashes one after the other: each blow's point counts from the recovery of the one before. */
  async run(blows: readonly Blow[] = []): Promise<RunReport> {
    const { memory, kind } = this;
    const { params, wishes, options, backupEveryMs, tickMs = 0.5 } = kind;
    memory.reset();
    const random = randomOf(this.seed);
    const left = [...blows];
    let nowMs = 0;
    let crashes = 0;
    let turns = 0;
    const busyPoints: number[] = [];
    const turningPoints: number[] = [];
    const endPoints: number[] = [];
    const backup = backupEveryMs === undefined ? undefined : { everyMs: backupEveryMs, store: memoryBackup(() => {}) };
    const sizes = {
      workers: 1,
      ringBytes: 4096,
      stateBytes: backup === undefined ? 1 << 20 : 1 << 28,
      outboxBytes: 1 << 20,
    };
    return memory.within(async () => {
      const tick = (): void => {
        nowMs += tickMs;
      };
      const all = { ...params, point: () => memory.point(), tick };
      const world = { memory, now: () => nowMs, parks: true, backup };
      const job = LocalJob.of(elasticCrash, { ...sizes, ...options, params: all }, world);
      await job.openSources();
      const handOvers = new LocalHandOvers(job, memory, wishes);
      let progress = '';
      let turnedAt = Number.NEGATIVE_INFINITY;
      const sources = job.placements.filter(({ stage }) => stage.partitions > 1);
      let ended = 0;
      let endedAt = Number.NEGATIVE_INFINITY;
      const noteEnds = (): void => {
        const now = sources.filter((source) => hasEnded(handOvers.committedOf(source).progress.sweep)).length;
        if (now > ended) endedAt = memory.points;
        ended = now;
        if (memory.points < endedAt + END_POINTS) endPoints.push(memory.points - 1);
      };
      memory.observe = () => {
        if (blows.length > 0) return;
        noteEnds();
        if (!handOvers.isBusy) return;
        busyPoints.push(memory.points - 1);
        const now = handOvers.progress();
        if (now !== progress) turnedAt = memory.points;
        progress = now;
        if (memory.points < turnedAt + TURNING_POINTS) turningPoints.push(memory.points - 1);
      };
      const arm = (): void => {
        memory.crashAt = left.length > 0 ? memory.points + left[0].at : Number.POSITIVE_INFINITY;
      };
      arm();
      const choose = (below: number): number => {
        nowMs += 0.01;
        return random(below);
      };
      const revive = (actor: Actor, blow: Blow, isFirst: boolean): void => {
        // It may have been put to sleep meanwhile, and woken again.
        if (!handOvers.away.has(actor.descriptor)) return;
        if (blow.again !== undefined && isFirst) memory.crashAt = memory.points + blow.again;
        const { isolate } = blow;
        const how = { isolate, restore: job.restoreOf(actor, isolate) };
        while (job.resume(actor, how) === CRASH) crashes++;
        handOvers.away.delete(actor.descriptor);
      };
      const onTurn = (): void => {
        if (++turns > TURNS_MAX) throw new Error('the run does not end');
        handOvers.look();
      };
      const onCrash = (actor: Actor): void => {
        crashes++;
        const blow = left.shift() as Blow;
        memory.crashAt = Number.POSITIVE_INFINITY;
        assert.equal(handOvers.problem(false), undefined);
        const lost = blow.all === true ? [actor, ...job.alive] : [actor];
        for (const { descriptor } of lost) handOvers.away.add(descriptor);
        if (lost.length === 1) {
          job.take(blow.turnsAway, { choose, onTurn, onCrash: () => assert.fail('one crash at a time') });
        }
        for (const [i, each] of lost.entries()) revive(each, blow, i === 0);
        arm();
      };
      await job.runAsync({ choose, onTurn, onCrash });
      const { points } = memory;
      while (handOvers.isBusy) this.finish(handOvers);
      this.check(job, handOvers);
      return { handOvers, points, busyPoints, turningPoints, endPoints, crashes };
    });
  }

  /** All actors have ended: what is left is the supervisor's. */
  private finish(handOvers: LocalHandOvers): void {
    handOvers.look();
  }

  private check(job: LocalJob, handOvers: LocalHandOvers): void {
    const { params } = this.kind;
    const expected = expectedOf(params);
    const out = job.tuples.get('out') ?? [];
    if (params.asks === 'unordered') {
      // At the end of the stream come those with n = 0.
      const placeOf = ({ n, count }: Record<string, unknown>): number => (count === 0 ? Infinity : Number(n));
      out.sort((a, b) => placeOf(a) - placeOf(b));
    }
    assertPerKey<object>(out, expected, (tuple) => (tuple as { key: string }).key);
    const poisoned = Array.from({ length: params.count }, (_, n) => n).filter((n) => params.poison?.(n) === true);
    const letters = job.letters.map(({ tuple }) => (tuple as { n: number }).n).sort((a, b) => a - b);
    assert.deepEqual(letters, poisoned, 'dead letters');
    assert.equal(handOvers.problem(true), undefined);
    this.checkState(job, handOvers, expected);
  }

  private checkState(job: LocalJob, handOvers: LocalHandOvers, expected: ReadonlyMap<string, object[]>): void {
    this.memory.plainly(() => {
      const rows = new Map<string, { next: number; seen: number }>();
      for (const placement of job.placements) {
        const { descriptor, stage } = placement;
        if (descriptor.transaction === undefined) continue;
        const witness = this.witnessOf(stage.operators[0].name, descriptor.transaction, stage);
        const groups = groupsOf(handOvers.committedOf(placement).progress.groups);
        assert.equal(witness.damage(groups), undefined);
        if (stage.operators[0].name !== 'check') continue;
        for (const { key, value } of witness.rows(groups)) rows.set(key.key as string, value as never);
      }
      for (const [key, tuples] of expected) {
        const { next, seen } = tuples[tuples.length - 1] as { next: number; seen: number };
        assert.deepEqual({ ...rows.get(key) }, { next, seen }, `state of '${key}'`);
      }
    });
  }

  private witnessOf(
    name: string,
    memory: TransactionMemory,
    stage: ConstructorParameters<typeof FinalState>[0],
  ): FinalState {
    const state = this.states.get(name) ?? new FinalState(stage, memory);
    this.states.set(name, state);
    state.turnTo(memory);
    return state;
  }
}
