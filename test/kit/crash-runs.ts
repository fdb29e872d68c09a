// Runs flows whose actors crash: at a point, twice, again and again, by their tuples, or superseded while they live.
// Promises: two runs of one seed do the same up to the crash; after it the resumed actor is compared with what the crash-free
// run had at that commit, and in the end all that came out is.

import assert from 'node:assert/strict';
import { FinalState } from '../../proof/explore/final-state.ts';
import type { Actor } from '../../src/actors/actor.ts';
import type { ActorDescriptor, Condemned } from '../../src/actors/actor-descriptor.ts';
import { WorkCell } from '../../src/actors/vitals/vitals.ts';
import { errors, toRecord } from '../../src/errors.ts';
import type { RunOptions } from '../../src/index.ts';
import { memoryBackup } from '../../src/state/images/backup.ts';
import { CRASH, CrashingMemory } from '../../src/testing/crashing-memory.ts';
import { type Letter, Recorder, type Reference, type Result, resultOf, Witness } from './crash-witness.ts';
import type { CrashFlow } from './flows/crash-cases.ts';
import { LocalJob } from './local-run.ts';
import { randomOf } from './seeds.ts';

export interface CrashCase {
  readonly flow: CrashFlow;
  readonly count: number;
  readonly options?: Omit<RunOptions, 'params'>;
  /** Params beyond those that every case has. */
  readonly params?: object;
  /** Set to keep backups, and to restore state from them after a crash. */
  readonly backupEveryMs?: number;
}

/** Who is resumed how after a crash: the actor in work tuple by tuple, or as after a drill; or all, of one worker. */
export const CRASH_MODES = ['actor', 'drill', 'worker'] as const;
export type CrashMode = (typeof CRASH_MODES)[number];

interface Hooks {
  /** Called between steps. */
  readonly onTurn?: (job: LocalJob, file: readonly string[]) => void;
  /** What a deadly tuple does. */
  readonly die?: () => void;
  readonly onStart?: (witnesses: readonly Witness[]) => void;
  /** Called when all actors are done. */
  readonly onEnd?: (job: LocalJob) => void;
  readonly onCrash: (job: LocalJob, actor: Actor, witnesses: readonly Witness[]) => void;
}

const throwDeadly = (): void => {
  throw new Error('deadly');
};

const notCrashing: Hooks['onCrash'] = () => assert.fail('nothing was to crash');

/** Runs of one case in one order of steps, which is told by a seed. */
export class CrashRuns {
  readonly memory = new CrashingMemory();
  reference!: Reference;
  private readonly kind: CrashCase;
  private readonly seed: number;
  private readonly states = new Map<string, FinalState>();

  private constructor(kind: CrashCase, seed: number) {
    this.kind = kind;
    this.seed = seed;
  }

  /** Runs the case without a crash first. */
  static async of(kind: CrashCase, seed: number): Promise<CrashRuns> {
    const runs = new CrashRuns(kind, seed);
    let recorder: Recorder | undefined;
    const onStart = (witnesses: readonly Witness[]): void => {
      recorder = new Recorder(runs.memory, witnesses);
    };
    const result = await runs.run({ onStart, onCrash: notCrashing });
    recorder?.finish();
    runs.reference = { result, commits: recorder?.commits ?? [], points: recorder?.points ?? [] };
    return runs;
  }

  private witnessOf(actor: Actor): Witness {
    const { stage, descriptor, name } = actor;
    if (descriptor.transaction === undefined) return new Witness(actor, undefined);
    const state = this.states.get(name) ?? new FinalState(stage, descriptor.transaction);
    this.states.set(name, state);
    // Replicas share their arenas.
    state.turnTo(descriptor.transaction);
    return new Witness(actor, state);
  }

  /** One run, to the end. */
  private async run({ die = throwDeadly, onStart, onTurn, onEnd, onCrash }: Hooks): Promise<Result> {
    const { memory } = this;
    const { flow, count, options, backupEveryMs } = this.kind;
    const random = randomOf(this.seed);
    const file: string[] = [];
    const params = { point: () => memory.point(), count, file, die, ...this.kind.params };
    const stateBytes = backupEveryMs === undefined ? 1 << 20 : 1 << 28;
    const sizes = { workers: 1, ringBytes: 4096, stateBytes, outboxBytes: 1 << 20 };
    // Compaction of backups is never due.
    const backup = backupEveryMs === undefined ? undefined : { everyMs: backupEveryMs, store: memoryBackup(() => {}) };
    let nowMs = 0;
    return memory.within(async () => {
      const world = { memory, now: () => nowMs, parks: true, backup };
      const job = LocalJob.of(flow, { ...sizes, ...options, params }, world);
      await job.openSources();
      const witnesses = memory.plainly(() => job.actors.map((actor) => this.witnessOf(actor)));
      onStart?.(witnesses);
      const choose = (below: number): number => {
        nowMs += 0.01;
        return random(below);
      };
      await job.runAsync({
        choose,
        onTurn: () => onTurn?.(job, file),
        onCrash: (actor) => onCrash(job, actor, witnesses),
      });
      onEnd?.(job);
      return resultOf(job, witnesses, file);
    });
  }

