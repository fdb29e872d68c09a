// A running system of actors, as the app sees it.
// Promises: stop() lets all actors handle the mail that they have got, ends children before parents, and ends the threads; whatever
// the outcome, no thread is left.

import { availableParallelism } from 'node:os';
import { errors, fromRecord, MillraceError } from '../../errors.ts';
import { SYSTEM, type SystemHandle } from '../../flow/bridge.ts';
import { checkOptions } from '../../options/check.ts';
import { type Clock, sleep, systemClock } from '../../platform/clock.ts';
import type { Job } from '../../supervisor/job/job-api.ts';
import type { NoticeOption } from '../../supervisor/job/notices/notices.ts';
import type { RunningJob } from '../../supervisor/job/running-job.ts';
import { between, type OperatorRates } from '../../supervisor/readings/between.ts';
import type { JobReading } from '../../supervisor/readings/job-reading.ts';
import { refuseSurplus } from '../../surplus.ts';
import { isWorkerThread } from '../../workers/worker-thread.ts';
import { checkName, idFound, idOfGroup, idOfKey, isOfInbox, parseAddress, refuseInbox } from '../addresses.ts';
import type { ActorSpace, SpawnOptions } from '../context.ts';
import { controlIds } from '../control-ids.ts';
import type { AnyActor, AnyInbox, ArgsOf, MessagesOf, Spawnable } from '../definition.ts';
import { Definitions } from '../definitions.ts';
import { type ActorGroup, Group } from '../group.ts';
import { definitionOf, type Mail, MailKind, messageOf } from '../mail.ts';
import { Placement } from '../placement.ts';
import { type ActorRef, checkKeys, checkRef, type Ended, Ref } from '../ref.ts';
import { packError, unpackRest } from '../slots.ts';
import { ACTORS, FROM_APP, type SystemParams, systemFlow, TO_APP } from '../system-flow.ts';
import { STOP_OPTIONS, type StopOptions, SYSTEM_OPTIONS, type SystemOptions, scalingOf } from '../system-options.ts';
import type { SystemRules } from '../worker/desk.ts';
import { idBeside } from '../worker/work-context.ts';
import { AppPost } from './app-post.ts';
import { FlowPost } from './flow-post.ts';
import { IdleShare, type ReplicaLook } from './idle-share.ts';
import { Inboxes } from './inboxes.ts';
import { Logger, type LoggerOption, logRules } from './logger.ts';
import type { AnyHandlers, Inbox, InboxHandlers } from './open-inbox.ts';
import { type SpawnGround, spawnOn } from './spawning.ts';
import { SystemEvents, type SystemEventType, type SystemOccurrences } from './system-events.ts';

/** A running system of actors. Left at the end of `await using system = …`, it is stopped. */
export interface ActorSystem extends ActorSpace, AsyncDisposable, SystemHandle {
  /**
   * Opens an inbox: its handlers run in the app's thread, one message after the other.
   * @throws MillraceError NAME_TAKEN, BAD_ACTOR, BAD_OPTION, SYSTEM_STOPPED
   */
  open<Definition extends AnyInbox>(
    definition: Definition,
    handlers: InboxHandlers<MessagesOf<Definition>>,
    options?: OpenOptions,
  ): Inbox<Definition>;
  /** Resolves when an actor has ended, at once if it is not there. */
  watch(ref: ActorRef<AnyActor>): Promise<Ended>;
  /** Calls `listener` with each event of a type; returns what ends that. */
  on<Type extends SystemEventType>(type: Type, listener: (event: SystemOccurrences[Type]) => void): () => void;
  /** Counts: see docs/actors.md. */
  metrics(): Promise<SystemMetrics>;
  /** The job that the system is: its counts and times, its workers, its crashes. */
  readonly job: Pick<Job, 'reading' | 'topology' | 'workers' | 'killWorker' | 'on' | 'events' | 'done'>;
  /**
   * Ends all actors when the mail that they have got is handled, children before parents, and then the threads.
   * @throws MillraceError STOP_TIMEOUT if some had not ended in time; the threads are gone all the same
   */
  stop(options?: StopOptions): Promise<void>;
}

