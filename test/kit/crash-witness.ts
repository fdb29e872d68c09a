// Looks at the shared memory of actors from outside, as the app's thread does: what each has committed, and what has become of
// a job in the end.
// Promises: what it tells of two runs is equal if nobody who uses the library could tell them apart. It stores nothing.

import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import type { FinalState } from '../../proof/explore/final-state.ts';
import type { Actor } from '../../src/actors/actor.ts';
import type { ActorDescriptor } from '../../src/actors/actor-descriptor.ts';
import { Vitals } from '../../src/actors/vitals/vitals.ts';
import { initialGroups, keepsOrder, type Stage, stageName } from '../../src/flow/plan.ts';
import { Ring } from '../../src/mailbox/ring.ts';
import { groupsOf } from '../../src/state/groups/group-set.ts';
import type { StateEntry } from '../../src/state/rows/state-reader.ts';
import { CommitLog } from '../../src/state/transaction/commit-log.ts';
import type { CommitRecord } from '../../src/state/transaction/commit-record.ts';
import type { CrashingMemory } from '../../src/testing/crashing-memory.ts';
import type { LocalJob } from './local-run.ts';
import { perKey } from './per-key.ts';

/** What an actor has committed, as shared memory tells it. */
export interface Committed {
  readonly record: CommitRecord;
  readonly entries: readonly StateEntry[];
}

const text = (value: unknown): string => JSON.stringify(value);
const sorted = <Item>(items: readonly Item[]): Item[] =>
  items
    .map((item) => ({ item, name: text(item) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ item }) => item);

/** Looks at an actor's shared memory from outside, as the app's thread does. */
export class Witness {
  readonly descriptor: ActorDescriptor;
  private readonly log: CommitLog;
  private readonly state: FinalState | undefined;
  private readonly groups: readonly number[];

  constructor({ stage, descriptor }: Actor, state: FinalState | undefined) {
    this.descriptor = descriptor;
    this.log = new CommitLog(descriptor.commit);
    this.state = state;
    const groups = initialGroups(descriptor.replica, stage.parallelism);
    this.groups = groups === 'dormant' ? [] : groupsOf(groups);
  }

  get sequence(): number {
    return this.log.sequence();
  }

  private record(): CommitRecord {
    return this.log.lastCommit();
  }

  entries(): StateEntry[] {
    return sorted((this.state?.rows(this.groups) ?? []).map(canonical));
  }

  committed(): Committed {
    const record = this.record();
    // A dead letter carries a stack, whose length is that of the calls which led there.
    record.cursors.letters.head = 0;
    return { record, entries: this.entries() };
  }

  /** What must hold whenever an actor dies: nothing that others see is ahead of its last commit. */
  assertDead(): void {
    const { outputs, letters, inputs, vitals } = this.descriptor;
    const { cursors, progress } = this.record();
    const isBehind = (seen: number, committed: number): boolean => ((seen - committed) | 0) <= 0;
    outputs.forEach(({ memory }, port) => {
      const { head } = cursors.outputs[port];
      assert.ok(isBehind(new Ring(memory.ring).published(), head), 'uncommitted output is visible');
    });
    assert.ok(
      isBehind(new Ring(letters.ring).published(), cursors.letters.head),
      'an uncommitted dead letter is visible',
    );
    inputs.forEach(({ memory, slot }, i) => {
      const released = new Ring(memory.ring).released(slot);
      assert.ok(isBehind(released, cursors.inputs[i].position), `input ${i} is released before it is committed`);
    });
    const { tuplesIn, tuplesOut, inChain } = new Vitals(vitals).read();
    const isAhead = [tuplesIn, tuplesOut, ...inChain].some((count, i) => count > progress.counts[i]);
    assert.ok(!isAhead, 'uncommitted tuples are counted');
  }

  /** What a recovered actor must have done: its last commit is applied, and state is sound. */
  assertRecovered(holdsInput = false): void {
    const { outputs, letters, inputs, vitals } = this.descriptor;
    const { cursors, progress } = this.record();
    outputs.forEach(({ memory }, port) => {
      assert.equal(new Ring(memory.ring).published(), cursors.outputs[port].head, 'output is published');
    });
    assert.equal(new Ring(letters.ring).published(), cursors.letters.head, 'dead letters are published');
    inputs.forEach(({ memory, slot }, i) => {
      const released = new Ring(memory.ring).released(slot);
      if (!holdsInput) assert.equal(released, cursors.inputs[i].position, `input ${i} is released`);
    });
    const { tuplesIn, tuplesOut, inChain } = new Vitals(vitals).read();
    assert.deepEqual([tuplesIn, tuplesOut, ...inChain], progress.counts, 'counts are shown');
    assert.equal(this.state?.damage(this.groups), undefined);
  }
}

