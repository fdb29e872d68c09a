// One actor over memory of its own, stepped in this very thread: no threads, no clock but the test's, no chance.
// What it shares with a job: graph, plan, deployment, actor, rings, commits, backups, and how an actor is resumed after a
// crash. What comes out of it gathers as it is committed.
// Promises: an open batch stays open until it is ordered to commit, or is full.
// Relies on: whoever resumes the actor has the one before released.

import { Actor } from '../actors/actor.ts';
import {
  type ActorDescriptor,
  FIRST_START,
  type Resumption,
  type RingMemory,
  type StepStatus,
} from '../actors/actor-descriptor.ts';
import { type LetterTuple, letterReader, openLetter } from '../actors/failures/dead-letters.ts';
import { ActorFailure } from '../actors/failures/failure.ts';
import { WorkCell } from '../actors/vitals/vitals.ts';
import { fromRecord, type MillraceError } from '../errors.ts';
import { type Stage, stageName } from '../flow/plan.ts';
import { reuseScripts } from '../mailbox/codegen.ts';
import { generateDecoder } from '../mailbox/decoder.ts';
import { KEY_GROUPS } from '../mailbox/hash.ts';
import { TupleReader } from '../mailbox/tuple-reader.ts';
import { WakeWords } from '../mailbox/wake.ts';
import { type Backup, memoryBackup } from '../state/images/backup.ts';
import { allocateArenas } from '../state/memory/arena.ts';
import type { StateEntry, StateRow } from '../state/rows/state-reader.ts';
import { CommitLog } from '../state/transaction/commit-log.ts';
import type { CommitRecord } from '../state/transaction/commit-record.ts';
import { allocateTransaction } from '../state/transaction/transaction.ts';
import { deploy, type MemoryLimits } from '../supervisor/deployment.ts';
import type { Outcome } from './comparison.ts';
import { InputFeed } from './input-feed.ts';
import type { OperatorPlan } from './operator-plan.ts';
import type { WorldTap } from './world-taps.ts';

export interface SiteSetup {
  /** Builds the flow anew, with fresh closures. */
  readonly build: (tap: WorldTap) => OperatorPlan;
  readonly limits: MemoryLimits;
  /** Between it and the world. */
  readonly tap: WorldTap;
  /** Whether its actors take snapshots, from the first one on, when they are told to, or never. */
  readonly snapshots: 'at once' | 'when told' | 'never';
  readonly now: () => number;
}

/** How the actor goes on. */
export interface Resuming {
  /** True to build the flow anew, so that its closures have seen nothing. */
  readonly freshClosures?: boolean;
  /** True to commit tuple by tuple. */
  readonly isolate?: boolean;
  /** True to give it fresh memory, restored from its last snapshot. */
  readonly fromSnapshot?: boolean;
  /** True to take a snapshot at each commit. Whoever asks for it may go on from a snapshot. */
  readonly snapshots?: boolean;
}

/** As an actor's, and `failed`: it cannot go on, see {@link Site.failure}. */
export type SiteStatus = Exclude<StepStatus, 'superseded'> | 'failed';

const APP = 0;
const ACTOR = 1;
const ONLY = 'actor';
/** No batch commits because of its age: it is told to. */
const LINGER_MS = Number.MAX_SAFE_INTEGER;

export class Site {
  readonly tap: WorldTap;
  /** What it cannot go on for. */
  failure: MillraceError | undefined;
  /** True while it commits tuple by tuple. */
  isIsolated = false;
  private readonly setup: SiteSetup;
  private readonly wakeWords = new WakeWords(WakeWords.allocate(2));
  private readonly letters: TupleReader<LetterTuple>;
  private readonly output: TupleReader<unknown> | undefined;
  private readonly input: InputFeed | undefined;
  private readonly log: CommitLog;
  private readonly record: CommitRecord;
  private readonly store = memoryBackup(() => {});
  private operator: OperatorPlan;
  private descriptor: ActorDescriptor;
  private actor: Actor;
  private outcome: Outcome = { emitted: [], written: [], letters: [] };
  private shipped: Backup[] = [];
  private sourceOpen = false;
  private woken: () => void = () => {};

  constructor(setup: SiteSetup) {
    this.setup = setup;
    this.tap = setup.tap;
    this.operator = setup.build(this.tap);
    const { plan, stage } = this.operator;
    const { placements } = deploy(plan, 1, setup.limits);
    const own = placements[stage.index].descriptor;
    this.descriptor = own;
    const { wakeWords } = this;
    if (stage.index > 0) {
      const [output] = placements[stage.index - 1].descriptor.outputs;
      if (output !== undefined) this.input = new InputFeed(plan.stages[stage.index - 1], output, APP, wakeWords);
    }
    const [output] = own.outputs;
    if (output !== undefined) this.output = outputReader(stage, output.memory);
    this.letters = letterReader(own.letters).readOn(APP);
    this.log = new CommitLog(own.commit);
    this.record = this.log.lastCommit();
    const tail = stage.operators[stage.operators.length - 1];
    if (tail.sink !== undefined) this.tap.sinkSchema = tail.inputs[0].schema;
    this.actor = this.makeActor(FIRST_START, setup.snapshots === 'at once');
  }

