// Runs the actors of a flow in this very thread, one step at a time, as the test orders: no threads, no clock, no chance.
// What it shares with a real job: graph, plan, deployment, actors, rings, commits, parking, and how actors are resumed after
// a crash (src/supervisor/recovery/, src/workers/worker.ts). What it lacks: threads, pools, and a supervisor that decides.

import type { Actor } from '../../src/actors/actor.ts';
import type { ActorDescriptor, Resumption, StepStatus } from '../../src/actors/actor-descriptor.ts';
import { stageReaders } from '../../src/actors/stage-readers.ts';
import { buildGraph } from '../../src/flow/dataflow.ts';
import { type Plan, planOf, stageName } from '../../src/flow/plan.ts';
import type { Dataflow, RunOptions } from '../../src/index.ts';
import { reuseScripts } from '../../src/mailbox/codegen.ts';
import { Ring } from '../../src/mailbox/ring.ts';
import type { TupleReader } from '../../src/mailbox/tuple-reader.ts';
import { WakeWords } from '../../src/mailbox/wake.ts';
import type { MemoryBackup } from '../../src/state/images/backup.ts';
import { CommitLog } from '../../src/state/transaction/commit-log.ts';
import { deploy, type Placement } from '../../src/supervisor/deployment.ts';
import { checkRunOptions } from '../../src/supervisor/job/run-options.ts';
import { ActorDriver, type Beginning, type DrivenLetter } from '../../src/testing/actor-driver.ts';
import { CRASH, type CrashingMemory } from '../../src/testing/crashing-memory.ts';

type Tuple = Record<string, unknown>;

// A test runs one flow many times.
reuseScripts();

/** What a test puts in place of the world. */
export interface LocalWorld {
  /** Where actors may crash. Without one none does. */
  readonly memory?: CrashingMemory;
  /** Milliseconds; by default the real ones. */
  readonly now?: () => number;
  /** True to step an actor that had nothing to do only after it has been woken, or its time has come. */
  readonly parks?: boolean;
  /** Time between backups, and where they are kept. */
  readonly backup?: { readonly everyMs: number; readonly store: MemoryBackup };
}

/** How a job is run to its end. */
export interface RunOrder {
  /** An index below its argument. */
  readonly choose: (count: number) => number;
  /** Called with what a step throws; the actor has rolled back, and is stepped again later. By default it is thrown on. */
  readonly failure?: (error: unknown) => void;
  /** Called when an actor has crashed, with the one that is gone: to {@link LocalJob.resume} it. By default that is an error. */
  readonly onCrash?: (actor: Actor) => void;
  /** Called between steps. */
  readonly onTurn?: () => void;
}

/** Turns without any progress after which a job is held to be stuck. */
const IDLE_TURNS_MAX = 10_000;

/** A job whose every step is the test's. Outputs gather in {@link tuples} by name, when {@link collect} is called. */
export class LocalJob {
  /** Each operator's replicas in order, also when they have ended; after those that began with the job come those that were woken. */
  readonly actors: Actor[] = [];
  /** Those that have not ended yet. */
  readonly alive: Actor[];
  readonly tuples = new Map<string, Tuple[]>();
  readonly letters: DrivenLetter[] = [];
  readonly plan: Plan;
  /** All actors that there is memory for. */
  readonly placements: readonly Placement[];
  readonly wakeWords: WakeWords;
  /** The host number of whoever is no actor, and no reader of outputs. */
  readonly supervisorHost: number;
  private readonly world: LocalWorld;
  private readonly appHost: number;
  private readonly readers: { readonly reader: TupleReader<Tuple>; readonly take: (tuple: Tuple) => void }[] = [];
  private readonly drivers: ReadonlyMap<ActorDescriptor, ActorDriver>;

  constructor(plan: Plan, { params: _, ...options }: RunOptions, world: LocalWorld = {}) {
    const { workers, lingerMs, ...limits } = checkRunOptions(options);
    this.plan = plan;
    this.world = world;
    const { placements } = deploy(plan, workers, limits);
    // Each actor has a host of its own, and another one after each crash: nobody is woken by another's wake-up.
    this.appHost = placements.length * 2;
    this.supervisorHost = this.appHost + 1;
    this.wakeWords = new WakeWords(WakeWords.allocate(this.appHost + 2));
    for (const placement of placements) if (placement.stage.place === 'app') this.connect(placement);
    const onWorkers = placements.filter(({ stage }) => stage.place === 'worker');
    this.placements = onWorkers;
    for (const { descriptor } of onWorkers) world.memory?.ignore(descriptor.vitals);
    const now = world.now ?? (() => performance.now());
    const store = world.backup?.store;
    this.drivers = new Map(
      onWorkers.map(({ descriptor }) => {
        const hostOf = (incarnation: number): number => descriptor.number * 2 + (incarnation & 1);
        const setup = { hostOf, wakeWords: this.wakeWords, lingerMs, now, store, lettersOn: this.appHost };
        return [descriptor, new ActorDriver(descriptor, setup)];
      }),
    );
    this.actors = onWorkers
      .filter(({ isDormant }) => !isDormant)
      .map(({ descriptor }) => this.driverOf(descriptor).start(plan, this.beginning({})));
    this.alive = [...this.actors];
  }

