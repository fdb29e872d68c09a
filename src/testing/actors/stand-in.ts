// Who stands in for an actor in a test: takes the mail to its id, and answers as the test says.
// Promises: what is noted was committed by its sender; no handler of the definition runs.

import { errors } from '../../errors.ts';
import { reportedOf } from '../../system/answers.ts';
import type { AnyActor, MessageOf, MessagesOf, ReplyOf } from '../../system/definition.ts';
import type { LoadedMessage } from '../../system/loaded-actor.ts';
import { Mail, MailKind, MESSAGES_MAX, messageOf } from '../../system/mail.ts';
import type { ActorRef, Ref } from '../../system/ref.ts';
import { packError, packRest } from '../../system/slots.ts';
import type { SystemEmit } from '../../system/worker/desk.ts';

/** What a stand-in answers, by message: a function of its fields. One that throws fails the ask. */
export type StandInAnswers<Definition extends AnyActor> = {
  readonly [Name in keyof MessagesOf<Definition>]?: (
    message: MessageOf<MessagesOf<Definition>[Name]>,
    // biome-ignore lint/suspicious/noConfusingVoidType: the type of functions that return nothing
  ) => ReplyOf<MessagesOf<Definition>[Name]> | void;
};

/** A message that a stand-in has got. */
export interface ReceivedMessage {
  /** The message's name. */
  readonly message: string;
  /** Its fields. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** True if an answer is awaited. */
  readonly isAsked: boolean;
  /** Answers it, if no answer was given for the message. */
  reply(answer?: Readonly<Record<string, unknown>>): Promise<void>;
  /** Fails the ask. */
  fail(error: Error): Promise<void>;
}

/** Who stands in for an actor, without any of its handlers. */
export interface StandIn<Definition extends AnyActor> {
  /** As any actor's: for arguments, messages and `equals`. */
  readonly ref: ActorRef<Definition>;
  /** Of the reference: messages carry it. */
  readonly address: string;
  /** What it has got since the last call. */
  received(): ReceivedMessage[];
  /** Ends it: who watches it is told. Default: 'stopped'. */
  end(reason?: string): Promise<void>;
}

/** What a stand-in asks of its system. */
export interface StandInHome {
  readonly errorBytes: number;
  /** Sends mail, and lets come of it what comes; mail to the app goes there. */
  send(mail: Mail): Promise<void>;
}

export class StandingIn implements StandIn<AnyActor> {
  readonly ref: ActorRef<AnyActor>;
  private readonly own: Ref;
  private readonly answers: Readonly<Record<string, ((message: never) => unknown) | undefined>>;
  private readonly home: StandInHome;
  private readonly got: ReceivedMessage[] = [];
  /** Who watches it. */
  private readonly watchers = new Map<number, { readonly to: number; readonly token: number }>();

  constructor(ref: Ref, answers: StandingIn['answers'], home: StandInHome) {
    this.ref = ref;
    this.own = ref;
    this.answers = answers;
    this.home = home;
    for (const name of Object.keys(answers)) {
      const known = ref.loaded.messages.map((message) => message.name);
      if (!known.includes(name)) throw errors.unknownMessage(ref.loaded.name, name, known);
    }
  }

  get address(): string {
    return this.own.address;
  }

  /** Takes mail to it, and answers within the batch of whoever hands it out. Returns what is to be noted when that is committed. */
  take(mail: Mail, emit: SystemEmit): () => void {
    if (mail.kind === MailKind.watch || mail.kind === MailKind.unwatch) return this.watchedBy(mail);
    if (mail.kind === MailKind.report) emit.mail(reportedOf(mail));
    if (mail.kind !== MailKind.message) return () => {};
    const message = this.own.loaded.messages[messageOf(mail.type)];
    const fields = message.codec.read(mail);
    const asked = { from: mail.from, token: mail.token };
    const answer = this.answers[message.name];
    if (asked.token !== 0 && answer !== undefined) {
      const reply = this.answerOf(message, asked, answer, fields);
      if (reply.to === 0) emit.app(reply);
      else emit.mail(reply);
    }
    const send = (reply: Mail): Promise<void> => this.home.send(reply);
    const received: ReceivedMessage = {
      message: message.name,
      fields,
      isAsked: asked.token !== 0,
      reply: async (given = {}) => send(this.reply(message, asked, given)),
      fail: async (error) => send(this.failure(message, asked, error)),
    };
    return () => void this.got.push(received);
  }

  private watchedBy({ kind, from, token }: Mail): () => void {
    const watcher = from === 0 ? -token : from;
    if (kind === MailKind.unwatch) return () => void this.watchers.delete(watcher);
    return () => void this.watchers.set(watcher, { to: from, token });
  }

  private answerOf(
    message: LoadedMessage,
    asked: Pick<Mail, 'from' | 'token'>,
    answer: (message: never) => unknown,
    fields: Record<string, unknown>,
  ): Mail {
    try {
      return this.reply(message, asked, answer(fields as never) as Record<string, unknown>);
    } catch (error) {
      return this.failure(message, asked, error);
    }
  }

  private reply(message: LoadedMessage, asked: Pick<Mail, 'from' | 'token'>, answer: Record<string, unknown>): Mail {
    const mail = new Mail().address(asked.from, MailKind.reply);
    mail.token = asked.token;
    mail.from = this.own.id;
    message.reply?.write(answer, mail);
    return mail;
  }

  private failure(message: LoadedMessage, asked: Pick<Mail, 'from' | 'token'>, error: unknown): Mail {
    const mail = new Mail().address(asked.from, MailKind.failure);
    mail.token = asked.token;
    mail.rest = packError(errors.actorFailed(this.own.loaded.name, message.name, error), this.home.errorBytes);
    return mail;
  }

  received(): ReceivedMessage[] {
    return this.got.splice(0);
  }

  async end(reason = 'stopped'): Promise<void> {
    const { id, loaded, life, key } = this.own;
    const watchers = [...this.watchers.values()];
    this.watchers.clear();
    for (const { to, token } of watchers) {
      const mail = new Mail().address(to, MailKind.ended);
      mail.from = id;
      mail.fromType = loaded.index * MESSAGES_MAX;
      mail.token = token;
      mail.text = reason;
      mail.n0 = life;
      if (key !== '') mail.rest = packRest(key);
      await this.home.send(mail);
    }
  }
}
