// One replica of an operator with all that its actor gets from outside: its environment, its incarnations, its backups and its
// dead letters. Whoever drives it says when it steps: a test, a kit, the explorer's threads.
// Promises: an actor is made, resumed and parked as a worker does it (src/workers/worker.ts, src/workers/host.ts), over the same
// memory in each incarnation.
// Relies on: whoever resumes an actor does not step the one before any more, or wants it to find itself superseded.

import { Actor } from '../actors/actor.ts';
import {
  type ActorDescriptor,
  type ActorEnvironment,
  FIRST_START,
  type Resumption,
} from '../actors/actor-descriptor.ts';
import { type LetterBody, type LetterTuple, letterReader, openLetter } from '../actors/failures/dead-letters.ts';
import { Vitals, WorkCell } from '../actors/vitals/vitals.ts';
import type { Plan } from '../flow/plan.ts';
import type { TupleReader } from '../mailbox/tuple-reader.ts';
import type { Backup, MemoryBackup } from '../state/images/backup.ts';

/** A dead letter as its actor wrote it. */
export type DrivenLetter = Pick<LetterTuple, 'operator' | 'replica'> & LetterBody;

/** What an actor is driven with. */
export interface DriverSetup
  extends Pick<ActorEnvironment, 'wakeWords' | 'lingerMs' | 'now' | 'timersUntilMs' | 'after'> {
  /** The host of an incarnation. */
  readonly hostOf: (incarnation: number) => number;
  /** What a callback of a source does; by default it ends the host's sleep. */
  readonly wake?: () => void;
  /** Where its backups are kept; without it there are none. */
  readonly store?: MemoryBackup;
  /** The host that reads its dead letters. */
  readonly lettersOn?: number;
}

/** How an actor begins. */
export interface Beginning extends Partial<Omit<Resumption, 'incarnation'>> {
  /** Time between backups, if there is a store. */
  readonly backupEveryMs?: number;
}

export class ActorDriver {
  /** The actor of the last incarnation. */
  actor!: Actor;
  private memory: ActorDescriptor;
  private readonly setup: DriverSetup;
  private readonly work: Int32Array;
  private incarnation = 0;
  private host = 0;
  private isParked = false;
  private isSourceOpen = false;
  /** Backups on their way to the store. */
  private shipped: Backup[] = [];
  private readonly letters: TupleReader<LetterTuple> | undefined;

  constructor(descriptor: ActorDescriptor, setup: DriverSetup) {
    this.memory = descriptor;
    this.setup = setup;
    this.work = new Vitals(descriptor.vitals).work;
    const { lettersOn } = setup;
    if (lettersOn !== undefined) this.letters = letterReader(descriptor.letters).readOn(lettersOn);
  }

  /** Makes the actor of a new job, and opens its sink; its source is not open yet. */
  start(plan: Plan, how: Beginning = {}): Actor {
    const actor = this.make(plan, how);
    actor.openSink();
    return actor;
  }

  /** From now on the actor must not do anything, wherever it is: what recovery does before it orders another one. */
  supersede(): void {
    this.incarnation = Atomics.add(this.work, WorkCell.incarnation, 1) + 1;
  }

  /** Makes the actor anew over the same memory, after {@link supersede}. Another plan of the same flow has fresh closures. */
  resume(plan: Plan, how: Beginning = {}, source: 'reopens' | 'stays closed' = 'reopens'): Actor {
    const actor = this.make(plan, how);
    this.setup.wakeWords.stayAwake(this.host);
    if (source === 'reopens') {
      actor.reopenSource();
      this.isSourceOpen = true;
    }
    actor.openSink();
    return actor;
  }

  /** Gives the actor that is made next other memory in place of this one. */
  replaceMemory(parts: Partial<ActorDescriptor>): void {
    this.memory = { ...this.memory, ...parts };
  }

  private make(plan: Plan, { backupEveryMs, ...how }: Beginning): Actor {
    const { memory, setup, incarnation } = this;
    const { hostOf, wakeWords, lingerMs, now, timersUntilMs, after, store } = setup;
    const host = hostOf(incarnation);
    const wake = setup.wake ?? (() => wakeWords.wakeUnconditionally(host));
    const ship = (backup: Backup): void => void this.shipped.push(backup);
    const backup = store && { everyMs: backupEveryMs ?? Number.POSITIVE_INFINITY, ship };
    const environment = { host, wakeWords, lingerMs, backup, now, timersUntilMs, wake, after };
    this.host = host;
    this.isParked = false;
    this.isSourceOpen = false;
    this.actor = new Actor(plan, memory, environment, { ...FIRST_START, ...how, incarnation });
    return this.actor;
  }

  /** Opens the source, if it is not open. Await it before a step that is to read. */
  async openSource(): Promise<void> {
    if (this.isSourceOpen) return;
    await this.actor.openSource();
    this.isSourceOpen = true;
  }

  /**
   * What a host asks before it steps the actor. One that has nothing to do parks, and is asked again only after it has been woken,
   * or its time has come.
   */
  isReady(): boolean {
    const { actor, host, setup } = this;
    const { wakeWords } = setup;
    if (this.isParked) {
      if (wakeWords.isParked(host) && setup.now() < actor.wakeAtMs) return false;
      this.unpark();
    }
    if (actor.canStep()) return true;
    wakeWords.announcePark(host);
    actor.announcePark();
    this.isParked = true;
    if (!actor.canStep()) return false;
    this.unpark();
    return true;
  }

  private unpark(): void {
    this.isParked = false;
    this.setup.wakeWords.stayAwake(this.host);
    this.actor.withdrawPark();
  }

  /** True while a backup is on its way. */
  get hasShipped(): boolean {
    return this.shipped.length > 0;
  }

  /** Brings the next backup to the store. Returns its number, which the actor is to be told; undefined if there is none. */
  storeBackup(): number | undefined {
    const backup = this.shipped.shift();
    if (backup === undefined) return undefined;
    this.setup.store?.write(this.name, backup);
    return backup.sequence;
  }

  /** What is restored from: the last backup in the store. */
  lastBackup(): NonNullable<Resumption['restore']> {
    return { checkpoint: this.setup.store?.read(this.name) };
  }

  /** Backups that are on their way never arrive. */
  loseBackups(): void {
    this.shipped = [];
  }

  /** The replica is gone, and its backups with it. */
  removeBackups(): void {
    this.loseBackups();
    this.setup.store?.remove(this.name);
  }

  private get name(): string {
    const { stage, replica } = this.memory;
    return `${stage}/${replica}`;
  }

  /** Reads the dead letters that are committed. Returns true if there were any. */
  drainLetters(take: (letter: DrivenLetter) => void): boolean {
    const { letters, setup } = this;
    if (letters === undefined) return false;
    return letters.drain(
      ({ operator, replica, body }) => take({ operator, replica, ...openLetter(body) }),
      setup.wakeWords,
    );
  }
}