  static of<Params, Built>(flow: Dataflow<Params, Built>, options: RunOptions<Params>, world?: LocalWorld): LocalJob {
    return new LocalJob(planOf(buildGraph(flow, options.params as Params)), options as RunOptions, world);
  }

  /** Opens the sources, as a job does before it starts. Flows with generated sources only need not call it. */
  async openSources(): Promise<void> {
    for (const { descriptor } of this.actors) await this.driverOf(descriptor).openSource();
  }

  private connect({ stage, descriptor }: Placement): void {
    const tuples: Tuple[] = [];
    this.tuples.set(stageName(stage), tuples);
    for (const reader of stageReaders<Tuple>(this.plan, stage, descriptor)) {
      this.readers.push({ reader: reader.readOn(this.appHost), take: (tuple) => void tuples.push(tuple) });
    }
  }

  private driverOf(descriptor: ActorDescriptor): ActorDriver {
    return this.drivers.get(descriptor) as ActorDriver;
  }

  private beginning(how: Partial<Resumption>): Beginning {
    return { ...how, backupEveryMs: this.world.backup?.everyMs };
  }

  /** The actor of a replica of the operator that begins a stage. */
  actor(operator: string, replica = 0): Actor {
    const found = this.actors.find(({ name, descriptor }) => name === operator && descriptor.replica === replica);
    if (found === undefined) throw new Error(`no actor '${operator}' ${replica}`);
    return found;
  }

  /**
   * Makes an actor anew over the same memory, in its next incarnation, as after a worker's death. The one before must not be
   * used any more, and is not asked to let go of anything.
   * @returns the new actor; CRASH if it died while it recovered. The one before is then still the one in {@link actors}
   */
  resume(before: Actor, how: Partial<Resumption> = {}): Actor | typeof CRASH {
    const made = this.remake(before.descriptor, how);
    if (made === CRASH) return CRASH;
    this.actors[this.actors.indexOf(before)] = made;
    this.lose(before);
    this.alive.push(made);
    return made;
  }

  /** Begins a replica that is dormant, as HandOvers.wakeUp(). Returns false if it died as it began: to be called again. */
  begin(descriptor: ActorDescriptor): boolean {
    const made = this.remake(descriptor, {});
    if (made === CRASH) return false;
    const index = this.actors.findIndex((actor) => actor.descriptor === descriptor);
    if (index >= 0) this.actors[index] = made;
    else this.actors.push(made);
    this.alive.push(made);
    return true;
  }

  /** Takes a replica out that has retired, as HandOvers.putToSleep(). */
  end(descriptor: ActorDescriptor): void {
    const actor = this.alive.find((each) => each.descriptor === descriptor);
    if (actor !== undefined) this.lose(actor);
    this.driverOf(descriptor).removeBackups();
  }

  private remake(descriptor: ActorDescriptor, how: Partial<Resumption>): Actor | typeof CRASH {
    const driver = this.driverOf(descriptor);
    // As Recovery.resume(): by the app's thread, which is not the one that crashes.
    driver.supersede();
    return this.asWorker(() => driver.resume(this.plan, this.beginning(how)));
  }

  /** What Recovery.restoreOf() answers if state is always restored: what {@link resume} restores an actor's state from. */
  restoreOf({ descriptor }: Actor, isolate: boolean): Resumption['restore'] {
    if (this.world.backup === undefined || descriptor.transaction === undefined || isolate) return undefined;
    const isOver = new CommitLog(descriptor.commit).lastCommit().cursors.inputs.every(({ ended, position }, i) => {
      const ring = new Ring(descriptor.inputs[i].memory.ring);
      return ended || (ring.isDormant() && ring.published() === position);
    });
    if (isOver) return undefined;
    return this.driverOf(descriptor).lastBackup();
  }

