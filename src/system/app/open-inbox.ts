// One inbox that the app has opened: messages wait for their handlers on the app's heap, and are handled in the app's thread.
// Promises: one message at a time, in the order of arrival; the next one waits for a handler that awaits. Each ask is answered once, and
// what nobody handles is a dead letter. Whoever watches it is told once, when the last message is handled.

import { errors, type MillraceError } from '../../errors.ts';
import type { Watcher } from '../answers.ts';
import type { Answer, AnyActor, AnyInbox, MessageOf, MessageShapes } from '../definition.ts';
import type { LoadedActor, LoadedMessage } from '../loaded-actor.ts';
import { definitionOf, type Mail, MailKind, messageOf } from '../mail.ts';
import type { ActorRef } from '../ref.ts';

/** What a handler of an inbox gets besides its message. */
export interface InboxContext {
  /** Who sent the message; undefined for the app. */
  readonly sender: ActorRef<AnyActor> | undefined;
}

/** A handler for each message of an inbox. What it returns is the reply; the next message waits for a promise. */
export type InboxHandlers<Messages extends MessageShapes> = {
  readonly [Name in keyof Messages]: (
    message: MessageOf<Messages[Name]>,
    context: InboxContext,
    // biome-ignore lint/suspicious/noConfusingVoidType: the type of functions that return nothing
  ) => Answer<Messages[Name]> | void | Promise<Answer<Messages[Name]> | void>;
};

/** An inbox that is open in the app. */
export interface Inbox<Definition extends AnyInbox> {
  /** Its reference: actors tell and ask it, watch it, and join it to groups. Its `address` goes into any message. */
  readonly ref: ActorRef<Definition>;
  /** Resolves when it is closed and its last message is handled: by `close()`, by an actor's `ref.stop()`, or with the system. */
  readonly closed: Promise<void>;
  /** Takes no more messages; resolves as `closed`. */
  close(): Promise<void>;
}

type AnyHandler = (message: unknown, context: InboxContext) => unknown;
export type AnyHandlers = Readonly<Record<string, AnyHandler | undefined>>;

/** What an inbox tells of its messages. */
export interface InboxEvents {
  /** The reply to an ask, or that a message without a reply is handled. */
  answer(mail: Mail, message: LoadedMessage, value: unknown): void;
  /** Nobody handles the message, or its handler has failed: of an ask, who asked is told. Returns false if nobody asked. */
  refuse(mail: Mail, error: Error): boolean;
  /** The message is a dead letter, or its ask has failed. */
  dead(mail: Mail, error: Error): void;
  failed(error: MillraceError): void;
  senderOf(mail: Mail): ActorRef<AnyActor> | undefined;
  /** Tells one who watches. */
  ended(watcher: Watcher, inbox: OpenInbox, reason: string): void;
}

/** The app watches by tokens, any number of times; an actor once. */
const keyOf = ({ from, token }: Watcher): number => (from === 0 ? -token : from);

interface Waiting {
  readonly mail: Mail;
  /** Called when the message has been handled, or left out. */
  readonly handled: (() => void)[];
}

const callAll = (calls: readonly (() => void)[]): void => {
  for (const call of calls) call();
};

export class OpenInbox {
  readonly id: number;
  readonly loaded: LoadedActor;
  readonly closed: Promise<void>;
  private readonly name: string;
  private readonly handlers: AnyHandlers;
  private readonly events: InboxEvents;
  private readonly queue: Waiting[] = [];
  private readonly watchers = new Map<number, Watcher>();
  private isAtWork = false;
  private isClosing = false;
  private isClosed = false;
  private reason = 'stopped';
  private resolveClosed: () => void = () => {};

  constructor(id: number, loaded: LoadedActor, name: string, handlers: AnyHandlers, events: InboxEvents) {
    this.id = id;
    this.loaded = loaded;
    this.name = name;
    this.handlers = handlers;
    this.events = events;
    this.closed = new Promise((resolve) => {
      this.resolveClosed = resolve;
    });
  }

  /** As errors call it. */
  get text(): string {
    return `inbox '${this.loaded.name}'${this.name === '' ? '' : ` '${this.name}'`}`;
  }

  /** True while messages wait, or one is handled. */
  get isBusy(): boolean {
    return this.isAtWork || this.queue.length > 0;
  }

