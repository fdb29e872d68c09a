// testSystem(): a system of actors in this thread, for tests: all handlers run here, one after the other, and time passes only as the
// test says.
// Promises: actors are handled by the code that handles them on workers; the same calls give the same run. A call resolves when nothing
// is left to do at its time.
// Relies on: one test at a time uses it; handlers that await something outside settle by themselves.

import { errors, fromRecord } from '../../errors.ts';
import { checkOptions } from '../../options/check.ts';
import type { Checked } from '../../options/option.ts';
import { refuseSurplus } from '../../surplus.ts';
import {
  checkName,
  idFound,
  idOfGroup,
  idOfKey,
  isOfInbox,
  parseAddress,
  refuseInbox,
} from '../../system/addresses.ts';
import { deadLetterOf, endedOf, failureOf } from '../../system/answers.ts';
import { AppPost } from '../../system/app/app-post.ts';
import { type SpawnGround, spawnOn } from '../../system/app/spawning.ts';
import type { ActorSpace, SpawnOptions } from '../../system/context.ts';
import type { AnyActor, ArgsOf, Spawnable } from '../../system/definition.ts';
import { type ActorGroup, Group } from '../../system/group.ts';
import type { LoadedMessage } from '../../system/loaded-actor.ts';
import type { LogLine } from '../../system/log.ts';
import { definitionOf, type Mail, MailKind, MESSAGES_MAX, messageOf } from '../../system/mail.ts';
import { type ActorRef, type AskOptions, checkKeys, checkRef, type Ended, type Post, Ref } from '../../system/ref.ts';
import { packError, unpackRest } from '../../system/slots.ts';
import type { SystemEmit } from '../../system/worker/desk.ts';
import { idBeside } from '../../system/worker/work-context.ts';
import type { DrivenLetter } from '../actor-driver.ts';
import { Random } from '../random.ts';
import { Effects } from './effects.ts';
import { type StandIn, type StandInAnswers, StandingIn } from './stand-in.ts';
import { causeOf, type ReadRow, type SiteEvents, SystemSite, turn } from './system-site.ts';
import { TEST_SYSTEM_OPTIONS, type TestSystemOptions } from './test-system-options.ts';
import { TestedActor, type TestedHome } from './tested-actor.ts';
import { VirtualClock } from './virtual-clock.ts';

/** Mail that nobody has handled. */
export interface DeadMail {
  /** The message's name. */
  readonly message: string;
  /** Whom it was for, as texts call it. */
  readonly to: string;
  /** Who sent it: an actor, or 'the test'. */
  readonly from: string;
  /** Why nobody has handled it. */
  readonly reason: string;
}

/** An actor that has failed. */
export interface FailedActor {
  /** Which one. */
  readonly ref: ActorRef<AnyActor>;
  /** With what; its `cause` is what the handler threw. */
  readonly error: Error;
  /** What is done: 'restart', 'resume', 'stop', or 'ask' where its parent decides. */
  readonly decision: string;
}

/** Options of `standIn()`. */
export interface StandInOptions<Definition extends AnyActor> {
  /** Stands in for the virtual actor with this key. */
  readonly key?: string;
  /** Stands in for the actor with this name. */
  readonly name?: string;
  /** What it answers, by message. What has no answer here is answered by `received()[i].reply()`, or not at all. */
  readonly answers?: StandInAnswers<Definition>;
}

const STAND_IN_OPTIONS = ['key', 'name', 'answers'];
/** Replicas of a system whose order is drawn. */
const DRAWN_REPLICAS = 3;
/** The number of a system that was made without a seed: addresses begin with it. */
const SYSTEM = 1;
/** Turns of the event loop after which nothing more is to be expected of promises alone. */
const QUIET_TURNS = 3;

type CheckedTestSystem = Checked<typeof TEST_SYSTEM_OPTIONS>;

