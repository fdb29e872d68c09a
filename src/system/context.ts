// What a handler gets besides its message and its state: who it is, who sent, and what it can do.
// Promises: what it does takes effect when the handler has come to its end, all of it together; nothing does if it throws. A context
// lives for one message: used later it throws.

import type { ActorDefinition, AnyActor, ArgsOf, MessageOf, MessageShapes, Spawnable } from './definition.ts';
import type { ActorGroup } from './group.ts';
import type { ActorLog } from './log.ts';
import type { ActorRef } from './ref.ts';
import type { RestartName } from './rows.ts';

/** Options of `spawn()`. */
export interface SpawnOptions<Args = never> {
  /** By which it is found; another actor must not have it. */
  readonly name?: string;
  /** What its `start` gets: fields as its definition declares them. */
  readonly args?: Args;
  /** An actor beside which it runs, on the same worker. */
  readonly beside?: ActorRef<AnyActor>;
  /** When it begins again: `transient` after a failure, `permanent` also when it stops itself, `temporary` never. Default: `transient`. */
  readonly restart?: RestartName;
}

export const SPAWN_OPTIONS = ['name', 'args', 'beside', 'restart'];

/** Messages to itself, later. They survive crashes and moves; a restart of the actor ends them. */
export interface ActorTimers<Messages extends MessageShapes> {
  /**
   * @param delayMs from 0 on; 0 is after this message
   * @returns what `cancel` takes
   */
  once<Name extends keyof Messages & string>(name: Name, message: MessageOf<Messages[Name]>, delayMs: number): number;
  /** At a fixed rate: of ticks that are missed, one is made up for. @param periodMs above 0 */
  every<Name extends keyof Messages & string>(name: Name, message: MessageOf<Messages[Name]>, periodMs: number): number;
  /** Ends a timer: no tick of it comes any more, also if one waits in the mailbox. */
  cancel(timer: number): void;
}

/** Where actors are made and found: a system, or the context of a handler. */
export interface ActorSpace {
  /**
   * Makes an actor, whose parent is the actor whose handler does it, if it is one: it is there when the handler has come to its end.
   * Mail waits until its `start` has come to its end.
   * @throws MillraceError BAD_OPTION, BAD_VALUE of args, SYSTEM_STOPPED
   */
  spawn<Definition extends AnyActor>(
    definition: Definition & Spawnable<Definition>,
    options?: SpawnOptions<ArgsOf<Definition>>,
  ): ActorRef<Definition>;
  /** The virtual actor with a key: it is there when it is first addressed. */
  get<Definition extends AnyActor>(definition: Definition & Spawnable<Definition>, key: string): ActorRef<Definition>;
  /** The actor with a name, or who has it when mail arrives; of an inbox, the one that the app has opened by that name. */
  find<Definition extends AnyActor>(definition: Definition, name: string): ActorRef<Definition>;
  /** The group with a name: its members are actors of the definition. */
  group<Definition extends AnyActor>(definition: Definition, name: string): ActorGroup<Definition>;
  /** The reference that an address stands for. */
  ref<Definition extends AnyActor>(definition: Definition, address: string): ActorRef<Definition>;
}

/** What a handler gets besides its message and its state. */
export interface ActorContext<Messages extends MessageShapes, Reply> extends ActorSpace {
  /** The actor itself. */
  // biome-ignore lint/suspicious/noExplicitAny: whatever its state and arguments are
  readonly self: ActorRef<ActorDefinition<Messages, any, any>>;
  /** The name or the key of the actor; '' if it has none. */
  readonly name: string;
  /** Who sent the message; undefined for the app and for timers. */
  readonly sender: ActorRef<AnyActor> | undefined;
  /** Where the answer goes: keep it, and reply from a later message; undefined if nobody asked. */
  readonly replyTo: string | undefined;
  /** Answers the message: the same as to return the answer. */
  reply(answer: Reply): void;
  /** Answers an earlier message, whose `replyTo` was kept. Not checked against that message's answer. */
  replyLater(replyTo: string, answer: Readonly<Record<string, unknown>>): void;
  /** Has `ended` called once when an actor ends, at once if it is not there. */
  watch(ref: ActorRef<AnyActor>): void;
  /** No longer: `ended` is not called, also if the end has been told already. */
  unwatch(ref: ActorRef<AnyActor>): void;
  /** Ends this actor after this message. Mail behind it goes to the dead letters. */
  stop(): void;
  /**
   * Of a virtual actor: it rests after this message, also if mail waits, which wakes it.
   * @throws MillraceError BAD_ACTOR in `start`, and of an actor that was spawned
   */
  rest(): void;
  /**
   * Of a virtual actor: how long it has nothing to do before it rests, from this message on, in place of `restAfterMs`; a restart ends that.
   * @param ms above 0; Infinity for no rest
   * @throws MillraceError BAD_OPTION, and BAD_ACTOR of an actor that was spawned
   */
  restAfter(ms: number): void;
  /** From the next message on other handlers hold: those of a behaviour, or `receive`. */
  become(behaviour: string): void;
  /** Puts this message aside: it comes again after `unstash()`. */
  stash(): void;
  /** All that is put aside comes next, in its order, before all other mail. */
  unstash(): void;
  /** Messages to itself, later. */
  readonly timers: ActorTimers<Messages>;
  /** Tells a line to option `logger` of `actorSystem()`, at once: it is no part of the message's transaction. */
  readonly log: ActorLog;
}
