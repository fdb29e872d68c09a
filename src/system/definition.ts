// actor(): what an app declares of an actor, and the types that follow from it.
// Promises: messages, replies, state and arguments are inferred; every mistake that can be seen without a message is a typed error
// at the declaration.

import { errors } from '../errors.ts';
import { moduleUrlOf } from '../flow/module-exports.ts';
import { type Field, Schema, type Shape, type TupleOf, type ValueOf } from '../mailbox/schema.ts';
import { checkOptions } from '../options/check.ts';
import { choice, integer, number } from '../options/kinds.ts';
import { nearest } from '../options/nearest.ts';
import type { Checked, Given } from '../options/option.ts';
import { refuseSurplus } from '../surplus.ts';
import type { ActorContext } from './context.ts';
import { MESSAGES_MAX } from './mail.ts';
import { methodOf } from './methods.ts';
import type { Ended } from './ref.ts';

/** The fields of a message; `reply` are those of its answer. */
export type MessageShape = Readonly<Record<string, Field<unknown> | Shape>> & { readonly reply?: Shape };
export type MessageShapes = Readonly<Record<string, MessageShape>>;

/** The plain object that a message is. */
export type MessageOf<M> = {
  -readonly [Name in keyof M as M[Name] extends Field<unknown> ? Name : never]: ValueOf<M[Name]>;
};

/** The plain object that its answer is; undefined if it has none. */
export type ReplyOf<M> = M extends { readonly reply: infer R extends Shape } ? TupleOf<R> : undefined;

/** What a handler returns: the reply, or undefined where there is none, or it was given by `reply()`. */
export type Answer<M> = ReplyOf<M> extends undefined ? undefined : ReplyOf<M> | undefined;

/** What handles one message: its answer is what it returns, if it has one. An async function may await; the actor's next message waits. */
type Handler<M, State extends Shape, Messages extends MessageShapes> = (
  message: MessageOf<M>,
  state: TupleOf<State>,
  context: ActorContext<Messages, ReplyOf<M>>,
  // biome-ignore lint/suspicious/noConfusingVoidType: the type of functions that return nothing
) => Answer<M> | void | Promise<Answer<M> | void>;

/** What handles each message of an actor: what a class of handlers implements. */
export type ActorHandlers<Messages extends MessageShapes, State extends Shape = Record<never, never>> = {
  readonly [Name in keyof Messages]: Handler<Messages[Name], State, Messages>;
};

export const ACTOR_SUPERVISION = {
  /** Which children a failure is for: 'one_for_one', 'one_for_all' or 'rest_for_one'. Default: `one_for_one`. */
  strategy: choice(['one_for_one', 'one_for_all', 'rest_for_one'], {
    help: 'which children a failure is for',
    default: 'one_for_one',
  }),
  /** What is done: 'restart', 'resume', 'stop' or 'escalate'. Default: `restart`. */
  directive: choice(['restart', 'resume', 'stop', 'escalate'], { help: 'what is done', default: 'restart' }),
  /**
   * Most failures within `periodMs`; one more, and the supervisor fails itself: an integer from 0 to 1000000. Default:
   * 3.
   */
  intensity: integer({
    help: 'most failures within `periodMs`; one more, and the supervisor fails itself',
    from: 0,
    to: 1_000_000,
    default: 3,
  }),
  /** The time that `intensity` is about: milliseconds above 0, at most 86400000. Default: 5,000. */
  periodMs: number({
    help: 'the time that `intensity` is about',
    unit: 'milliseconds',
    above: 0,
    to: 86_400_000,
    default: 5000,
  }),
  /**
   * How long the first restart waits; each further one within the period twice as long: milliseconds from 0 to
   * 86400000. Default: 0.
   */
  backoffMs: number({
    help: 'how long the first restart waits; each further one within the period twice as long',
    unit: 'milliseconds',
    from: 0,
    to: 86_400_000,
    default: 0,
  }),
};