/** A system of actors under test. */
export interface TestSystem extends ActorSpace {
  /** What the clock of the test shows, in milliseconds. */
  readonly nowMs: number;
  /** Looks at an actor: its state, its timers, what it has sent. */
  tested<Definition extends AnyActor>(ref: ActorRef<Definition>): TestedActor<Definition>;
  /**
   * Takes the place of an actor that is to have no part in the test: mail to it is noted, and answered as the test says.
   * @throws MillraceError BAD_OPTION, UNKNOWN_MESSAGE for an answer to a message that there is not
   */
  standIn<Definition extends AnyActor>(
    definition: Definition,
    options?: StandInOptions<Definition>,
  ): StandIn<Definition>;
  /** Resolves when an actor has ended, at once if it is not there. */
  watch(ref: ActorRef<AnyActor>): Promise<Ended>;
  /**
   * Resolves when nothing is left to do at this time.
   * @throws MillraceError NOT_SETTLED, NOT_REPEATABLE, and what would end a real system
   */
  settled(): Promise<void>;
  /** Moves the clock: what is due by then happens, in the order of time, and all that comes of it. @throws MillraceError as `settled` */
  advance(ms: number): Promise<void>;
  /** The same, to a time. @throws MillraceError BAD_OPTION for a time that is over */
  advanceTo(ms: number): Promise<void>;
  /** Mail that nobody has handled, since the last call. */
  deadLetters(): DeadMail[];
  /** Failures of actors since the last call. */
  failures(): FailedActor[];
  /** What actors have logged since the last call: lines of all levels, also of messages that have failed. */
  logged(): LogLine[];
}

export class SystemUnderTest implements TestSystem, TestedHome {
  readonly post: Post;
  readonly #options: CheckedTestSystem;
  readonly #clock: VirtualClock;
  readonly #site: SystemSite;
  readonly #app: AppPost;
  readonly #standIns = new Map<number, StandingIn>();
  readonly #effects = new Map<number, Effects>();
  readonly #letters: Mail[] = [];
  readonly #failures: Mail[] = [];
  readonly #lines: LogLine[] = [];
  #settling: Promise<unknown> = Promise.resolve();
  #failure: { readonly error: unknown } | undefined;

  constructor(options: CheckedTestSystem) {
    const { seed, startMs, ringBytes, outboxBytes, stateBytes, ...rules } = options;
    this.#options = options;
    this.#clock = new VirtualClock(startMs);
    const random = seed === undefined ? undefined : new Random(seed);
    const replicas = random === undefined ? 1 : DRAWN_REPLICAS;
    const events: SiteEvents = {
      sent: (mail) => this.#sent(mail),
      logged: (line) => void this.#lines.push(line),
      takes: (mail, emit) => this.#takes(mail, emit),
      differs: (mail, difference) => this.#differs(mail, difference),
      toApp: (mail) => this.#toApp(mail),
      letter: (letter) => this.#letter(letter),
    };
    const limits = { ringBytes, outboxBytes, stateBytes };
    this.#site = new SystemSite({ ...rules, limits }, this.#clock, replicas, SYSTEM, random, events);
    const input = { push: (mail: Mail) => void this.#site.push(mail) };
    this.#app = new AppPost(
      input,
      this.#clock,
      (mail) => this.#toInbox(mail),
      () => {},
      (letter) => this.#letters.push(letter),
    );
    this.post = {
      tell: (ref, message, value) => this.#tell(ref, message, value),
      ask: (ref, message, value, how) => this.#ask(ref, message, value, how),
      stop: (ref, isNow) => this.#doing(() => this.#app.stop(ref, isNow)),
      member: (kind, group, member) => this.#doing(() => this.#app.member(kind, group, member)),
    };
  }

  get nowMs(): number {
    return this.#clock.nowMs;
  }

