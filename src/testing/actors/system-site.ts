// A system of actors over memory of its own, driven (actor-driver.ts) in this thread: no threads, no clock but the test's, no chance.
// What it shares with a real one: flow, plan, deployment, the replicas with their actors, rings, rows and commits, and how a replica is
// adopted after a crash.
// Promises: `drive` goes as far as it can without waiting; what a test asks to be disturbed is disturbed between two pieces of mail.

import { ActorFailure } from '../../actors/failures/failure.ts';
import { stageReaders } from '../../actors/stage-readers.ts';
import { errors, fromRecord } from '../../errors.ts';
import { buildGraph } from '../../flow/dataflow.ts';
import { type Plan, planOf, type Stage } from '../../flow/plan.ts';
import type { ResidentHost } from '../../flow/resident.ts';
import { reuseScripts } from '../../mailbox/codegen.ts';
import { hashDouble, keyGroupOf } from '../../mailbox/hash.ts';
import type { TupleReader } from '../../mailbox/tuple-reader.ts';
import { WakeWords } from '../../mailbox/wake.ts';
import { deploy, type MemoryLimits } from '../../supervisor/deployment.ts';
import { logRules } from '../../system/app/logger.ts';
import { type ActorModules, Definitions } from '../../system/definitions.ts';
import type { Mail } from '../../system/mail.ts';
import { Placement } from '../../system/placement.ts';
import type { Row } from '../../system/rows.ts';
import { ACTORS, systemFlow } from '../../system/system-flow.ts';
import type { SystemRules } from '../../system/worker/desk.ts';
import { SystemResident } from '../../system/worker/system-resident.ts';
import { ActorDriver, type DrivenLetter } from '../actor-driver.ts';
import { InputFeed } from '../input-feed.ts';
import type { Random } from '../random.ts';
import { ActorTap, type TapEvents } from './actor-tap.ts';
import type { VirtualClock } from './virtual-clock.ts';

export interface SiteRules extends Pick<SystemRules, 'supervision' | 'handlerTimeoutMs'> {
  readonly restartAfterEachMessage: boolean;
  readonly rollback: boolean;
  readonly limits: MemoryLimits;
}

/** What a site tells. */
export interface SiteEvents extends TapEvents {
  /** Mail to the app. */
  toApp(mail: Mail): void;
  /** Mail that the runtime has given up. */
  letter(letter: DrivenLetter): void;
}

/** A row as it is read: its table is an array. */
export type ReadRow = Omit<Row, 'kept'> & {
  readonly kept: readonly ({ readonly what: number; readonly seq: number } & Record<string, never>)[];
};

/** Taken before a test mocks it. */
const immediately = setImmediate;

const APP = 0;
const ERROR_BYTES_MAX = 1 << 16;
const START_TIMEOUT_MS = 60_000;

/** How a module is told from the same one of another thread. */
const MARK = 'millrace-thread';
const MARKED = new RegExp(`[?&]${MARK}=\\d+$`);
let threads = 0;

/** Modules of a thread of its own, whose variables have seen nothing. */
function modulesApart(): ActorModules {
  const thread = ++threads;
  return {
    load: (moduleUrl) => import(`${moduleUrl}${moduleUrl.includes('?') ? '&' : '?'}${MARK}=${thread}`),
    nameOf: (moduleUrl) => moduleUrl.replace(MARKED, ''),
  };
}

/** One replica, and the thread that it is on. */
class Replica {
  readonly driver: ActorDriver;
  tap!: ActorTap;
  definitions!: Definitions;

  constructor(driver: ActorDriver) {
    this.driver = driver;
  }
}