export const ACTOR_MAILBOX = {
  /**
   * Messages that may wait while a handler awaits, or a restart: an integer from 1 to 1000000000, or Infinity. Default:
   * Infinity.
   */
  capacity: integer({
    help: 'messages that may wait while a handler awaits, or a restart',
    from: 1,
    to: 1_000_000_000,
    orInfinity: true,
    default: Number.POSITIVE_INFINITY,
  }),
  /**
   * Which one is left out when one more comes, or whether the app waits: 'dropNewest', 'dropOldest' or 'wait'. Default:
   * `dropNewest`.
   */
  full: choice(['dropNewest', 'dropOldest', 'wait'], {
    help: 'which one is left out when one more comes, or whether the app waits',
    default: 'dropNewest',
  }),
};

/** How much mail may wait for an actor. */
export interface ActorMailbox extends Given<typeof ACTOR_MAILBOX> {}

/** How a parent supervises its children. */
export interface ActorSupervision extends Given<typeof ACTOR_SUPERVISION> {}

export type CheckedActorSupervision = Checked<typeof ACTOR_SUPERVISION>;

/** What an actor is made of. */
export interface ActorParts<Messages extends MessageShapes, State extends Shape, Args extends Shape> {
  /** Its messages: fields by name, and `reply` for the fields of an answer. */
  readonly messages: Messages;
  /** Fields of its state: they begin as 0, '', false or null, and survive crashes. */
  readonly state?: State;
  /** Fields of what it is spawned with. */
  readonly args?: Args;
  /** What handles each message: an object of functions, or one of a class with these methods. */
  readonly receive: ActorHandlers<NoInfer<Messages>, NoInfer<State>>;
  /** Other handlers, by the name that `context.become(name)` takes: those of `receive` hold for what a behaviour leaves out. */
  readonly behaviours?: Readonly<Record<string, Partial<ActorHandlers<NoInfer<Messages>, NoInfer<State>>>>>;
  /** Runs before the first message, at each restart, and when a virtual actor that has rested wakes. */
  readonly start?: (
    args: TupleOf<NoInfer<Args>>,
    state: TupleOf<NoInfer<State>>,
    context: ActorContext<NoInfer<Messages>, undefined>,
  ) => void | Promise<void>;
  /** Runs when the actor ends, after its children have. */
  readonly stop?: (
    state: TupleOf<NoInfer<State>>,
    context: ActorContext<NoInfer<Messages>, undefined>,
  ) => void | Promise<void>;
  /** Told of the end of an actor that it watches. */
  readonly ended?: (
    ended: Ended,
    state: TupleOf<NoInfer<State>>,
    context: ActorContext<NoInfer<Messages>, undefined>,
  ) => void | Promise<void>;
  /**
   * Of virtual actors: how long one has nothing to do before it rests, in milliseconds above 0; Infinity if it rests only by
   * `context.rest()`. `rest` runs then, and before its next message `start`. Its state and its timers stay. Default: never.
   */
  readonly restAfterMs?: number;
  /** Runs when a virtual actor has had nothing to do for `restAfterMs`: lets go what it has besides its state. */
  readonly rest?: (
    state: TupleOf<NoInfer<State>>,
    context: ActorContext<NoInfer<Messages>, undefined>,
  ) => void | Promise<void>;
  /** How much mail may wait for it. What is left out is a dead letter, and its ask fails with `MAILBOX_FULL`. */
  readonly mailbox?: ActorMailbox;
  /** How it supervises its children. */
  readonly supervision?: ActorSupervision;
}

/** Marks values of actor() and inbox(), so that a worker finds them among a module's exports. */
export const ACTOR = Symbol.for('millrace.actor');

// Variance is said: what the compiler finds out of it depends on the order in which it comes to types.
/** An actor: export it from the module whose URL it was declared with. */
export interface ActorDefinition<
  in out Messages extends MessageShapes = MessageShapes,
  in out State extends Shape = Shape,
  in out Args extends Shape = Shape,
> {
  /** @internal */
  readonly [ACTOR]: true;
  /** `import.meta.url` of the module that exports it. */
  readonly moduleUrl: string;
  /** Unique within the module. */
  readonly name: string;
  /** @internal */
  readonly parts: ActorParts<Messages, State, Args>;
}

