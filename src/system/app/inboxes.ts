// The inboxes that the app has opened, by their ids, and the mail that comes for them.
// Promises: mail to an inbox that is not open is a dead letter, its ask fails, and who watches it is told that it is gone.
// Relies on: ids of inboxes are below 0; what is sent reaches an actor, or, with 0 as its receiver, the app itself.

import { errors } from '../../errors.ts';
import { checkName, idOfInbox } from '../addresses.ts';
import { deadLetterOf, endedOf, failureOf, reportedOf } from '../answers.ts';
import type { AnyActor, AnyInbox } from '../definition.ts';
import type { Definitions } from '../definitions.ts';
import type { LoadedActor, LoadedMessage } from '../loaded-actor.ts';
import { definitionOf, Mail, MailKind } from '../mail.ts';
import { type ActorRef, type Post, Ref } from '../ref.ts';
import { type AnyHandlers, INBOX_STOPS, type InboxEvents, OpenInbox } from './open-inbox.ts';

/** How inboxes send, and whom they tell of what went wrong. */
export interface InboxPost {
  /** References that the app's handlers get are used by this. */
  readonly post: Post;
  send(mail: Mail): void;
  deadLetter(letter: Mail): void;
  /** A handler of an inbox has failed at a message that nobody had asked. */
  failed(inbox: string, error: Error): void;
  readonly errorBytes: number;
}

export class Inboxes {
  private readonly definitions: Definitions;
  private readonly out: InboxPost;
  private readonly open = new Map<number, OpenInbox>();
  /** Those that take no more messages and have some to handle. */
  private readonly closing = new Set<OpenInbox>();

  constructor(definitions: Definitions, out: InboxPost) {
    this.definitions = definitions;
    this.out = out;
  }

  /** True while messages wait in some inbox. */
  get busy(): number {
    return [...this.open.values(), ...this.closing].filter(({ isBusy }) => isBusy).length;
  }

  /**
   * @param handlers by message; what has none is a dead letter
   * @throws MillraceError BAD_OPTION, BAD_ACTOR, NAME_TAKEN
   */
  add(definition: AnyInbox, handlers: AnyHandlers, name: string | undefined): OpenInbox {
    const loaded = this.loadedOf(definition);
    const id =
      name === undefined
        ? -this.definitions.takeId()
        : idOfInbox(loaded.index, checkName('name', name, 'system.open()'));
    if (this.open.has(id)) throw errors.nameTaken(name ?? '');
    const inbox: OpenInbox = new OpenInbox(
      id,
      loaded,
      name ?? '',
      handlers,
      this.eventsOf(() => inbox.text),
    );
    this.open.set(id, inbox);
    return inbox;
  }

  private loadedOf(definition: AnyInbox): LoadedActor {
    const loaded = this.definitions.of(definition);
    if (loaded.isInbox) return loaded;
    throw errors.badActor(
      loaded.name,
      'is no inbox, and system.open() takes inboxes: declare it by inbox(), or spawn it',
    );
  }

  ref(inbox: OpenInbox): Ref {
    return new Ref(inbox.loaded, inbox.id, 0, '', this.out.post);
  }

  private eventsOf(text: () => string): InboxEvents {
    const { out } = this;
    return {
      answer: (mail, message, value) => this.answer(mail, message, value),
      refuse: (mail, error) => this.refuse(mail, error),
      dead: (mail, error) => this.dead(mail, error),
      failed: (error) => out.failed(text(), error),
      senderOf: (mail) => this.senderOf(mail),
      ended: (watcher, { id, loaded }, reason) => out.send(endedOf(watcher, id, loaded.index, reason)),
    };
  }

  /** Mail for an inbox, which is kept: nobody else changes it. Returns what to await until a message is handled, if it is not yet. */
  take(mail: Mail): Promise<void> | undefined {
    const inbox = this.open.get(mail.to);
    const { kind } = mail;
    if (kind === MailKind.message) {
      if (inbox !== undefined) return inbox.take(mail);
      const name = this.definitions.at(definitionOf(mail.type))?.name ?? '';
      this.dead(mail, errors.targetStopped(`inbox '${name}'`, 'a message', 'the app has no such inbox open'));
    } else if (kind === MailKind.watch) {
      if (inbox === undefined) this.out.send(endedOf(mail, mail.to, definitionOf(mail.type), 'gone'));
      else inbox.watch(mail);
    } else if (kind === MailKind.unwatch) inbox?.unwatch(mail);
    else if (kind === MailKind.report) {
      const tell = () => this.out.send(reportedOf(mail));
      if (inbox === undefined) tell();
      else inbox.behind(tell);
    } else if (INBOX_STOPS.has(kind) && inbox !== undefined) this.close(inbox, kind === MailKind.stopNow);
    return undefined;
  }

  /** It gets no more messages. */
  close(inbox: OpenInbox, isNow = false, reason = 'stopped'): void {
    if (this.open.get(inbox.id) === inbox) this.open.delete(inbox.id);
    if (isNow) inbox.closeNow(reason);
    else inbox.close(reason);
    if (!inbox.isBusy) return;
    this.closing.add(inbox);
    void inbox.closed.then(() => this.closing.delete(inbox));
  }

  /** The system has ended: nobody sends any more, and nobody is answered. */
  end(): void {
    const reason = 'the system has stopped';
    for (const inbox of [...this.open.values(), ...this.closing]) this.close(inbox, true, reason);
  }

  private senderOf({ from, fromType }: Mail): ActorRef<AnyActor> | undefined {
    const loaded = from === 0 || fromType === 0 ? undefined : this.definitions.at(definitionOf(fromType));
    return loaded && new Ref(loaded, from, 0, '', this.out.post);
  }

  private answer(asked: Mail, message: LoadedMessage, value: unknown): void {
    const mail = new Mail().address(asked.from, MailKind.reply);
    mail.token = asked.token;
    message.reply?.write(value as Record<string, unknown>, mail);
    this.out.send(mail);
  }

  private refuse(asked: Mail, error: Error): boolean {
    if (asked.token === 0) return false;
    this.out.send(failureOf(asked, error, this.out.errorBytes));
    return true;
  }

  private dead(mail: Mail, error: Error): void {
    if (!this.refuse(mail, error)) this.out.deadLetter(deadLetterOf(mail, error));
  }
}
