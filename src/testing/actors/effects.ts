// What an actor under test has done to others, told from the mail that it has sent.
// Promises: each effect was committed, and is told once.

import type { AnyActor } from '../../system/definition.ts';
import type { Definitions } from '../../system/definitions.ts';
import type { LoadedActor } from '../../system/loaded-actor.ts';
import { definitionOf, type Mail, MailKind, messageOf } from '../../system/mail.ts';
import { type ActorRef, type Post, Ref } from '../../system/ref.ts';
import { RESTARTS, type RestartName } from '../../system/rows.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A message that an actor has sent. */
export interface SentMessage {
  /** To whom; undefined if it was sent to a group. */
  readonly to: ActorRef<AnyActor> | undefined;
  /** The message's name. */
  readonly message: string;
  /** Its fields. */
  readonly fields: Fields;
  /** True if an answer is awaited. */
  readonly isAsked: boolean;
}

/** An actor that was spawned. */
export interface SpawnedActor {
  /** The child. */
  readonly ref: ActorRef<AnyActor>;
  /** The name of its definition. */
  readonly actor: string;
  /** Its own name; '' if it has none. */
  readonly name: string;
  /** What its `start` gets. */
  readonly args: Fields;
  /** When it begins again. */
  readonly restart: RestartName;
}

const TO_GROUPS: ReadonlySet<number> = new Set([
  MailKind.toAll,
  MailKind.toNext,
  MailKind.toKeyed,
  MailKind.toSmallest,
]);
const STOPS: ReadonlySet<number> = new Set([MailKind.stop, MailKind.stopNow]);

/** What one actor has sent, since it was asked last. */
export class Effects {
  private readonly definitions: Definitions;
  private readonly post: Post;
  private readonly all = new Set<Mail>();

  constructor(definitions: Definitions, post: Post) {
    this.definitions = definitions;
    this.post = post;
  }

  add(mail: Mail): void {
    this.all.add(mail);
  }

  private take<Told>(isOne: (mail: Mail) => boolean, tell: (mail: Mail, loaded: LoadedActor) => Told): Told[] {
    const told: Told[] = [];
    for (const mail of this.all) {
      const loaded = isOne(mail) ? this.definitions.at(definitionOf(mail.type)) : undefined;
      if (loaded === undefined) continue;
      this.all.delete(mail);
      told.push(tell(mail, loaded));
    }
    return told;
  }

  private ref({ to, life, key }: Mail, loaded: LoadedActor): ActorRef<AnyActor> {
    return new Ref(loaded, to, life, key, this.post);
  }

  sent(): SentMessage[] {
    return this.take(
      ({ kind }) => kind === MailKind.message || TO_GROUPS.has(kind),
      (mail, loaded) => {
        const { name, codec } = loaded.messages[messageOf(mail.type)];
        const to = mail.kind === MailKind.message ? this.ref(mail, loaded) : undefined;
        return { to, message: name, fields: codec.read(mail), isAsked: mail.token !== 0 };
      },
    );
  }

  spawned(): SpawnedActor[] {
    return this.take(
      ({ kind }) => kind === MailKind.spawn,
      (mail, loaded) => ({
        // As whoever has spawned it has it: only names may be another's later.
        ref: new Ref(loaded, mail.to, mail.key === '' ? 0 : mail.life, '', this.post),
        actor: loaded.name,
        name: mail.key,
        args: loaded.args.read(mail),
        restart: RESTARTS[mail.token],
      }),
    );
  }

  watched(): ActorRef<AnyActor>[] {
    return this.take(
      ({ kind }) => kind === MailKind.watch,
      (mail, loaded) => this.ref(mail, loaded),
    );
  }

  stopped(): ActorRef<AnyActor>[] {
    return this.take(
      ({ kind }) => STOPS.has(kind),
      (mail, loaded) => this.ref(mail, loaded),
    );
  }
}