/** Options of `system.open()`. */
export interface OpenOptions {
  /** By which `find()` gives its reference; without one it is reached by `inbox.ref` only. */
  readonly name?: string;
}

const OPEN_OPTIONS = ['name'];

/** What `system.metrics()` tells. */
export interface SystemMetrics {
  /** Actors that are there, virtual ones included. */
  readonly actors: number;
  /** Those of them that rest: virtual ones that had nothing to do for `restAfterMs`. */
  readonly resting: number;
  /** Mail that nobody has handled. */
  readonly deadLetters: number;
  /** Failures of actors. */
  readonly failures: number;
  /** Asks of the app that wait for an answer. */
  readonly asks: number;
  /** Answers that nobody waited for any more: of asks that were given up, and second ones. */
  readonly lateAnswers: number;
  /** What the job has counted: `processed` of its operator is mail. */
  readonly job: JobReading;
}

/** How long an answer to a request of the system's own is waited for before it is asked again: a worker may have died with it. */
const ASK_AGAIN_MS = 500;

/** What key groups have. */
type ActorCounts = Pick<SystemMetrics, 'actors' | 'resting'>;

/** Of a system that has ended, or does not answer in time. */
const UNKNOWN: ActorCounts = { actors: Number.NaN, resting: Number.NaN };

/** Of an error that travels: what is larger loses its stacks, and then its causes. */
const ERROR_BYTES_MAX = 1 << 16;

/** A system over a job that runs. */
export class RunningSystem implements ActorSystem {
  readonly job: ActorSystem['job'];
  readonly #job: Job;
  readonly #definitions: Definitions;
  readonly #post: AppPost;
  readonly #events: SystemEvents;
  readonly #controls: readonly number[];
  readonly #errorBytes: number;
  readonly #clock: Clock;
  readonly #inboxes: Inboxes;
  readonly #logger: Logger;
  /** Where unnamed actors begin; undefined if there is one worker. */
  readonly #idleShare: IdleShare | undefined;
  readonly [SYSTEM]: FlowPost;
  #stopped: Promise<void> | undefined;
  /** True once the job has ended, however it has. */
  #isOver = false;

  constructor(
    job: Job,
    { definitions, rules, workers }: SystemParams,
    notices: NoticeOption,
    logger: LoggerOption,
    clock = systemClock,
  ) {
    this.#logger = new Logger(rules.log, logger);
    this.#job = job;
    this.#clock = clock;
    this.#errorBytes = rules.errorBytes;
    this.#controls = controlIds();
    this.job = job;
    this.#definitions = Definitions.over(definitions);
    this.#events = new SystemEvents(clock, notices);
    const post = new AppPost(
      job.input(FROM_APP) as never,
      clock,
      (mail) => this.#inboxes.take(mail),
      (mail) => this.#late(mail),
      (letter) => this.#deadLetter(letter),
    );
    this.#post = post;
    this.#inboxes = new Inboxes(this.#definitions, {
      post,
      errorBytes: rules.errorBytes,
      send: (mail) => {
        // Of a system that has ended nobody waits for it.
        if (!this.#isOver) post.send(mail);
      },
      deadLetter: (letter) => this.#deadLetter(letter),
      failed: (inbox, error) => {
        const event = { actor: inbox, error, decision: 'resume' };
        this.#events.announce('actorFailed', event, () => `${inbox} failed: ${error.message}`);
      },
    });
    if (workers > 1) this.#idleShare = idleShareOf(job, clock);
    this[SYSTEM] = new FlowPost(this.#definitions, post, this.#inboxes);
    job.on('handOver', ({ from, to, groups, tookMs }) => {
      this.#events.announce('moved', { from: this.#workerOf(from), to: this.#workerOf(to), groups, tookMs });
    });
    void this.#readAnswers();
    void this.#readLetters();
    job.done.catch((error: unknown) => {
      this.#isOver = true;
      const isStopped = error instanceof MillraceError && error.code === 'JOB_CANCELLED';
      const why = isStopped ? errors.systemStopped() : (error as Error);
      this.#post.end(why);
      this[SYSTEM].end(why);
      this.#inboxes.end();
      this.#logger.end();
    });
  }