  /** Brings the next backup to the store, and its actor the answer. */
  private storeBackup(driver: ActorDriver, order: RunOrder): void {
    const sequence = driver.storeBackup() as number;
    const { actor } = driver;
    if (!this.alive.includes(actor)) return;
    if (this.asWorker(() => actor.backupDone(sequence, true)) === CRASH) this.crashed(actor, order);
  }

  /** Runs what a worker does, as far as its life goes. */
  private asWorker<Result>(action: () => Result): Result | typeof CRASH {
    const { memory } = this.world;
    return memory === undefined ? action() : memory.work(action);
  }

  /** Takes what is committed from all rings of all outputs, and the dead letters. Returns true if anything moved. */
  collect(): boolean {
    let moved = false;
    for (const { reader, take } of this.readers) moved = reader.drain(take, this.wakeWords) || moved;
    for (const driver of this.drivers.values()) {
      moved = driver.drainLetters((letter) => void this.letters.push(letter)) || moved;
    }
    return moved;
  }

  get ended(): boolean {
    return this.alive.length === 0 && this.readers.every(({ reader }) => reader.isOver);
  }

  /**
   * Steps actors in the order that `choose` gives, until all are done.
   * @param choose an index below its argument
   * @param failure called with what a step throws; the actor has rolled back, and is stepped again later
   */
  run(choose: RunOrder['choose'], failure: RunOrder['failure'] = rethrow): void {
    let idleTurns = 0;
    while (!this.ended) idleTurns = this.countIdle(this.turn({ choose, failure }), idleTurns);
    this.collect();
  }

  /** The same, for sources that open and are read asynchronously. */
  async runAsync(order: RunOrder): Promise<void> {
    let idleTurns = 0;
    while (!this.ended) {
      idleTurns = this.countIdle(this.turn(order), idleTurns);
      if (idleTurns % 64 === 63) await new Promise((resolve) => setImmediate(resolve));
    }
    this.collect();
  }

  /** Takes so many turns: what the others do while a crashed actor is not there. */
  take(turns: number, order: RunOrder): void {
    for (let i = 0; i < turns; i++) this.turn(order);
  }

  private countIdle(moved: boolean, idleTurns: number): number {
    if (moved) return 0;
    if (idleTurns < IDLE_TURNS_MAX) return idleTurns + 1;
    throw new Error(`no progress: ${this.alive.map(({ name }) => name).join(', ') || 'nobody'} waits`);
  }

  /** One step of one actor, or a look at the outputs. Returns true if anything has moved. */
  private turn(order: RunOrder): boolean {
    const { choose, onTurn } = order;
    const { alive } = this;
    onTurn?.();
    if (this.world.backup !== undefined) {
      const shipping = [...this.drivers.values()].filter(({ hasShipped }) => hasShipped);
      if (shipping.length > 0 && choose(3) === 0) this.storeBackup(shipping[choose(shipping.length)], order);
    }
    if (alive.length === 0 || choose(4) === 0) return this.collect();
    const actor = alive[choose(alive.length)];
    const isReady = (): boolean => (this.world.parks ? this.driverOf(actor.descriptor).isReady() : actor.canStep());
    const canStep = this.asWorker(isReady);
    if (canStep === CRASH) this.crashed(actor, order);
    else if (canStep) this.step(actor, order);
    return canStep !== false;
  }

  private step(actor: Actor, order: RunOrder): void {
    const { failure = rethrow } = order;
    let thrown: { error: unknown } | undefined;
    const status = this.asWorker((): StepStatus => {
      try {
        // No time at all: a step is then one batch.
        const reached = actor.step(0);
        if (reached === 'done') actor.retire();
        return reached;
      } catch (error) {
        thrown = { error };
        return 'more';
      }
    });
    if (status === CRASH) this.crashed(actor, order);
    else if (thrown !== undefined) failure(thrown.error);
    if (status === 'retired' && this.asWorker(() => actor.release()) === CRASH) this.crashed(actor, order);
    else if (status === 'done' || status === 'retired') this.lose(actor);
    // As RunningJob.ended(): a hand-over may wait for it.
    if (status === 'done') this.wakeWords.wakeUnconditionally(this.supervisorHost);
  }

  private crashed(actor: Actor, { onCrash }: RunOrder): void {
    if (onCrash === undefined) throw new Error(`'${actor.name}' has crashed`);
    this.lose(actor);
    onCrash(actor);
  }

  /** A dead actor is not stepped any more. */
  private lose(actor: Actor): void {
    const index = this.alive.indexOf(actor);
    if (index >= 0) this.alive.splice(index, 1);
  }
}

function rethrow(error: unknown): void {
  throw error;
}