export class SystemSite {
  /** As the app's thread uses them. */
  readonly definitions: Definitions;
  readonly errorBytes: number;
  private readonly memory: SharedArrayBuffer;
  private readonly rules: SystemRules;
  private readonly placement: SharedArrayBuffer;
  private readonly given: SiteRules;
  private readonly clock: VirtualClock;
  private readonly random: Random | undefined;
  private readonly events: SiteEvents;
  private readonly wakeWords: WakeWords;
  private readonly feed: InputFeed;
  private readonly answers: readonly TupleReader<Mail>[];
  private readonly replicas: Replica[];
  private isDriving = false;
  /** Pieces of mail, and other steps, that may be taken before the test moves on. */
  private steps = { most: 0, left: 0 };

  /** @param random decides which replica goes on; without it there is one */
  constructor(
    given: SiteRules,
    clock: VirtualClock,
    replicas: number,
    system: number,
    random: Random | undefined,
    events: SiteEvents,
  ) {
    const { supervision, handlerTimeoutMs, limits } = given;
    this.given = given;
    this.clock = clock;
    this.random = random;
    this.events = events;
    this.errorBytes = Math.min(ERROR_BYTES_MAX, limits.ringBytes / 8);
    this.memory = Definitions.allocate(system);
    this.definitions = Definitions.over(this.memory);
    this.placement = Placement.allocate(replicas);
    this.rules = {
      supervision,
      handlerTimeoutMs,
      errorBytes: this.errorBytes,
      startTimeoutMs: START_TIMEOUT_MS,
      log: logRules(false, 'error'),
    };
    this.wakeWords = new WakeWords(WakeWords.allocate(1 + replicas));
    const plan = this.plan(replicas);
    const { placements } = deploy(plan, replicas, limits);
    const at = (stage: Stage) => placements.filter((placement) => placement.stage === stage);
    const [input, actors, output] = plan.stages;
    const { wakeWords } = this;
    this.feed = new InputFeed(input, at(input)[0].descriptor.outputs[0], APP, wakeWords);
    this.answers = stageReaders<Mail>(plan, output, at(output)[0].descriptor).map((reader) => reader.readOn(APP));
    const { now, after } = clock;
    this.replicas = at(actors).map(({ descriptor }, replica) => {
      const hostOf = () => 1 + replica;
      return new Replica(new ActorDriver(descriptor, { hostOf, wakeWords, lingerMs: 0, now, after, lettersOn: APP }));
    });
    for (const replica of this.replicas) {
      this.make(replica, this.definitionsOfThread(), (driver, made) => driver.start(made));
    }
  }

  /** The plan of the system's own flow, in which a tap stands before each replica's actors. */
  private plan(workers: number, tap?: (host: ResidentHost) => ActorTap): Plan {
    const { memory, rules, placement } = this;
    const graph = buildGraph(systemFlow, { workers, definitions: memory, rules, placement });
    const operators = graph.operators.map((node) => (node.name === ACTORS ? { ...node, resident: tap } : node));
    return planOf({ ...graph, operators });
  }

  private definitionsOfThread(): Definitions {
    const { memory, definitions, given } = this;
    return given.restartAfterEachMessage ? Definitions.apart(memory, modulesApart()) : definitions;
  }

  private make(replica: Replica, definitions: Definitions, begin: (driver: ActorDriver, plan: Plan) => void): void {
    const { rules, events, given } = this;
    replica.definitions = definitions;
    const plan = this.plan(this.replicas.length, (host) => {
      // Each piece of mail is a step of the test's: all goes through the ring, as where tuples are tried alone.
      const ownHost = { ...host, isAlone: () => true };
      const resident = new SystemResident(definitions, ownHost, rules, new Placement(this.placement), (line) =>
        replica.tap.logged({ ...line, atMs: this.clock.nowMs }),
      );
      replica.tap = new ActorTap(resident, definitions, events);
      return replica.tap;
    });
    const compileAnew = reuseScripts();
    begin(replica.driver, plan);
    compileAnew();
    replica.tap.isTwice = given.rollback;
  }