  /** The worker of a replica. A replica that is being taken over has none: by its own number, which is that of its first worker. */
  #workerOf(replica: number): number {
    const isIts = (actor: { operator: string; replica: number }): boolean =>
      actor.operator === ACTORS && actor.replica === replica;
    return this.#job.workers().find(({ actors }) => actors.some(isIts))?.worker ?? replica;
  }

  async #readAnswers(): Promise<void> {
    try {
      for await (const batch of this.#job.output(TO_APP).batches()) for (const mail of batch) this.#take(mail as Mail);
    } catch {
      // job.done tells why.
    }
  }

  #take(mail: Mail): void {
    if (isOfInbox(mail.to)) void this.#inboxes.take(mail);
    else if (mail.kind === MailKind.deadLetter) this.#deadLetter(mail);
    else if (mail.kind === MailKind.failed) this.#failed(mail);
    else if (mail.kind === MailKind.probe) this.#post.probed(mail);
    else this.#post.answered(mail);
  }

  #text(type: number, id: number): string {
    const { name, isInbox = false } = this.#definitions.at(definitionOf(type)) ?? {};
    if (isInbox) return `inbox '${name}'`;
    return name === undefined ? `actor ${id}` : `actor '${name}' ${id}`;
  }

  #deadLetter({ type, from, fromType, n0, text }: Mail): void {
    const message = this.#definitions.at(definitionOf(type))?.messages[messageOf(type)]?.name ?? `message ${type}`;
    const to = this.#text(type, n0);
    const sender = from === 0 ? 'the app' : this.#text(fromType, from);
    const event = { message, to, from: sender, reason: text };
    this.#events.announce('deadLetter', event, () => `'${message}' from ${sender} to ${to} was not handled: ${text}`);
  }

  #late({ kind, from, fromType, n0 }: Mail): void {
    const to = kind === MailKind.late ? this.#text(0, n0) : 'the app';
    const event = { from: from === 0 ? 'the app' : this.#text(fromType, from), to };
    this.#events.announce('lateAnswer', event);
  }

  #failed({ from, fromType, key, text, rest }: Mail): void {
    const error = fromRecord(unpackRest(rest) as never);
    const who = this.#text(fromType, from);
    const actor = key === '' ? who : `${who} '${key}'`;
    this.#events.announce(
      'actorFailed',
      { actor, error, decision: text },
      () => `${actor} failed (${text}): ${error.message}`,
    );
  }

  /** Mail that the runtime has left out, since it killed its worker whenever it was tried. */
  async #readLetters(): Promise<void> {
    for await (const { operator, tuple, error } of this.#job.deadLetters) {
      const mail = tuple as Partial<Mail> | null;
      if (operator !== ACTORS || typeof mail?.to !== 'number' || this.#stopped !== undefined) continue;
      try {
        this.#post.killed(mail as Mail, packError(error, this.#errorBytes));
      } catch {
        // The system is stopping.
      }
    }
  }

  open<Definition extends AnyInbox>(
    definition: Definition,
    handlers: InboxHandlers<MessagesOf<Definition>>,
    options: OpenOptions = {},
    ...surplus: readonly never[]
  ): Inbox<Definition> {
    refuseSurplus('system.open(definition, handlers, options)', 3, surplus);
    checkKeys('system.open()', options, OPEN_OPTIONS);
    if (this.#stopped !== undefined || this.#isOver) throw errors.systemStopped();
    const { messages } = this.#definitions.of(definition);
    const given = (handlers ?? {}) as AnyHandlers;
    for (const { name } of messages) {
      if (typeof given[name] !== 'function')
        throw errors.badActor(definition.name, `has no handler of '${name}': give system.open() one`);
    }
    for (const name of Object.keys(given)) {
      if (messages.every((each) => each.name !== name))
        throw errors.badActor(definition.name, `handles '${name}', which is none of its messages: declare it`);
    }
    const inbox = this.#inboxes.add(definition, given, options.name);
    return {
      ref: this.#inboxes.ref(inbox) as never,
      closed: inbox.closed,
      close: () => {
        this.#inboxes.close(inbox);
        return inbox.closed;
      },
    };
  }

  spawn<Definition extends AnyActor>(
    definition: Definition & Spawnable<Definition>,
    options: SpawnOptions<ArgsOf<Definition>> = {},
    ...surplus: readonly never[]
  ): ActorRef<Definition> {
    refuseSurplus('system.spawn(definition, options)', 2, surplus);
    const ground: SpawnGround = {
      definitions: this.#definitions,
      post: this.#post,
      own: (ref, where) => this.#own(ref, where),
      newId: (beside) => this.#newId(beside),
      send: (...how) => this.#post.spawn(...how),
    };
    return spawnOn(ground, definition, options) as never;
  }

  /** Beside another actor, or where there is time. */
  #newId(beside: ActorRef<AnyActor> | undefined): number {
    const definitions = this.#definitions;
    if (beside !== undefined || this.#idleShare === undefined) return idBeside({ definitions }, beside);
    return this.#idleShare.id(() => definitions.takeId());
  }

  get<Definition extends AnyActor>(definition: Definition & Spawnable<Definition>, key: string): ActorRef<Definition> {
    const loaded = this.#definitions.of(definition);
    refuseInbox(loaded, 'get()');
    return new Ref(loaded, idOfKey(loaded.index, checkName('key', key, 'get()')), 0, key, this.#post) as never;
  }

  find<Definition extends AnyActor>(definition: Definition, name: string): ActorRef<Definition> {
    const loaded = this.#definitions.of(definition);
    return new Ref(loaded, idFound(loaded, name), 0, '', this.#post) as never;
  }

  group<Definition extends AnyActor>(definition: Definition, name: string): ActorGroup<Definition> {
    const loaded = this.#definitions.of(definition);
    const id = idOfGroup(loaded.index, checkName('name', name, 'group()'));
    return new Group(new Ref(loaded, id, 0, '', this.#post, MailKind.toAll), () => this.#post) as never;
  }

  ref<Definition extends AnyActor>(definition: Definition, address: string): ActorRef<Definition> {
    const { loaded, id, life, key } = parseAddress(this.#definitions, definition, address);
    return new Ref(loaded, id, life, key, this.#post) as never;
  }

  /** A reference that was made by this system. */
  #own(ref: ActorRef<AnyActor>, where: string): Ref {
    const own = checkRef(ref, where);
    if (own.home !== this.#post) throw errors.foreignRef(own.text);
    return own;
  }

  async watch(ref: ActorRef<AnyActor>): Promise<Ended> {
    return this.#post.watch(this.#own(ref, 'system.watch()'));
  }

  on(type: SystemEventType, listener: (event: never) => void): () => void {
    return this.#events.on(type, listener);
  }

  /** Asks all key groups, again and again where a worker died with the question; resolves with how many actors they have. */
  async #askGroups(kind: number, untilMs: number): Promise<number> {
    return (await this.#countGroups(kind, untilMs)).actors;
  }

  async #countGroups(kind: number, untilMs: number): Promise<ActorCounts> {
    const left = new Map(this.#controls.map((id, group) => [group, id]));
    const counts = { actors: 0, resting: 0 };
    while (left.size > 0) {
      if (this.#isOver) return UNKNOWN;
      for (const id of left.values()) {
        const of = { text: 'the system' } as Ref;
        void this.#post.control(kind, id, of).then(
          ({ group, count, resting }) => {
            if (!left.delete(group)) return;
            counts.actors += count;
            counts.resting += resting;
          },
          () => {},
        );
      }
      for (let waitedMs = 0; left.size > 0 && waitedMs < ASK_AGAIN_MS; waitedMs += 5) {
        if (this.#isOver || this.#clock.now() > untilMs) return UNKNOWN;
        await sleep(this.#clock, 5);
      }
    }
    return counts;
  }

  async metrics(): Promise<SystemMetrics> {
    const { actors, resting } = await this.#countGroups(MailKind.count, Number.POSITIVE_INFINITY);
    if (Number.isNaN(actors)) throw errors.systemStopped();
    const { deadLetter, actorFailed, lateAnswer } = this.#events.counts;
    return {
      actors,
      resting,
      deadLetters: deadLetter,
      failures: actorFailed,
      asks: this.#post.asking,
      lateAnswers: lateAnswer,
      job: this.#job.reading(),
    };
  }

  stop(options: StopOptions = {}, ...surplus: readonly never[]): Promise<void> {
    refuseSurplus('system.stop(options)', 1, surplus);
    this.#stopped ??= this.#stop(checkOptions('system.stop()', STOP_OPTIONS, options).timeoutMs);
    return this.#stopped;
  }

  async #stop(timeoutMs: number): Promise<void> {
    this.#post.close();
    const untilMs = this.#clock.now() + timeoutMs;
    while (this.#post.heldBack > 0 && !this.#isOver && this.#clock.now() < untilMs) await sleep(this.#clock, 5);
    let left = Number.NaN;
    // Mail on its way may bring virtual actors into being behind the first round.
    do {
      left = await this.#askGroups(MailKind.stopRoots, untilMs);
      if (!Number.isNaN(left)) left = await this.#askGroups(MailKind.count, untilMs);
    } while (left > 0);
    if (Number.isNaN(left) && !this.#isOver) {
      const counted = await this.#askGroups(MailKind.count, this.#clock.now() + ASK_AGAIN_MS);
      await this.#end();
      throw errors.stopTimeout(Number.isNaN(counted) ? 0 : counted, timeoutMs);
    }
    // All that actors have told the app has come, since what they counted came behind it.
    while (this.#inboxes.busy > 0 && !this.#isOver && this.#clock.now() < untilMs) await sleep(this.#clock, 5);
    const { busy } = this.#inboxes;
    await this.#end();
    if (busy > 0) throw errors.inboxStopTimeout(busy, timeoutMs);
  }

  async #end(): Promise<void> {
    await this.#job.cancel('the system has stopped');
    this.#isOver = true;
    this.#post.end(errors.systemStopped());
    this[SYSTEM].end(errors.systemStopped());
    this.#inboxes.end();
    this.#logger.end();
    this.#events.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** Looks at the replicas of a system's job. */
function idleShareOf(job: Job, clock: Clock): IdleShare {
  let before: JobReading | 'start' = 'start';
  const look = (): ReplicaLook => {
    const reading = job.reading();
    const { replicas } = between(before, reading).operators.find(({ name }) => name === ACTORS) as OperatorRates;
    before = reading;
    const busy: number[] = [];
    for (const each of replicas) busy[each.replica] = each.busy;
    return { busy, groups: (job as unknown as RunningJob).keyGroups().get(ACTORS) ?? [] };
  };
  return new IdleShare(look, () => clock.now());
}

/** What {@link actorSystem} of start-system.ts does. */
export async function startSystem(options: SystemOptions): Promise<ActorSystem> {
  if (isWorkerThread()) throw errors.runInWorker(undefined);
  const { supervision, handlerTimeoutMs, placement, logger, logLevel, ...given } = checkOptions(
    'actorSystem()',
    SYSTEM_OPTIONS,
    options,
  );
  const workers = given.workers ?? availableParallelism();
  const rules = { supervision, handlerTimeoutMs, log: logRules(logger, logLevel) };
  const params = systemParams(workers, given.ringBytes, rules, given.startTimeoutMs);
  const runOptions = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const job = await systemFlow.run({ ...runOptions, workers, scaling: scalingOf(placement), params });
  return new RunningSystem(job as unknown as Job, params, given.notices, logger);
}

/**
 * What the flow of a system is built with.
 * @param system the number of the system; by default one by chance
 */
export function systemParams(
  workers: number,
  ringBytes: number,
  rules: Pick<SystemRules, 'supervision' | 'handlerTimeoutMs' | 'log'>,
  startTimeoutMs: number,
  system?: number,
): SystemParams {
  const errorBytes = Math.min(ERROR_BYTES_MAX, ringBytes / 8);
  return {
    workers,
    definitions: Definitions.allocate(system),
    rules: { ...rules, errorBytes, startTimeoutMs },
    placement: Placement.allocate(workers),
  };
}