  private makeActor(resumption: Resumption, snapshots: boolean): Actor {
    const { wakeWords, setup } = this;
    const ship = (backup: Backup): void => void this.shipped.push(backup);
    const environment = {
      host: ACTOR,
      wakeWords,
      lingerMs: LINGER_MS,
      backup: setup.snapshots === 'never' ? undefined : { everyMs: snapshots ? 0 : Number.POSITIVE_INFINITY, ship },
      now: setup.now,
      wake: () => this.woken(),
    };
    // Thousands of sites are made of one operator.
    const compileAnew = reuseScripts();
    const actor = new Actor(this.operator.plan, this.descriptor, environment, resumption);
    compileAnew();
    this.sourceOpen = false;
    actor.openSink();
    return actor;
  }

  /** Lets go of the actor: its open batch is rolled back. {@link resume} makes it anew. */
  release(): void {
    this.actor.release();
    this.shipped = [];
  }

  /** Makes the actor anew, from its last commit. */
  resume({ freshClosures = false, isolate = false, fromSnapshot = false, snapshots = false }: Resuming): void {
    this.release();
    this.failure = undefined;
    this.isIsolated = isolate;
    if (freshClosures) this.operator = this.setup.build(this.tap);
    const incarnation = Atomics.add(this.actor.vitals.work, WorkCell.incarnation, 1) + 1;
    const checkpoint = fromSnapshot ? this.store.read(ONLY) : undefined;
    if (checkpoint !== undefined) {
      this.descriptor = {
        ...this.descriptor,
        transaction: allocateTransaction(allocateArenas(this.setup.limits.stateBytes)),
      };
    }
    const restore = checkpoint && { checkpoint };
    this.actor = this.makeActor({ ...FIRST_START, incarnation, isolate, restore }, snapshots);
    // What follows the snapshot is read again; nothing does, but the actor has to find that out.
    while (checkpoint !== undefined && !this.actor.isReadable && this.failure === undefined) this.step();
  }

  /** Opens the source, if it is not open. Await it before {@link step}. */
  async openSource(): Promise<void> {
    if (this.sourceOpen) return;
    await this.actor.openSource();
    this.sourceOpen = true;
  }

  /** Resolves when the source may have more. */
  async wait(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.woken = resolve;
      if (this.actor.canStep()) resolve();
    });
    this.woken = () => {};
  }

  push(tuples: readonly unknown[]): void {
    this.input?.push(tuples);
  }

  pushEnd(): void {
    this.input?.end();
  }

  /** One batch, or a part of the open one. What is committed by then is in {@link take}. */
  step(): SiteStatus {
    try {
      const status = this.actor.step(Number.NEGATIVE_INFINITY);
      this.gather();
      const moved = this.input?.drain() === true;
      return status === 'superseded' || (moved && status === 'idle') ? 'more' : status;
    } catch (error) {
      this.gather();
      if (!(error instanceof ActorFailure)) throw error;
      this.failure = error.cause;
      return 'failed';
    }
  }

  /** Steps until there is nothing left to do, and commits. */
  settle(): SiteStatus {
    for (;;) {
      const status = this.step();
      if (status === 'done' || status === 'failed') return status;
      if (status !== 'idle') continue;
      if (!this.isOpen) return status;
      this.actor.hurry();
    }
  }

  /** Commits the open batch. */
  commit(): SiteStatus {
    this.actor.hurry();
    return this.step();
  }

  /** True while a batch is not committed. */
  get isOpen(): boolean {
    return !this.actor.isReadable;
  }

  /** Grows with each commit. */
  get sequence(): number {
    return this.log.sequence();
  }

  /** The last commit. */
  get committed(): CommitRecord {
    this.log.read(this.record);
    return this.record;
  }

  private gather(): void {
    const { outcome, output, letters, tap, store, shipped, wakeWords } = this;
    this.shipped = [];
    for (const backup of shipped) {
      store.write(ONLY, backup);
      this.actor.backupDone(backup.sequence, true);
    }
    output?.drain((tuple) => void outcome.emitted.push(tuple), wakeWords);
    for (const tuple of tap.takeWritten()) outcome.written.push(tuple);
    letters.drain(({ operator, replica, body }) => {
      const { key, tuple, error, position } = openLetter(body);
      outcome.letters.push({ operator, replica, key, tuple, error: fromRecord(error), position });
    }, wakeWords);
  }

  /** Dead letters since the last {@link take}. */
  get failedTuples(): number {
    return this.outcome.letters.length;
  }

  /** What was committed since the last call. */
  take(): Outcome {
    const taken = this.outcome;
    this.outcome = { emitted: [], written: [], letters: [] };
    return taken;
  }

  /** The row of a key. No batch may be open. */
  row(key: readonly unknown[], group: number): StateRow | undefined {
    return this.actor.readState({ key, group }) as StateRow | undefined;
  }

  /** All rows. No batch may be open. */
  rows(): StateEntry[] {
    const rows: StateEntry[] = [];
    for (let group = 0; group < KEY_GROUPS; group++) {
      rows.push(...(this.actor.readState({ key: undefined, group }) as StateEntry[]));
    }
    return rows;
  }

  /** The stage under test: the closures in it are those of the last build. */
  get stage(): Stage {
    return this.operator.stage;
  }

  /** The name of what it reads, as errors tell it. */
  get inputName(): string {
    const { plan, stage } = this.operator;
    return stageName(plan.stages[Math.max(0, stage.index - 1)]);
  }
}

/** Reads the output of a stage, whose frames carry no hashes. */
const outputReader = (stage: Stage, memory: RingMemory): TupleReader<unknown> =>
  new TupleReader(
    { memory, slot: 0 },
    generateDecoder(`${stageName(stage)}/emitted`, stage.outputs[0].schema, 0, 0),
  ).readOn(APP);
