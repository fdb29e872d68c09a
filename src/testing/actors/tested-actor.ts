// One actor of a system under test, as its test looks at it.
// Promises: what is read of it is what it has committed; what it has done to others is told once.

import type { AnyActor, MessagesOf, StateOf } from '../../system/definition.ts';
import type { LoadedActor } from '../../system/loaded-actor.ts';
import { MailKind, messageOf } from '../../system/mail.ts';
import { type ActorRef, type Ask, type Post, Ref, type Tell } from '../../system/ref.ts';
import { Kept, Status } from '../../system/rows.ts';
import type { StateColumns } from '../../system/state.ts';
import type { Effects, SentMessage, SpawnedActor } from './effects.ts';
import type { ReadRow } from './system-site.ts';
import { stateOf } from './witness.ts';

/** A timer that runs. */
export interface RunningTimer {
  /** The message that it sends. */
  readonly message: string;
  /** Its fields. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** When it is due, on the clock of the test. */
  readonly dueMs: number;
  /** Milliseconds between ticks; 0 if it ticks once. */
  readonly periodMs: number;
}

/** What it asks of its system. */
export interface TestedHome {
  row(id: number): ReadRow | undefined;
  loaded(definition: number): LoadedActor | undefined;
  effectsOf(id: number): Effects;
  readonly post: Post;
}

/** One actor of a system under test. */
export class TestedActor<Definition extends AnyActor> {
  /** Its reference. */
  readonly ref: ActorRef<Definition>;
  private readonly own: Ref;
  private readonly home: TestedHome;

  /** @internal */
  constructor(ref: Ref, home: TestedHome) {
    this.ref = ref as ActorRef<AnyActor> as ActorRef<Definition>;
    this.own = ref;
    this.home = home;
  }

  /** A function for each message that is told: resolves when all that comes of it has been handled. */
  get tell(): Tell<MessagesOf<Definition>> {
    return this.ref.tell;
  }

  /** A function for each message that is asked: resolves with the answer when all that comes of it has been handled. */
  get ask(): Ask<MessagesOf<Definition>> {
    return this.ref.ask;
  }

  /** Its address, for arguments and messages. */
  get address(): string {
    return this.own.address;
  }

  /** The row of the life that the reference means. */
  private get row(): ReadRow | undefined {
    const { id, life, loaded } = this.own;
    const row = this.home.row(id);
    if (row === undefined || row.definition !== loaded.index) return undefined;
    return life !== 0 && row.life !== life ? undefined : row;
  }

  private kept(what: number): ReadRow['kept'] {
    return (this.row?.kept ?? []).filter((each) => each.what === what);
  }

  /** True until it has ended; of a virtual actor from its first message on. */
  get isThere(): boolean {
    return this.row !== undefined;
  }

  /** True of a virtual actor that has had nothing to do for its `restAfterMs`. */
  get isResting(): boolean {
    return this.row?.status === Status.resting;
  }

  /** A copy of its state; undefined if it is not there. */
  get state(): StateOf<Definition> | undefined {
    const { row } = this;
    return row && (stateOf(this.own.loaded, row as StateColumns) as StateOf<Definition>);
  }

  /** The behaviour that it has: 'receive' at first; undefined if it is not there. */
  get behaviour(): string | undefined {
    const { row } = this;
    return row && this.own.loaded.behaviourNames[row.behaviour];
  }

  /** Its children that are there. */
  get children(): ActorRef<AnyActor>[] {
    const { home } = this;
    return this.kept(Kept.child).flatMap(({ seq }) => {
      const loaded = home.loaded(home.row(seq)?.definition ?? 0);
      return loaded === undefined ? [] : [new Ref(loaded, seq, 0, '', home.post)];
    });
  }

  /** Its timers that run, by the time at which they are due. */
  get timers(): RunningTimer[] {
    return this.kept(Kept.timer)
      .filter(({ seq }) => seq !== 0)
      .map((timer) => {
        const { name, codec } = this.own.loaded.messages[messageOf(timer.type)];
        return { message: name, fields: codec.read(timer as never), dueMs: timer.token, periodMs: timer.from };
      })
      .sort((one, other) => one.dueMs - other.dueMs);
  }

  /** How many messages wait in its mailbox: while a handler awaits, or a restart. */
  get waiting(): number {
    return this.kept(Kept.mail).filter(({ kind }) => kind !== MailKind.report).length;
  }

  /** How many messages it has put aside by `stash()`. */
  get stashed(): number {
    return this.kept(Kept.stashed).length;
  }

  /** The messages that it has sent since the last call, those to itself included. */
  sent(): SentMessage[] {
    return this.effects.sent();
  }

  /** The actors that it has spawned since the last call. */
  spawned(): SpawnedActor[] {
    return this.effects.spawned();
  }

  /** The actors that it has begun to watch since the last call. */
  watched(): ActorRef<AnyActor>[] {
    return this.effects.watched();
  }

  /** The actors that it has told to stop since the last call. */
  stopped(): ActorRef<AnyActor>[] {
    return this.effects.stopped();
  }

  private get effects(): Effects {
    return this.home.effectsOf(this.own.id);
  }
}