  /** A message. Returns what to await until it is handled; undefined if it has been, or is left out. */
  take(mail: Mail): Promise<void> | undefined {
    if (!this.isBusy) {
      this.handle({ mail, handled: [] });
      if (!this.isAtWork) return undefined;
      return new Promise((resolve) => this.afterwards.push(resolve));
    }
    if (!this.hasRoom(mail)) return undefined;
    return new Promise((handled) => this.queue.push({ mail, handled: [handled] }));
  }

  /** Whoever waits for the message that is handled. */
  private readonly afterwards: (() => void)[] = [];

  /** Calls `then` when all that has come so far is handled, or left out. */
  behind(then: () => void): void {
    const last = this.queue.at(-1);
    if (last !== undefined) last.handled.push(then);
    else if (this.isAtWork) this.afterwards.push(then);
    else then();
  }

  /** True if one more message may wait. If not, this one or the first one is left out, as the inbox's mailbox says. */
  private hasRoom(mail: Mail): boolean {
    const { capacity, full } = this.loaded.mailbox;
    if (this.queue.length < capacity) return true;
    const error = errors.mailboxFull(this.text, capacity);
    if (full === 'dropNewest') {
      this.events.dead(mail, error);
      return false;
    }
    this.drop(this.queue.shift(), error);
    return true;
  }

  private drop(waiting: Waiting | undefined, error: Error): void {
    if (waiting === undefined) return;
    this.events.dead(waiting.mail, error);
    callAll(waiting.handled);
  }

  watch({ from, token }: Watcher): void {
    this.watchers.set(keyOf({ from, token }), { from, token });
  }

  unwatch(watcher: Watcher): void {
    this.watchers.delete(keyOf(watcher));
  }

  private handle({ mail, handled }: Waiting): void {
    const { loaded, events } = this;
    const message = loaded.messages[messageOf(mail.type)];
    const handler = message && this.handlers[message.name];
    if (handler === undefined || definitionOf(mail.type) !== loaded.index) {
      const taken = loaded.messages.filter(({ name }) => this.handlers[name] !== undefined).map(({ name }) => name);
      events.dead(mail, errors.unknownMessage(loaded.name, message?.name ?? `number ${mail.type}`, taken));
      callAll(handled);
      return;
    }
    let answer: unknown;
    try {
      answer = handler.call(this.handlers, message.codec.read(mail), { sender: events.senderOf(mail) });
    } catch (error) {
      this.failed(mail, message, error);
      callAll(handled);
      return;
    }
    if (typeof (answer as Partial<PromiseLike<unknown>> | null)?.then !== 'function') {
      this.answer(mail, message, answer);
      callAll(handled);
      return;
    }
    this.isAtWork = true;
    this.afterwards.push(...handled);
    (answer as PromiseLike<unknown>).then(
      (value) => {
        this.answer(mail, message, value);
        this.goOn();
      },
      (error: unknown) => {
        this.failed(mail, message, error);
        this.goOn();
      },
    );
  }

  private answer(mail: Mail, message: LoadedMessage, value: unknown): void {
    if (mail.token === 0) return;
    if (message.hasReply && value === undefined)
      this.events.refuse(mail, errors.noReply(this.loaded.name, message.name));
    else {
      try {
        this.events.answer(mail, message, value);
      } catch (error) {
        this.failed(mail, message, error);
      }
    }
  }

  private failed(mail: Mail, message: LoadedMessage, cause: unknown): void {
    const error = errors.actorFailed(this.loaded.name, message.name, cause);
    if (!this.events.refuse(mail, error)) this.events.failed(error);
  }

  /** A handler that awaited has come to its end. */
  private goOn(): void {
    this.isAtWork = false;
    callAll(this.afterwards.splice(0));
    while (!this.isAtWork) {
      const next = this.queue.shift();
      if (next === undefined) break;
      this.handle(next);
    }
    if (this.isClosing && !this.isBusy) this.end();
  }

  /** It gets no more messages. */
  close(reason = 'stopped'): void {
    if (this.isClosing) return;
    this.isClosing = true;
    this.reason = reason;
    if (!this.isBusy) this.end();
  }

  /** The same, and messages that wait are dead letters. */
  closeNow(reason: string): void {
    for (const waiting of this.queue.splice(0))
      this.drop(waiting, errors.targetStopped(this.text, 'a message', reason));
    this.isClosing = true;
    this.reason = reason;
    this.end();
  }

  private end(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    for (const watcher of this.watchers.values()) this.events.ended(watcher, this, this.reason);
    this.resolveClosed();
  }
}

/** Mail that may come to an inbox, besides its messages. */
export const INBOX_STOPS: ReadonlySet<number> = new Set([MailKind.stop, MailKind.stopNow]);