  /** Has a replica begin again from its rows, as after a crash of its thread. */
  private async adopt(replica: Replica): Promise<void> {
    this.count();
    const { driver } = replica;
    const { restartAfterEachMessage, rollback } = this.given;
    const definitions = this.definitionsOfThread();
    const compileAnew = reuseScripts();
    // As a worker does before it takes over.
    await definitions.loadAll();
    compileAnew();
    driver.actor.release();
    driver.supersede();
    const isolate = restartAfterEachMessage && !rollback;
    this.make(replica, definitions, (_, plan) => driver.resume(plan, { isolate }, 'stays closed'));
  }

  private get isDisturbed(): boolean {
    return this.given.restartAfterEachMessage || this.given.rollback;
  }

  /** True of a replica that is to begin again before its next step. */
  private isToAdopt({ tap, driver }: Replica): boolean {
    return this.isDisturbed && tap.hasHandled && tap.resident.isAtRest && driver.actor.canStep();
  }

  /** Puts mail of the app's in. */
  push(mail: Mail): void {
    this.feed.push([mail]);
  }

  /** So many steps may be taken until the next call, or `drive` throws. */
  allow(steps: number): void {
    this.steps = { most: steps, left: steps };
  }

  /**
   * Goes as far as it can without waiting for anything. Returns true if anything moved.
   * @throws MillraceError NOT_SETTLED, and what ends a replica
   */
  drive(): boolean {
    // From within: whoever drives sees what has been put in.
    if (this.isDriving) return false;
    this.isDriving = true;
    let hasMoved = false;
    try {
      for (;;) {
        this.feed.drain();
        const ready = this.replicas.filter((each) => each.driver.actor.canStep() && !this.isToAdopt(each));
        const next = ready[this.random?.below(ready.length) ?? 0];
        if (next !== undefined) this.step(next);
        if (this.read()) hasMoved = true;
        else if (next === undefined) return hasMoved;
        hasMoved = true;
      }
    } finally {
      this.isDriving = false;
    }
  }

  private count(): void {
    if (this.steps.left-- <= 0) throw errors.notSettled(this.steps.most);
  }

  private step({ driver }: Replica): void {
    this.count();
    try {
      driver.actor.step(Number.NEGATIVE_INFINITY);
    } catch (error) {
      throw error instanceof ActorFailure ? error.cause : error;
    }
  }

  /** Reads what has come for the app. */
  private read(): boolean {
    const { answers, replicas, events, wakeWords } = this;
    let hasRead = false;
    for (const reader of answers) if (reader.drain((mail) => events.toApp(mail), wakeWords)) hasRead = true;
    for (const { driver } of replicas) if (driver.drainLetters((letter) => events.letter(letter))) hasRead = true;
    return hasRead;
  }

  /** Has those replicas begin again whose turn it is. Returns true if there were any. */
  async adoptAll(): Promise<boolean> {
    const due = this.replicas.filter((each) => this.isToAdopt(each));
    for (const replica of due) await this.adopt(replica);
    return due.length > 0;
  }

  /** True while a handler, or the import of a module, waits for something outside. */
  get awaitsOutside(): boolean {
    return this.replicas.some(({ tap }) => tap.resident.awaitsOutside);
  }

  /** When something is due; Infinity for never. */
  get nextAtMs(): number {
    return Math.min(this.clock.nextAtMs, ...this.replicas.map(({ tap }) => tap.dueAtMs));
  }

  /** The row of an actor, as it was last committed; undefined if nobody is there. */
  row(id: number): ReadRow | undefined {
    const group = keyGroupOf(hashDouble(id));
    const owner = this.replicas.find(({ driver }) => driver.actor.owns(group));
    const row = owner?.driver.actor.readState({ key: [id], group }) as ReadRow | undefined;
    return row === undefined || row.definition === 0 ? undefined : row;
  }
}

/** One turn of the event loop: all promises that can settle have then settled. */
export const turn = (): Promise<void> => new Promise((resolve) => immediately(resolve));

/** What ended a piece of mail that the runtime has given up. */
export const causeOf = ({ error }: DrivenLetter): Error => fromRecord(error);