/** A table's rows have no order. */
function canonical({ key, value }: StateEntry): StateEntry {
  const fields = Object.entries(value).map(([name, each]) => [name, Array.isArray(each) ? sorted(each) : each]);
  return { key, value: Object.fromEntries(fields) };
}

/** A dead letter, but for where its tuple stood: where a frame begins depends on when it was committed. */
export interface Letter {
  readonly operator: string;
  readonly replica: number;
  readonly key: unknown;
  readonly tuple: unknown;
  readonly error: string;
}

/** All that can be told of a job that has ended. */
export interface Result {
  /** The tuples of each output by key, in order. */
  readonly outputs: ReadonlyMap<string, ReadonlyMap<string, readonly unknown[]>>;
  readonly letters: readonly Letter[];
  /** For each actor: tuples in, out, and passed on between fused operators. */
  readonly counts: readonly unknown[];
  readonly states: readonly unknown[];
  readonly file: readonly string[];
}

/** True if a stage's last operator holds tuples until the batch commits. */
const combines = ({ operators }: Stage): boolean => operators[operators.length - 1].holder !== undefined;

/** @param file what a sink has written */
export function resultOf(job: LocalJob, witnesses: readonly Witness[], file: readonly string[]): Result {
  const outputs = [...job.tuples].map(([name, tuples]) => {
    return [name, perKey(tuples, ({ key }) => text(key))] as const;
  });
  const letters = job.letters.map(({ operator, replica, key, tuple, error: { name, message } }) => ({
    operator,
    replica,
    key,
    tuple,
    error: `${name}: ${message}`,
  }));
  return {
    outputs: new Map(outputs),
    letters: sorted(letters),
    counts: job.actors.map(({ stage, descriptor, vitals }) => {
      const { tuplesIn, tuplesOut, inChain } = vitals.read();
      // How many rows tuples are combined to depends on where batches end: each output's, at the end, and the sum of them.
      const isCombined = stage.upstream.some((upstream) => combines(job.plan.stages[upstream.stage]));
      const within = combines(stage) && stage.outputs.length > 1 ? inChain.slice(0, -stage.outputs.length) : inChain;
      // After a crash frames are others, and so may be which replica gets what of them: who reads them all has counted the same.
      if (keepsOrder(stage)) return [stageName(stage), descriptor.replica];
      const counted = [isCombined ? undefined : tuplesIn, combines(stage) ? undefined : tuplesOut, within];
      return [stageName(stage), descriptor.replica, ...counted];
    }),
    states: witnesses.map((witness) => witness.entries()),
    file: [...file],
  };
}

/** What a crash-free run has had at each commit of each actor, and in the end. */
export interface Reference {
  readonly result: Result;
  readonly commits: readonly ReadonlyMap<number, Committed>[];
  /** Where to crash: at every point, but for most of a long row of commits that change nothing. */
  readonly points: readonly number[];
}

/** At the end of input each key group is a commit, and most are empty: of these a few are tried wholly, and of the rest some points. */
const IDLE_COMMITS_TRIED = 2;
const IDLE_POINTS_STRIDE = 199;

/** Writes down what a crash-free run does. */
export class Recorder {
  readonly commits: Map<number, Committed>[];
  readonly points: number[] = [];
  private readonly memory: CrashingMemory;
  private readonly witnesses: readonly Witness[];
  private from = 0;
  private idleCommits = 0;

  constructor(memory: CrashingMemory, witnesses: readonly Witness[]) {
    this.memory = memory;
    this.witnesses = witnesses;
    this.commits = witnesses.map((witness) => new Map([[0, witness.committed()]]));
    memory.observe = () => this.look();
  }

  private look(): void {
    this.witnesses.forEach((witness, i) => {
      const { sequence } = witness;
      if (this.commits[i].has(sequence)) return;
      const committed = witness.committed();
      const isIdle = isDeepStrictEqual(changesOf(committed), changesOf(this.commits[i].get(sequence - 1)));
      this.commits[i].set(sequence, committed);
      this.addPoints(isIdle);
    });
  }

  private addPoints(areIdle: boolean): void {
    const { points } = this.memory;
    if (areIdle) this.idleCommits++;
    const stride = areIdle && this.idleCommits > IDLE_COMMITS_TRIED ? IDLE_POINTS_STRIDE : 1;
    for (let point = this.from; point < points; point++) if (point % stride === 0) this.points.push(point);
    this.from = points;
  }

  /** Call it when the run has ended. The last point is one that it does not come to. */
  finish(): void {
    this.addPoints(false);
    this.points.push(this.memory.points);
  }
}

/** What a commit has changed, but for the count of key groups that have ended. */
function changesOf(committed: Committed | undefined): unknown {
  if (committed === undefined) return undefined;
  const { progress, cursors } = committed.record;
  const sweep = { ...progress.sweep, group: 0 };
  return { entries: committed.entries, record: { cursors, progress: { ...progress, sweep } } };
}
