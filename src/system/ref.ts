// References to actors: values that address an actor from anywhere, with a function for each of its messages.
// Promises: telling and asking go through whoever is at work in the thread: the handler that runs, or the app's system.
// Relies on: Post, which both of them are.

import { AsyncLocalStorage } from 'node:async_hooks';
import { errors } from '../errors.ts';
import { generate } from '../mailbox/codegen.ts';
import { nearest } from '../options/nearest.ts';
import type { AnyActor, MessageOf, MessageShapes, MessagesOf, ReplyOf } from './definition.ts';
import type { LoadedActor, LoadedMessage } from './loaded-actor.ts';
import { MailKind } from './mail.ts';

/** How an actor that is watched has ended. */
export interface Ended {
  /** Which one. */
  readonly ref: ActorRef<AnyActor>;
  /** Why: 'stopped', 'failed', 'gone' if it was not there, or what a parent's end says. */
  readonly reason: string;
}

/** How long an answer is waited for. */
export interface AskOptions {
  /** Milliseconds, above 0; Infinity waits for ever. Default: 5,000. */
  readonly timeoutMs?: number;
  /** Gives the ask up when it is aborted. */
  readonly signal?: AbortSignal;
}

export const ASK_OPTIONS = ['timeoutMs', 'signal'];
const STOP_REF_OPTIONS = ['now'];

/** @throws MillraceError BAD_OPTION for what is no object, or has a name that is not known */
export function checkKeys(where: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null) throw errors.badOption('options', options, 'an object', where);
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) throw errors.unknownOption(where, name, known, nearest(name, known));
  }
}

/** @throws MillraceError BAD_OPTION */
export function checkRef(ref: unknown, where: string): Ref {
  if (!(ref instanceof Ref)) throw errors.badOption('ref', ref, 'a reference to an actor', where);
  return ref;
}

/** Tells: what the app gets back waits for room, if there is none; an actor gets nothing back. */
export type Tell<Messages extends MessageShapes> = {
  readonly [Name in keyof Messages as ReplyOf<Messages[Name]> extends undefined ? Name : never]: (
    message: MessageOf<Messages[Name]>,
  ) => Promise<void> | undefined;
};

/** Asks: the answer, or undefined once a message without an answer is handled. */
export type Ask<Messages extends MessageShapes> = {
  readonly [Name in keyof Messages]: (
    message: MessageOf<Messages[Name]>,
    options?: AskOptions,
  ) => Promise<ReplyOf<Messages[Name]>>;
};

/** A reference to an actor: a value that may be kept, sent and compared by `equals`. */
export interface ActorRef<Definition extends AnyActor> {
  /** A function for each message that is told. */
  readonly tell: Tell<MessagesOf<Definition>>;
  /** A function for each message that is asked. */
  readonly ask: Ask<MessagesOf<Definition>>;
  /** The same actor as a value that may be put into any field of type string, and made a reference again by `ref(address)`. */
  readonly address: string;
  /** Ends it when the mail that it has got so far is handled; now, if `now` is true. */
  stop(options?: { readonly now?: boolean }): void;
  /** True of a reference to the same actor. */
  equals(other: ActorRef<AnyActor>): boolean;
}

/** What sends: the handler that runs, or the app. */
export interface Post {
  tell(ref: Ref, message: LoadedMessage, value: unknown): Promise<void> | undefined;
  ask(ref: Ref, message: LoadedMessage, value: unknown, options: AskOptions): Promise<unknown>;
  stop(ref: Ref, isNow: boolean): void;
  /** Has an actor join a group, or leave it. */
  member(kind: number, group: Ref, member: Ref): void;
}

/** The handler that is at work in this thread, if it runs without awaiting. */
let atWork: Post | undefined;
/** The async handler whose continuation runs. */
const awaiting = new AsyncLocalStorage<Post>();
let mayAwait = false;

