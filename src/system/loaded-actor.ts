// An actor definition as one thread uses it: its number, and the generated code of its messages and state.

import { checkOptions } from '../options/check.ts';
import type { Checked } from '../options/option.ts';
import {
  ACTOR_MAILBOX,
  ACTOR_SUPERVISION,
  type AnyActor,
  type CheckedActorSupervision,
  isInbox,
  splitMessage,
} from './definition.ts';
import { MESSAGES_MAX } from './mail.ts';
import { methodOf } from './methods.ts';
import { type Ref, sendersOf } from './ref.ts';
import { type MessageCodec, messageCodec } from './slots.ts';
import { type ActorState, stateClass } from './state.ts';

// biome-ignore lint/suspicious/noExplicitAny: handlers of whatever messages
type AnyHandler = (message: any, state: any, context: any) => unknown;

export interface LoadedMessage {
  readonly name: string;
  readonly index: number;
  /** What mail of it has as its type. */
  readonly type: number;
  readonly hasReply: boolean;
  readonly codec: MessageCodec;
  /** Of its answer. */
  readonly reply: MessageCodec | undefined;
}

/** What handles a message. */
export interface LoadedHandler {
  readonly call: AnyHandler;
  readonly isAsync: boolean;
}

/** @param owner what `this` is within: handlers may call each other, and what else their object has */
const handlerOf = (call: AnyHandler, owner: object): LoadedHandler => ({
  call: call.bind(owner),
  isAsync: isAsyncFunction(call),
});

/** A hook that takes a state and a context. */
const withoutMessage = (hook: AnyHandler, owner: object): LoadedHandler => ({
  call: (_message, state, context) => hook.call(owner, state, context, undefined),
  isAsync: isAsyncFunction(hook),
});

/** What handles a message: of the first of some objects that does. */
function handlerIn(objects: readonly object[], message: string): LoadedHandler {
  const owner = objects.find((each) => methodOf(each, message) !== undefined);
  // Of an inbox nothing is called.
  return owner === undefined ? NO_HANDLER : handlerOf(methodOf(owner, message) as AnyHandler, owner);
}

const NO_HANDLER: LoadedHandler = { call: () => {}, isAsync: false };

const isAsyncFunction = (call: unknown): boolean => Object.prototype.toString.call(call) === '[object AsyncFunction]';

export class LoadedActor {
  readonly definition: AnyActor;
  /** In the system's registry, from 1. */
  readonly index: number;
  readonly name: string;
  /** True of an inbox: the app handles its messages. */
  readonly isInbox: boolean;
  readonly messages: readonly LoadedMessage[];
  readonly args: MessageCodec;
  /** Handlers by behaviour, then by message. */
  readonly behaviours: readonly (readonly LoadedHandler[])[];
  readonly behaviourNames: readonly string[];
  /** undefined where it has none. */
  readonly start: LoadedHandler | undefined;
  readonly stop: LoadedHandler | undefined;
  readonly ended: LoadedHandler | undefined;
  readonly rest: LoadedHandler | undefined;
  /** Of virtual actors: how long they have nothing to do before they rest; Infinity for ever. */
  readonly restAfterMs: number;
  readonly mailbox: Checked<typeof ACTOR_MAILBOX>;
  readonly supervision: CheckedActorSupervision;
  readonly Tells: new (
    ref: Ref,
  ) => object;
  readonly Asks: new (
    ref: Ref,
  ) => object;
  readonly State: new () => ActorState;
  /** The state object of handlers that do not await, and whose it is: one at a time is at work in a thread. */
  private state: ActorState | undefined;
  private stateOf = 0;

  /** The system that it is loaded for, as addresses name it. */
  readonly system: number;

  constructor(definition: AnyActor, index: number, system: number) {
    const { name, parts } = definition;
    this.definition = definition;
    this.index = index;
    this.system = system;
    this.name = name;
    this.isInbox = isInbox(definition);
    this.messages = Object.entries(parts.messages as Record<string, never>).map(([message, shape], i) => {
      const { fields, reply } = splitMessage(shape);
      return {
        name: message,
        index: i,
        type: index * MESSAGES_MAX + i,
        hasReply: reply !== undefined,
        codec: messageCodec(name, message, fields),
        reply: reply && messageCodec(name, `reply to ${message}`, reply),
      };
    });
    this.args = messageCodec(name, 'args', parts.args ?? {});
    const receive = parts.receive as object;
    const behaviours = (parts.behaviours ?? {}) as Record<string, object>;
    this.behaviourNames = ['receive', ...Object.keys(behaviours)];
    this.behaviours = [receive, ...Object.values(behaviours)].map((handlers) =>
      this.messages.map(({ name: message }) => handlerIn([handlers, receive], message)),
    );
    const { start, stop, ended, rest } = parts as Partial<Record<'start' | 'stop' | 'ended' | 'rest', AnyHandler>>;
    this.start = start && handlerOf(start, parts);
    this.stop = stop && withoutMessage(stop, parts);
    this.rest = rest && withoutMessage(rest, parts);
    this.restAfterMs = parts.restAfterMs ?? Number.POSITIVE_INFINITY;
    this.ended = ended && handlerOf(ended, parts);
    this.mailbox = checkOptions(`actor '${name}'`, ACTOR_MAILBOX, parts.mailbox ?? {}, 'mailbox');
    this.supervision = checkOptions(`actor '${name}'`, ACTOR_SUPERVISION, parts.supervision ?? {}, 'supervision');
    this.Tells = sendersOf(name, this.messages, 'tell');
    this.Asks = sendersOf(name, this.messages, 'ask');
    this.State = stateClass(name, parts.state ?? {});
  }

  /** The state object for an actor: another actor gets another one, so that one which was kept cannot be used for it. */
  stateFor(id: number): ActorState {
    if (this.state === undefined || this.stateOf !== id) {
      this.state = new this.State();
      this.stateOf = id;
    }
    return this.state;
  }
}
