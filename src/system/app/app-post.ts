// The app as a sender: its tells, asks and spawns become mail, and answers come back to it.
// Promises: mail to one actor keeps its order; what a call returns waits for room in the rings, which is how an app feels
// back-pressure; each ask is settled once.

import { errors } from '../../errors.ts';
import type { Clock } from '../../platform/clock.ts';
import type { JobInput } from '../../supervisor/job/job-api.ts';
import { isOfInbox } from '../addresses.ts';
import { deadLetterOf } from '../answers.ts';
import { Deadlines } from '../deadlines.ts';
import { fillMail, type LetterFields } from '../flows/letters.ts';
import type { LoadedMessage } from '../loaded-actor.ts';
import { Mail, MailKind, MESSAGES_MAX } from '../mail.ts';
import { ASK_OPTIONS, type AskOptions, checkKeys, type Ended, type Post, type Ref } from '../ref.ts';
import { Windows } from './windows.ts';

export class AppPost implements Post {
  readonly asks: Deadlines;
  private readonly input: Pick<JobInput<Mail>, 'push'>;
  private readonly mail = new Mail();
  private tokens = 0;
  /** Whoever awaits the end of an actor. */
  private readonly watching = new Map<number, { readonly ref: Ref; readonly resolve: (ended: Ended) => void }>();
  /** Takes mail for an inbox of the app's. */
  private readonly toInbox: (mail: Mail) => Promise<void> | undefined;
  /** Told of answers that nobody waits for. */
  private readonly late: (mail: Mail) => void;
  private readonly deadLetter: (letter: Mail) => void;
  private readonly windows = new Windows();
  isClosed = false;
  private isOver = false;

  constructor(
    input: Pick<JobInput<Mail>, 'push'>,
    clock: Pick<Clock, 'now' | 'after'>,
    toInbox: (mail: Mail) => Promise<void> | undefined,
    late: (mail: Mail) => void,
    deadLetter: (letter: Mail) => void,
  ) {
    this.input = input;
    this.asks = new Deadlines(clock);
    this.toInbox = toInbox;
    this.late = late;
    this.deadLetter = deadLetter;
  }

  /** @throws MillraceError SYSTEM_STOPPED */
  private use(): void {
    if (this.isClosed) throw errors.systemStopped();
  }

  /** Messages that wait for room in the mailboxes of their actors. */
  get heldBack(): number {
    return this.windows.heldBack;
  }

  /** Asks of the app that wait. */
  get asking(): number {
    return this.asks.count - this.windows.underWay;
  }

  /** From now on every use is an error. */
  close(): void {
    this.isClosed = true;
  }

  private addressed(ref: Ref, kind: number, type = 0): Mail {
    const mail = this.mail.address(ref.id, kind, type);
    mail.life = ref.life;
    mail.key = ref.key;
    return mail;
  }

  tell(ref: Ref, message: LoadedMessage, value: unknown): Promise<void> | undefined {
    this.use();
    const mail = this.addressed(ref, ref.kind, message.type);
    message.codec.write(value as Record<string, unknown>, mail);
    return this.told(mail, ref, message);
  }

  /** Tells what a flow has packed. */
  tellLetter(ref: Ref, message: LoadedMessage, letter: LetterFields): Promise<void> | undefined {
    this.use();
    const mail = this.addressed(ref, ref.kind, message.type);
    fillMail(letter, mail);
    return this.told(mail, ref, message);
  }

  /** A message on its way, now or, to an actor whose full mailbox holds its senders back, when there is room. */
  private told(mail: Mail, ref: Ref, message: LoadedMessage): Promise<void> | undefined {
    const { mailbox, isInbox } = ref.loaded;
    if (mailbox.full !== 'wait' || isInbox || ref.kind !== MailKind.message) return this.deliver(mail);
    const own = Object.assign(new Mail(), mail);
    return this.windows.tell(ref.id, mailbox.capacity, () => {
      own.token = ++this.tokens;
      const over = (): void => this.windows.over(ref.id);
      const dead = (error: Error): void => {
        if (!this.isOver) this.deadLetter(deadLetterOf(own, error));
        over();
      };
      this.asks.wait(own.token, ref, message, { timeoutMs: Number.POSITIVE_INFINITY }).then(over, dead);
      void this.push(own);
    });
  }

  /** Asks it. */
  askLetter(ref: Ref, message: LoadedMessage, letter: LetterFields, options: AskOptions): Promise<unknown> {
    this.use();
    const mail = this.addressed(ref, ref.kind, message.type);
    fillMail(letter, mail);
    return this.asked(mail, ref, message, options);
  }