/** An inbox: an actor that the app is, as `system.open()` makes it. Its messages are handled in the app's thread. */
export interface InboxDefinition<Messages extends MessageShapes = MessageShapes>
  extends ActorDefinition<Messages, Record<never, never>, Record<never, never>> {
  /** Where it is: the app has it. */
  readonly place: 'app';
}

// biome-ignore lint/suspicious/noExplicitAny: of whatever messages, state and arguments, in which handlers are contravariant
export type AnyActor = ActorDefinition<any, any, any>;

// biome-ignore lint/suspicious/noExplicitAny: of whatever messages
export type AnyInbox = InboxDefinition<any>;

/** What is spawned, or got by its key: an inbox is opened by the app instead. */
export type Spawnable<Definition> = Definition extends AnyInbox ? never : Definition;

export const isInbox = (definition: AnyActor): definition is AnyInbox =>
  (definition as Partial<AnyInbox>).place === 'app';

export type MessagesOf<Definition> =
  Definition extends ActorDefinition<infer Messages, infer _S, infer _A> ? Messages : never;
export type ArgsOf<Definition> =
  Definition extends ActorDefinition<infer _M, infer _S, infer Args> ? TupleOf<Args> : never;

export type StateOf<Definition> =
  Definition extends ActorDefinition<infer _M, infer State, infer _A> ? TupleOf<State> : never;

export const isActor = (value: unknown): value is AnyActor =>
  typeof value === 'object' && value !== null && (value as Partial<AnyActor>)[ACTOR] === true;

const NAME = /^[A-Za-z_$][\w$]*$/;
/** Milliseconds beyond which a double is no longer exact. */
const REST_AFTER_MS_MAX = 2 ** 53;

/** What may have been meant by a name that nobody knows. */
function meant(name: string, known: readonly string[]): string | undefined {
  const near = nearest(name, known);
  return near && `did you mean '${near}'?`;
}

const KNOWN_PARTS = [
  'messages',
  'state',
  'args',
  'receive',
  'behaviours',
  'start',
  'stop',
  'ended',
  'restAfterMs',
  'rest',
  'mailbox',
  'supervision',
];

/** The fields of a message, and those of its answer. */
export function splitMessage(shape: MessageShape): { fields: Shape; reply: Shape | undefined } {
  const { reply, ...fields } = shape;
  return { fields: fields as Shape, reply: reply as Shape | undefined };
}

function checkShape(shape: unknown, where: string): void {
  if (typeof shape !== 'object' || shape === null)
    throw errors.badActor(where, `has ${String(shape)} where an object of fields is due`);
  if (Object.keys(shape).length > 0) Schema.of(shape as Shape, where);
}

/**
 * Checks what a definition is found by, and gives the URL of its module.
 * @throws MillraceError BAD_OPTION
 */
export function identityOf(moduleUrl: unknown, name: unknown): string {
  const url = moduleUrlOf(moduleUrl);
  if (url === undefined) throw errors.badModuleUrl('actor', moduleUrl);
  if (typeof name !== 'string' || name === '') throw errors.badOption('name', name, 'a string that is not empty');
  return url;
}

/** Checks the messages of an actor, and returns their names. @throws MillraceError BAD_ACTOR, BAD_SCHEMA */
export function checkMessages(actor: string, messages: MessageShapes): string[] {
  if (typeof messages !== 'object' || messages === null)
    throw errors.badActor(actor, 'has no messages: give it an object of them');
  const names = Object.keys(messages);
  if (names.length > MESSAGES_MAX)
    throw errors.badActor(actor, `has ${names.length} messages; at most ${MESSAGES_MAX}`);
  for (const message of names) {
    if (!NAME.test(message)) throw errors.badActor(actor, `has a message '${message}': use letters, digits, _ and $`);
    const { fields, reply } = splitMessage(messages[message]);
    checkShape(fields, `'${message}' of actor '${actor}'`);
    if (reply !== undefined) checkShape(reply, `the reply to '${message}' of actor '${actor}'`);
  }
  return names;
}