  #tell(ref: Ref, message: LoadedMessage, value: unknown): Promise<void> {
    this.#doing(() => void this.#app.tell(ref, message, value));
    return this.settled();
  }

  #ask(ref: Ref, message: LoadedMessage, value: unknown, options: AskOptions): Promise<unknown> {
    this.#requireSound();
    const answered = this.#answered(this.#app.ask(ref, message, value, options));
    // Who keeps it while the clock moves may come to it later than its failure does.
    answered.catch(() => {});
    return answered;
  }

  async #answered(answer: Promise<unknown>): Promise<unknown> {
    answer.catch(() => {});
    await this.settled();
    return answer;
  }

  /** Does something that sends mail, and handles it as far as that needs no waiting. */
  #doing(action: () => void): void {
    this.#requireSound();
    this.#site.allow(this.#options.stepsMax);
    action();
    // Where the order is drawn, what is sent before the next wait is under way at once.
    if (this.#options.seed === undefined) this.#drive();
  }

  /** @throws what has ended it */
  #requireSound(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #drive(): boolean {
    return this.#orFail(() => this.#site.drive());
  }

  /** What goes wrong here is the end of the test: whatever comes after it throws the same. */
  #orFail<Result>(work: () => Result): Result {
    this.#requireSound();
    try {
      return work();
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  }

  #sent(mail: Mail): void {
    if (mail.from === 0) return;
    // Who is told to stop is told so by its id alone.
    if (mail.type === 0) mail.type = (this.#site.row(mail.to)?.definition ?? 0) * MESSAGES_MAX;
    this.effectsOf(mail.from).add(mail);
  }

  #takes(mail: Mail, emit: SystemEmit): (() => void) | undefined {
    return this.#standIns.get(mail.to)?.take(mail, emit);
  }

  #differs(mail: Mail, difference: string): void {
    const loaded = this.#site.definitions.at(this.#site.row(mail.to)?.definition ?? definitionOf(mail.type));
    const message = mail.kind === MailKind.message ? loaded?.messages[messageOf(mail.type)]?.name : undefined;
    const error = errors.actorNotRepeatable(
      loaded?.name ?? String(mail.to),
      message ?? 'start, stop or ended',
      difference,
    );
    this.#failure ??= { error };
  }

  #toApp(mail: Mail): void {
    if (isOfInbox(mail.to)) this.#toInbox(mail);
    else if (mail.kind === MailKind.deadLetter) this.#letters.push(mail);
    else if (mail.kind === MailKind.failed) this.#failures.push(mail);
    else if (mail.kind === MailKind.probe) this.#app.probed(mail);
    else this.#app.answered(mail);
  }

  /** Mail to the app: to who stands in for its inbox, or to nobody. */
  #toInbox(mail: Mail): undefined {
    const emit = { app: (answer: Mail) => this.#app.answered(answer), mail: (answer: Mail) => this.#site.push(answer) };
    const standIn = this.#standIns.get(mail.to);
    if (standIn !== undefined) standIn.take(mail, emit)();
    else if (mail.kind === MailKind.message) {
      const name = this.#site.definitions.at(definitionOf(mail.type))?.name ?? '';
      const error = errors.targetStopped(`inbox '${name}'`, 'a message', 'the test has no stand-in for it');
      if (mail.token !== 0) this.#app.send(failureOf(mail, error, this.#site.errorBytes));
      else this.#letters.push(deadLetterOf(mail, error));
    } else if (mail.kind === MailKind.watch) this.#app.send(endedOf(mail, mail.to, definitionOf(mail.type), 'gone'));
  }

  #letter(letter: DrivenLetter): void {
    const mail = letter.tuple as Partial<Mail> | null;
    if (typeof mail?.to === 'number') this.#app.killed(mail as Mail, packError(causeOf(letter), this.#site.errorBytes));
  }

  row(id: number): ReadRow | undefined {
    return this.#site.row(id);
  }

  loaded(definition: number) {
    return this.#site.definitions.at(definition);
  }

  effectsOf(id: number): Effects {
    const known = this.#effects.get(id);
    if (known !== undefined) return known;
    const effects = new Effects(this.#site.definitions, this.post);
    this.#effects.set(id, effects);
    return effects;
  }

  spawn<Definition extends AnyActor>(
    definition: Definition & Spawnable<Definition>,
    options: SpawnOptions<ArgsOf<Definition>> = {},
    ...surplus: readonly never[]
  ): ActorRef<Definition> {
    refuseSurplus('system.spawn(definition, options)', 2, surplus);
    const { definitions } = this.#site;
    const ground: SpawnGround = {
      definitions,
      post: this.post,
      own: (ref, where) => this.#own(ref, where),
      newId: (beside) => idBeside({ definitions }, beside),
      send: (...how) => this.#doing(() => this.#app.spawn(...how)),
    };
    return spawnOn(ground, definition, options) as never;
  }

  get<Definition extends AnyActor>(definition: Definition & Spawnable<Definition>, key: string): ActorRef<Definition> {
    const loaded = this.#site.definitions.of(definition);
    refuseInbox(loaded, 'get()');
    return new Ref(loaded, idOfKey(loaded.index, checkName('key', key, 'get()')), 0, key, this.post) as never;
  }

  find<Definition extends AnyActor>(definition: Definition, name: string): ActorRef<Definition> {
    const loaded = this.#site.definitions.of(definition);
    return new Ref(loaded, idFound(loaded, name), 0, '', this.post) as never;
  }

  group<Definition extends AnyActor>(definition: Definition, name: string): ActorGroup<Definition> {
    const loaded = this.#site.definitions.of(definition);
    const id = idOfGroup(loaded.index, checkName('name', name, 'group()'));
    return new Group(new Ref(loaded, id, 0, '', this.post, MailKind.toAll), () => this.post) as never;
  }

  ref<Definition extends AnyActor>(definition: Definition, address: string): ActorRef<Definition> {
    const { loaded, id, life, key } = parseAddress(this.#site.definitions, definition, address);
    return new Ref(loaded, id, life, key, this.post) as never;
  }

  /** A reference that was made by this system. */
  #own(ref: ActorRef<AnyActor>, where: string): Ref {
    const own = checkRef(ref, where);
    if (own.home !== this.post) throw errors.foreignRef(own.text);
    return own;
  }

  tested<Definition extends AnyActor>(ref: ActorRef<Definition>): TestedActor<Definition> {
    return new TestedActor(this.#own(ref as ActorRef<AnyActor>, 'system.tested()'), this);
  }

  standIn<Definition extends AnyActor>(
    definition: Definition,
    options: StandInOptions<Definition> = {},
  ): StandIn<Definition> {
    checkKeys('system.standIn()', options, STAND_IN_OPTIONS);
    const { key, name, answers = {} } = options;
    const { definitions } = this.#site;
    const loaded = definitions.of(definition);
    if (key !== undefined) refuseInbox(loaded, 'a key');
    if (key !== undefined && name !== undefined)
      throw errors.badOption('name', name, "left out where 'key' is given", 'system.standIn()');
    const idOf = (): number => {
      if (key !== undefined) return idOfKey(loaded.index, checkName('key', key, 'system.standIn()'));
      if (name !== undefined) return idFound(loaded, name);
      return loaded.isInbox ? -definitions.takeId() : definitions.takeId();
    };
    const ref = new Ref(loaded, idOf(), 0, key ?? '', this.post);
    const home = { errorBytes: this.#site.errorBytes, send: (mail: Mail) => this.#send(mail) };
    const standIn = new StandingIn(ref, answers as StandingIn['answers'], home);
    this.#standIns.set(ref.id, standIn);
    return standIn as StandIn<AnyActor> as StandIn<Definition>;
  }

  async #send(mail: Mail): Promise<void> {
    if (mail.to === 0) this.#app.answered(mail);
    else this.#doing(() => this.#site.push(mail));
    await this.settled();
  }

  async watch(ref: ActorRef<AnyActor>): Promise<Ended> {
    this.#requireSound();
    const ended = this.#app.watch(this.#own(ref, 'system.watch()'));
    await this.settled();
    return ended;
  }

  settled(): Promise<void> {
    const settling = this.#settling.then(() => this.#settle());
    this.#settling = settling.catch(() => {});
    return settling;
  }

  async #settle(): Promise<void> {
    this.#requireSound();
    const { outsideMs, restartAfterEachMessage, stepsMax } = this.#options;
    const site = this.#site;
    const untilMs = performance.now() + outsideMs;
    site.allow(stepsMax);
    for (let quiet = 0; quiet < QUIET_TURNS; ) {
      const hasMoved = this.#drive();
      const hasAdopted = await this.#orFail(() => site.adoptAll());
      await turn();
      if (hasMoved || hasAdopted) quiet = 0;
      else if (!site.awaitsOutside || performance.now() > untilMs) quiet++;
    }
    // What only handlers have named is told of in this thread, too.
    if (restartAfterEachMessage) await site.definitions.loadAll();
    this.#requireSound();
  }

  async advance(ms: number): Promise<void> {
    if (!(typeof ms === 'number' && ms >= 0 && ms < Number.POSITIVE_INFINITY))
      throw errors.badOption('ms', ms, 'milliseconds from 0 on, and not Infinity', 'advance()');
    await this.#advance(this.nowMs + ms);
  }

  async advanceTo(ms: number): Promise<void> {
    if (!(typeof ms === 'number' && ms >= this.nowMs && ms < Number.POSITIVE_INFINITY))
      throw errors.badOption('ms', ms, `milliseconds from ${this.nowMs} on, what the clock shows`, 'advanceTo()');
    await this.#advance(ms);
  }

  async #advance(toMs: number): Promise<void> {
    const clock = this.#clock;
    await this.settled();
    for (let left = this.#options.stepsMax; ; left--) {
      const dueMs = this.#site.nextAtMs;
      if (dueMs > toMs) break;
      if (left === 0) throw errors.notSettled(this.#options.stepsMax);
      clock.nowMs = Math.max(clock.nowMs, dueMs);
      clock.run();
      await this.settled();
    }
    clock.nowMs = Math.max(clock.nowMs, toMs);
    await this.settled();
  }

  #text(type: number, id: number): string {
    const name = this.#site.definitions.at(definitionOf(type))?.name;
    return name === undefined ? `actor ${id}` : `actor '${name}' ${id}`;
  }

  deadLetters(): DeadMail[] {
    return this.#letters.splice(0).map(({ type, from, fromType, n0, text }) => ({
      message: this.#site.definitions.at(definitionOf(type))?.messages[messageOf(type)]?.name ?? `message ${type}`,
      to: this.#text(type, n0),
      from: from === 0 ? 'the test' : this.#text(fromType, from),
      reason: text,
    }));
  }

  logged(): LogLine[] {
    return this.#lines.splice(0);
  }

  failures(): FailedActor[] {
    return this.#failures.splice(0).flatMap(({ from, fromType, text, rest }) => {
      const loaded = this.#site.definitions.at(definitionOf(fromType));
      if (loaded === undefined) return [];
      const ref: ActorRef<AnyActor> = new Ref(loaded, from, 0, '', this.post);
      return [{ ref, error: fromRecord(unpackRest(rest) as never), decision: text }];
    });
  }
}

export const checkTestSystemOptions = (where: string, options: TestSystemOptions): CheckedTestSystem =>
  checkOptions(where, TEST_SYSTEM_OPTIONS, options);

/**
 * A system of actors for tests: its actors run in this thread, one message after the other, in virtual time. See docs/testing.md.
 * @throws MillraceError BAD_OPTION
 */
export function testSystem(options: TestSystemOptions = {}, ...surplus: readonly never[]): TestSystem {
  refuseSurplus('testSystem(options)', 1, surplus);
  return new SystemUnderTest(checkTestSystemOptions('testSystem()', options));
}