  /** Sends mail on its way; what comes back waits for room, or, of an inbox, until it is handled. */
  private deliver(mail: Mail): Promise<void> | undefined {
    if (isOfInbox(mail.to)) return this.toInbox(Object.assign(new Mail(), mail));
    const own = this.windows.heldBack === 0 ? mail : Object.assign(new Mail(), mail);
    if (this.windows.isBehind(own, () => void this.push(own))) return undefined;
    return this.push(mail);
  }

  private push(mail: Mail): Promise<void> | undefined {
    const room = this.input.push(mail);
    // Whoever does not await it is told by the system's end why there was no room.
    room?.catch(() => {});
    return room;
  }

  /** Sends what nobody awaits: to an actor, to an inbox, or to the app itself. */
  send(mail: Mail): void {
    if (mail.to === 0) this.answered(Object.assign(new Mail(), mail));
    else void this.deliver(mail);
  }

  async ask(ref: Ref, message: LoadedMessage, value: unknown, options: AskOptions): Promise<unknown> {
    this.use();
    checkKeys('ask', options, ASK_OPTIONS);
    const mail = this.addressed(ref, ref.kind, message.type);
    message.codec.write(value as Record<string, unknown>, mail);
    return this.asked(mail, ref, message, options);
  }

  private asked(mail: Mail, ref: Ref, message: LoadedMessage | undefined, options: AskOptions): Promise<unknown> {
    const token = ++this.tokens;
    const answer = this.asks.wait(token, ref, message, options);
    if (!this.asks.has(token)) return answer;
    mail.token = token;
    try {
      this.send(mail);
    } catch (error) {
      this.asks.settle(token)?.reject(error);
    }
    return answer;
  }

  stop(ref: Ref, isNow: boolean): void {
    this.use();
    this.send(this.addressed(ref, isNow ? MailKind.stopNow : MailKind.stop));
  }

  /** @param write fills in the arguments */
  spawn(ref: Ref, life: number, restart: number, name: string, write: (mail: Mail) => void): void {
    this.use();
    const mail = this.addressed(ref, MailKind.spawn, ref.loaded.index * MESSAGES_MAX);
    mail.life = life;
    mail.token = restart;
    mail.key = name;
    write(mail);
    this.send(mail);
  }

  watch(ref: Ref): Promise<Ended> {
    this.use();
    return new Promise((resolve) => {
      const token = ++this.tokens;
      this.watching.set(token, { ref, resolve });
      const mail = this.addressed(ref, MailKind.watch);
      mail.token = token;
      this.send(mail);
    });
  }

  member(kind: number, group: Ref, member: Ref): void {
    this.use();
    const mail = this.addressed(group, kind, group.loaded.index * MESSAGES_MAX);
    mail.n0 = member.id;
    mail.n1 = member.life;
    mail.text = member.key;
    this.send(mail);
  }

  /** Asks something of the library's own of a key group; resolves with the numbers of the answer. */
  control(kind: number, id: number, of: Ref): Promise<{ group: number; count: number; resting: number }> {
    const mail = this.mail.address(id, kind);
    return this.asked(mail, of, undefined, { timeoutMs: Number.POSITIVE_INFINITY }) as Promise<never>;
  }

  /** A message that killed its worker whenever it was tried: its actor has failed. */
  killed(mail: Mail, rest: Uint8Array): void {
    const { to, kind, from, fromType, token, type, life } = mail;
    const told = this.mail.address(to, MailKind.killed, type);
    told.life = life;
    told.n0 = kind;
    told.n1 = from;
    told.n2 = token;
    told.n3 = fromType;
    told.rest = rest;
    this.send(told);
  }

  /** An actor is awaited: whoever the app has spawned is on the way before this answer. */
  probed({ from, life }: Mail): void {
    const mail = this.mail.address(from, MailKind.probed);
    mail.life = life;
    this.send(mail);
  }

  /** An answer, a failure, or the end of an actor. */
  answered(mail: Mail): void {
    if (mail.kind === MailKind.ended) {
      const watching = this.watching.get(mail.token);
      this.watching.delete(mail.token);
      watching?.resolve({ ref: watching.ref, reason: mail.text });
      return;
    }
    // Of mail that an actor has got too late the worker tells.
    if (mail.kind === MailKind.late || !this.asks.answer(mail)) this.late(mail);
  }

  /** Nobody answers any more. */
  end(error: Error): void {
    this.close();
    this.isOver = true;
    this.asks.end(() => error);
    for (const { ref, resolve } of this.watching.values()) resolve({ ref, reason: 'the system has stopped' });
    this.watching.clear();
  }
}