  /** Runs to the end, and compares that with the crash-free run. */
  private async runLikeReference(hooks: Hooks): Promise<void> {
    assert.deepEqual(await this.run(hooks), this.reference.result);
  }

  /**
   * One run that crashes once, at point `crashAt`.
   * @returns false if the run ended before it came to that point
   */
  async crashOnce(crashAt: number, mode: CrashMode): Promise<boolean> {
    const { memory } = this;
    memory.reset();
    memory.crashAt = crashAt;
    let hasCrashed = false;
    await this.runLikeReference({
      onCrash: (job, crashed, witnesses) => {
        hasCrashed = true;
        witnesses[job.actors.indexOf(crashed)].assertDead();
        if (mode !== 'worker') this.goOnWithout(job, crashAt);
        for (const actor of mode === 'worker' ? [...job.actors] : [crashed]) {
          const made = this.resume(job, actor, mode !== 'drill' && actor === crashed);
          this.assertAsReference(job.actors.indexOf(made), witnesses);
        }
      },
    });
    return hasCrashed;
  }

  /** Lets the others work while nobody has taken over yet. */
  private goOnWithout(job: LocalJob, seed: number): void {
    const choose = randomOf(seed);
    job.take(choose(2) * choose(60), { choose, onCrash: notCrashing as never });
  }

  /** Makes an actor anew, with nothing in the way. */
  private resume(job: LocalJob, actor: Actor, isolate: boolean): Actor {
    const made = job.resume(actor, { isolate });
    assert.ok(made !== CRASH);
    return made;
  }

  private assertAsReference(index: number, witnesses: readonly Witness[]): void {
    const witness = witnesses[index];
    const { sequence } = witness;
    witness.assertRecovered();
    const expected = this.reference.commits[index].get(sequence);
    assert.deepEqual(witness.committed(), expected, `actor ${index} at commit ${sequence}`);
  }

  /**
   * One run that crashes at point `crashAt`; its recovery is then made to crash at each of its points, each time from the same
   * memory, and recovered again.
   * @param operator only actors of that one are of interest; undefined for all
   * @returns how many crashes of recoveries that were
   */
  async crashTwice(crashAt: number, operator?: string): Promise<number> {
    const { memory } = this;
    memory.reset();
    memory.crashAt = crashAt;
    let crashes = 0;
    await this.runLikeReference({
      onCrash: (job, crashed, witnesses) => {
        if (operator !== undefined && crashed.name !== operator) return void this.resume(job, crashed, false);
        const index = job.actors.indexOf(crashed);
        memory.record();
        for (; ; crashes++) {
          memory.crashAt = memory.points + crashes;
          const hasDied = job.resume(job.actors[index]) === CRASH;
          memory.crashAt = Number.POSITIVE_INFINITY;
          if (hasDied) this.resume(job, job.actors[index], true);
          this.assertAsReference(index, witnesses);
          if (!hasDied) return;
          memory.revert();
        }
      },
    });
    return crashes;
  }

  /**
   * One run that crashes again and again, in work and in recovery.
   * @param pointsMean about how far the crashes are apart
   * @returns how many crashes that were
   */
  async crashOften(random: (below: number) => number, pointsMean: number, crashesMax: number): Promise<number> {
    const { memory } = this;
    memory.reset();
    let crashes = 0;
    const arm = (): void => {
      memory.crashAt = crashes < crashesMax ? memory.points + random(2 * pointsMean) : Number.POSITIVE_INFINITY;
    };
    arm();
    await this.runLikeReference({
      onCrash: (job, crashed, witnesses) => {
        witnesses[job.actors.indexOf(crashed)].assertDead();
        memory.crashAt = Number.POSITIVE_INFINITY;
        const lost = random(4) === 0 ? [...job.actors] : [crashed];
        if (lost.length === 1) this.goOnWithout(job, crashes);
        for (const actor of lost) {
          const index = job.actors.indexOf(actor);
          let made: Actor | typeof CRASH;
          do {
            crashes++;
            arm();
            const isolate = random(2) === 0;
            made = job.resume(job.actors[index], { isolate, restore: job.restoreOf(actor, isolate) });
          } while (made === CRASH);
          witnesses[index].assertRecovered(this.kind.backupEveryMs !== undefined);
        }
      },
    });
    return crashes;
  }