/** Says who is at work; returns who was. */
export function workAs(post: Post | undefined): Post | undefined {
  const before = atWork;
  atWork = post;
  return before;
}

/** Runs an async handler: what it does after awaiting is still its own. */
export function awaitAs<Result>(post: Post, run: () => Result): Result {
  mayAwait = true;
  return awaiting.run(post, run);
}

/** The post of the handler that is at work. */
const postAtWork = (): Post | undefined => atWork ?? (mayAwait ? awaiting.getStore() : undefined);

/** A reference as the library sees it. */
export class Ref implements ActorRef<AnyActor> {
  readonly id: number;
  /** The life that is meant; 0 for whichever. */
  readonly life: number;
  /** The key of a virtual actor; '' of others. */
  readonly key: string;
  readonly loaded: LoadedActor;
  /** The app's system; undefined on a worker. */
  readonly home: Post | undefined;
  /** What its messages are sent as: to an actor, or to one or all of a group. */
  readonly kind: number;
  private tells: Tell<MessageShapes> | undefined;
  private asks: Ask<MessageShapes> | undefined;

  constructor(
    loaded: LoadedActor,
    id: number,
    life: number,
    key: string,
    home: Post | undefined,
    kind: number = MailKind.message,
  ) {
    this.loaded = loaded;
    this.id = id;
    this.life = life;
    this.key = key;
    this.home = home;
    this.kind = kind;
  }

  /** The same receiver, and another way to it. */
  as(kind: number, key: string): Ref {
    return new Ref(this.loaded, this.id, this.life, key, this.home, kind);
  }

  get tell(): Tell<MessageShapes> {
    this.tells ??= new this.loaded.Tells(this) as Tell<MessageShapes>;
    return this.tells;
  }

  get ask(): Ask<MessageShapes> {
    this.asks ??= new this.loaded.Asks(this) as Ask<MessageShapes>;
    return this.asks;
  }

  get address(): string {
    return `${this.loaded.system}/${this.loaded.index}/${this.id}/${this.life}/${this.key}`;
  }

  /** As errors call it. */
  get text(): string {
    const { loaded, key, id } = this;
    if (loaded.isInbox) return `inbox '${loaded.name}'`;
    return key === '' ? `actor '${loaded.name}' ${id}` : `actor '${loaded.name}' '${key}'`;
  }

  /** @throws MillraceError OUTSIDE_OF_ACTOR */
  get post(): Post {
    const post = postAtWork() ?? this.home;
    if (post === undefined) throw errors.outsideOfActor(this.text);
    return post;
  }

  stop(options: { readonly now?: boolean } = {}): void {
    checkKeys('stop()', options, STOP_REF_OPTIONS);
    this.post.stop(this, options.now === true);
  }

  equals(other: ActorRef<AnyActor>): boolean {
    return other instanceof Ref && other.id === this.id && other.life === this.life && other.home === this.home;
  }

  toString(): string {
    return this.text;
  }

  toJSON(): string {
    return this.address;
  }
}

/**
 * Generates the class of what tells, or asks, the messages of an actor. Getters of functions, not methods: these can be taken out of it,
 * as in `const { deposit } = ref.tell`, and where they are called at once no function is made.
 */
export function sendersOf(
  actor: string,
  messages: readonly LoadedMessage[],
  way: 'tell' | 'ask',
): new (
  ref: Ref,
) => object {
  const methods = messages
    .filter(({ hasReply }) => way === 'ask' || !hasReply)
    .map(({ name, index }) =>
      way === 'tell'
        ? `get ${name}() { const ref = this['@ref']; return (m) => ref.post.tell(ref, messages[${index}], m); }`
        : `get ${name}() { const ref = this['@ref']; return (m, options = {}) => ref.post.ask(ref, messages[${index}], m, options); }`,
    );
  return generate(
    `${actor}/${way}`,
    { messages },
    `return class ${way} { constructor(ref) { this['@ref'] = ref; }\n${methods.join('\n')}\n};`,
  );
}