/**
 * Declares an actor.
 * @param moduleUrl `import.meta.url` of the module that exports it: workers import it when the first one is spawned
 * @param name unique within the module
 * @throws MillraceError BAD_OPTION, BAD_ACTOR, BAD_SCHEMA
 */
export function actor<
  const Messages extends MessageShapes,
  State extends Shape = Record<never, never>,
  Args extends Shape = Record<never, never>,
>(
  moduleUrl: string,
  name: string,
  parts: ActorParts<Messages, State, Args>,
  ...surplus: readonly never[]
): ActorDefinition<Messages, State, Args> {
  refuseSurplus('actor(moduleUrl, name, parts)', 3, surplus);
  const url = identityOf(moduleUrl, name);
  if (typeof parts !== 'object' || parts === null)
    throw errors.badActor(name, 'is declared without parts: give it messages and receive');
  for (const part of Object.keys(parts)) {
    if (!KNOWN_PARTS.includes(part))
      throw errors.badActor(
        name,
        `has no part '${part}': ${meant(part, KNOWN_PARTS) ?? `give it ${KNOWN_PARTS.join(', ')}`}`,
      );
  }
  const { messages, state = {}, args = {}, receive, behaviours = {} } = parts;
  if (typeof behaviours !== 'object' || behaviours === null)
    throw errors.badActor(name, 'has behaviours that are no object of handlers');
  const names = checkMessages(name, messages);
  if (typeof receive !== 'object' || receive === null)
    throw errors.badActor(name, 'has no receive: give it an object of handlers');
  for (const message of names) {
    if (methodOf(receive, message) === undefined)
      throw errors.badActor(name, `has no handler of '${message}': add it to receive`);
  }
  const { start, stop, ended, rest, restAfterMs } = parts;
  const handlers = [receive, ...Object.values(behaviours)].flatMap((each) =>
    names.map((message) => [message, methodOf(each, message)] as const),
  );
  for (const [handler, call] of [...handlers, ...Object.entries({ start, stop, ended, rest })]) {
    if (/Generator/.test(Object.prototype.toString.call(call))) {
      throw errors.badActor(
        name,
        `has a generator as '${handler}', which nobody iterates: make it a function, or an async one`,
      );
    }
  }
  for (const [behaviour, handlers] of [['receive', receive], ...Object.entries(behaviours)] as const) {
    for (const message of Object.keys(handlers as object)) {
      if (Object.getPrototypeOf(handlers) !== Object.prototype && methodOf(handlers, message) === undefined)
        throw errors.badActor(
          name,
          `keeps '${message}' in an object of ${behaviour}, where a crash loses it: declare it in state`,
        );
      if (!names.includes(message))
        throw errors.badActor(
          name,
          `handles '${message}' in ${behaviour}, which is none of its messages: ${meant(message, names) ?? 'declare it'}`,
        );
    }
  }
  for (const hook of ['start', 'stop', 'ended', 'rest'] as const) {
    if (parts[hook] !== undefined && typeof parts[hook] !== 'function')
      throw errors.badActor(name, `has a '${hook}' that is no function`);
  }
  const isDelay =
    typeof restAfterMs === 'number' &&
    restAfterMs > 0 &&
    (restAfterMs <= REST_AFTER_MS_MAX || restAfterMs === Number.POSITIVE_INFINITY);
  if (restAfterMs !== undefined && !isDelay)
    throw errors.badActor(
      name,
      `has ${String(restAfterMs)} as restAfterMs: give it milliseconds above 0, at most ${REST_AFTER_MS_MAX}, or Infinity`,
    );
  if (rest !== undefined && restAfterMs === undefined)
    throw errors.badActor(
      name,
      "has a 'rest' that nobody calls: give it restAfterMs, too, or Infinity in it if it rests by context.rest() only",
    );
  checkShape(state, `the state of actor '${name}'`);
  checkShape(args, `the args of actor '${name}'`);
  checkOptions(`actor '${name}'`, ACTOR_MAILBOX, parts.mailbox ?? {}, 'mailbox');
  checkOptions(`actor '${name}'`, ACTOR_SUPERVISION, parts.supervision ?? {}, 'supervision');
  return { [ACTOR]: true, moduleUrl: url, name, parts };
}