  /**
   * One run in which one actor is made anew while the one before lives on, after `turns` turns: that one must not do anything.
   * @returns false if the run ended before
   */
  async supersede(turns: number, random: (below: number) => number): Promise<boolean> {
    const { memory } = this;
    memory.reset();
    let left = turns;
    const onTurn: Hooks['onTurn'] = (job, file) => {
      if (left-- !== 0 || job.alive.length === 0) return;
      const old = job.alive[random(job.alive.length)];
      this.resume(job, old, random(2) === 0);
      const before = { image: memory.image(), file: [...file] };
      assert.equal(old.step(0), 'superseded');
      assert.equal(old.step(Number.POSITIVE_INFINITY), 'superseded');
      old.release();
      assert.deepEqual({ image: memory.image(), file }, before, `'${old.name}' has changed something`);
    };
    await this.runLikeReference({ onTurn, onCrash: notCrashing });
    return left < 0;
  }

  /** One run after whose end every actor is made anew, as if nobody had heard that it is done. */
  async resumeEnded(): Promise<void> {
    const { memory } = this;
    memory.reset();
    const onEnd: Hooks['onEnd'] = (job) => {
      const commits = job.actors.map(({ sequence }) => sequence);
      for (const actor of [...job.actors]) assert.equal(this.resume(job, actor, true).step(0), 'done');
      assert.deepEqual(
        job.actors.map(({ sequence }) => sequence),
        commits,
      );
      job.run((below) => below - 1);
    };
    await this.runLikeReference({ onEnd, onCrash: notCrashing });
  }

  /**
   * One run whose deadly tuples end their workers until they are condemned; it crashes once more at point `crashAt`. What comes
   * out must be what comes out if they throw.
   */
  async crashOfTuples(crashAt: number): Promise<void> {
    const { memory, reference } = this;
    memory.reset();
    memory.crashAt = crashAt;
    let isDeadly = false;
    const deaths = new Map<ActorDescriptor, Deaths>();
    const onCrash: Hooks['onCrash'] = (job, actor) => {
      const counted = deaths.get(actor.descriptor) ?? new Deaths();
      deaths.set(actor.descriptor, counted);
      counted.total++;
      assert.ok(counted.total < DEATHS_MAX, `'${actor.name}' dies again and again`);
      const how = isDeadly
        ? { isolate: true, condemned: counted.next(actor) }
        : { restore: job.restoreOf(actor, false) };
      isDeadly = false;
      if (job.resume(actor, how) === CRASH) this.resume(job, actor, true);
    };
    const { letters, ...rest } = await this.run({
      die: () => {
        isDeadly = true;
        memory.die();
      },
      onCrash,
    });
    const { letters: expected, ...others } = reference.result;
    assert.deepEqual(rest, others);
    assert.deepEqual(letters.map(victimOf), expected.map(victimOf));
    assert.ok(letters.every(({ error }) => /ended its worker 2 times/.test(error)));
  }
}

/** A tuple that would end the worker is not made once more: the letter tells its index. */
function victimOf({ operator, replica, key, tuple }: Letter): unknown {
  const { index, n } = (tuple ?? {}) as { index?: number; n?: number };
  return [operator, replica, key, index ?? n];
}

/** More than the tuples of any case can cause. */
const DEATHS_MAX = 50;

/** What Recovery.isolate() does: an actor that dies in the same tuple twice, when it is tried alone, is to skip it. */
class Deaths {
  total = 0;
  private count = 0;
  private suspect = '';
  private sequence = 0;
  private condemned: readonly Condemned[] = [];

  next({ stage, sequence, vitals: { work } }: Actor): readonly Condemned[] {
    const wasAlone = work[WorkCell.isolating] === 1;
    const suspect = [sequence, work[WorkCell.operator], work[WorkCell.nth]].join();
    this.count = wasAlone ? (suspect === this.suspect ? this.count + 1 : 1) : 0;
    if (!wasAlone || sequence !== this.sequence) this.condemned = [];
    this.suspect = suspect;
    this.sequence = sequence;
    if (this.count >= 2) this.condemned = [...this.condemned, this.condemn(stage, work)];
    return this.condemned;
  }

  private condemn(stage: Actor['stage'], work: Int32Array): Condemned {
    const { name } = stage.operators[work[WorkCell.operator]];
    return {
      input: work[WorkCell.input],
      operator: work[WorkCell.operator],
      nth: work[WorkCell.nth],
      slot: work[WorkCell.row],
      error: toRecord(errors.tupleKilledWorker(name, this.count, new Error('deadly'))),
    };
  }
}
