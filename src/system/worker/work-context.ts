// The context of one message, for its handler: collects what it sends and does, until the handler has come to its end.
// Promises: nothing takes effect before `finish`; after `close` every use throws.

import { errors } from '../../errors.ts';
import { hashDouble, keyGroupOf } from '../../mailbox/hash.ts';
import { checkName, idFound, idOfGroup, idOfKey, idOfName, parseAddress, refuseInbox } from '../addresses.ts';
import { type ActorContext, type ActorTimers, SPAWN_OPTIONS, type SpawnOptions } from '../context.ts';
import type { AnyActor, MessageShapes } from '../definition.ts';
import { Group } from '../group.ts';
import type { LoadedActor, LoadedMessage } from '../loaded-actor.ts';
import { type ActorLog, actorLog } from '../log.ts';
import { definitionOf, type Mail, MailKind, MESSAGES_MAX, messageOf, type Outbox } from '../mail.ts';
import { type ActorRef, ASK_OPTIONS, type AskOptions, checkKeys, checkRef, type Post, Ref } from '../ref.ts';
import { copyMail, Kept, type KeptMail, RESTARTS, Restart, type Row } from '../rows.ts';
import type { MessageCodec } from '../slots.ts';
import type { Desk } from './desk.ts';
import type { Wishes } from './handling.ts';

/** Milliseconds beyond which a double is no longer exact. */
const DELAY_MS_MAX = 2 ** 53;

/** Ids that are tried for one beside another actor: each has the right key group with a chance of 1 in 256. */
const BESIDE_TRIES = 8192;

const NONE: ReadonlyMap<number, Ref> = new Map();

/** What is done to the actor's row when its handler has come to its end. */
type Effect = (row: Row) => void;

export class WorkContext implements ActorContext<MessageShapes, unknown>, Post, Wishes {
  readonly desk: Desk;
  readonly loaded: LoadedActor;
  private readonly id: number;
  private readonly mail: KeptMail;
  private readonly box: Outbox;
  private readonly message: LoadedMessage | undefined;
  private selfRef: Ref | undefined;
  private nameText: string | undefined;
  private isVirtual: boolean | undefined;
  /** While the handler runs in one go. */
  private readonly row: Row;
  private readonly mayAwait: boolean;
  private effects: Effect[] | undefined;
  private timersOf: ActorTimers<MessageShapes> | undefined;
  private logOf: ActorLog | undefined;
  private isOver = false;
  private hasReplied = false;
  private isReplyKept = false;
  stops = false;
  rests = false;
  isStashed = false;
  /** Asks that its handler waits for, by their tokens. */
  private waitsFor: Map<number, Ref> | undefined;
  /** Earlier messages that it has answered. */
  private answered: Set<string> | undefined;

  constructor(
    desk: Desk,
    box: Outbox,
    loaded: LoadedActor,
    mail: KeptMail,
    message: LoadedMessage | undefined,
    id: number,
    row: Row,
    mayAwait: boolean,
  ) {
    this.desk = desk;
    this.box = box;
    this.loaded = loaded;
    this.mail = mail;
    this.message = message;
    this.id = id;
    this.mayAwait = mayAwait;
    this.row = row;
    // The row will stand elsewhere.
    if (mayAwait) this.selfRef = desk.refOf(row, id);
    if (mayAwait) this.nameText = row.name;
    if (mayAwait) this.isVirtual = row.restart === Restart.virtual;
  }

  /** @throws MillraceError CONTEXT_OVER */
  private use(): void {
    if (this.isOver) throw errors.contextOver(this.loaded.name);
  }

  private later(effect: Effect): void {
    this.effects ??= [];
    this.effects.push(effect);
  }

  /** Lets all that was asked for take effect. */
  finish(row: Row): void {
    const { mail, message } = this;
    if (this.effects !== undefined) for (const effect of this.effects) effect(row);
    // Last: what is unstashed by the same handler is what had been put aside before.
    if (this.isStashed) copyMail(mail, row.kept.upsert(Kept.stashed, row.stashed++));
    if (mail.token === 0 || this.hasReplied || this.isReplyKept || this.isStashed || message === undefined) return;
    if (message.hasReply) this.desk.refuse(mail, errors.noReply(this.loaded.name, message.name), this.id);
    else this.answer(mail, undefined, undefined);
  }

  /** Moves what was sent into another outbox. */
  sendInto(outbox: Outbox): void {
    const { box } = this;
    for (let i = 0; i < box.count; i++) Object.assign(outbox.next(), box.at(i));
    box.cut(0);
  }

  /** How many asks its handler waits for. */
  get asking(): number {
    return this.waitsFor?.size ?? 0;
  }

  /** Those asks, by their tokens. */
  get asked(): ReadonlyMap<number, Ref> {
    return this.waitsFor ?? NONE;
  }

  /** No use of it is valid any more. */
  close(): void {
    this.isOver = true;
  }

  get self(): Ref {
    this.use();
    this.selfRef ??= this.desk.refOf(this.row, this.id);
    return this.selfRef;
  }

  get name(): string {
    this.use();
    this.nameText ??= this.row.name;
    return this.nameText;
  }

  get sender(): Ref | undefined {
    this.use();
    const { from, fromType } = this.mail;
    const loaded = from === 0 || fromType === 0 ? undefined : this.desk.definitions.at(definitionOf(fromType));
    return loaded && this.desk.ref(loaded, from);
  }

  get replyTo(): string | undefined {
    this.use();
    const { from, token, type } = this.mail;
    if (token === 0 || this.message === undefined) return undefined;
    this.isReplyKept = true;
    return `${from}/${token}/${type}`;
  }

  private answer(asked: { from: number; token: number }, message: LoadedMessage | undefined, answer: unknown): void {
    const mail = this.box.next().address(asked.from, MailKind.reply);
    mail.token = asked.token;
    mail.from = this.id;
    mail.fromType = this.loaded.index * MESSAGES_MAX;
    message?.reply?.write(answer as Record<string, unknown>, mail);
  }

  reply(answer: unknown): void {
    this.use();
    const { mail, message, loaded } = this;
    if (message?.reply === undefined) {
      throw errors.badActor(loaded.name, `replies to '${message?.name ?? 'a hook'}', which has no reply: declare one`);
    }
    if (this.hasReplied) throw errors.repliedTwice(loaded.name, message.name);
    this.hasReplied = true;
    if (mail.token !== 0) this.answer(mail, message, answer);
  }

  replyLater(replyTo: string, answer: Readonly<Record<string, unknown>>): void {
    this.use();
    const [from, token, type] = String(replyTo).split('/').map(Number);
    const message = this.desk.definitions.at(definitionOf(type))?.messages[messageOf(type)];
    if (message?.reply === undefined)
      throw errors.badOption('replyTo', replyTo, 'what context.replyTo was', 'replyLater()');
    const isOwn = from === this.mail.from && token === this.mail.token;
    if (this.answered?.has(replyTo) || (isOwn && this.hasReplied))
      throw errors.repliedTwice(this.loaded.name, message.name);
    this.answered ??= new Set();
    this.answered.add(replyTo);
    if (isOwn) this.hasReplied = true;
    this.answer({ from, token }, message, answer);
  }

  tell(ref: Ref, message: LoadedMessage, value: unknown): undefined {
    this.use();
    this.written(this.addressed(ref, ref.kind, message.type), message.codec, value);
    return undefined;
  }

  /** Fills mail that was taken last; takes it back if the values do not fit. */
  private written(mail: Mail, codec: MessageCodec, value: unknown): Mail {
    try {
      codec.write(value as Record<string, unknown>, mail);
    } catch (error) {
      this.box.cut(this.box.count - 1);
      throw error;
    }
    return mail;
  }

  private addressed(ref: Ref, kind: number, type: number): Mail {
    const mail = this.box.next().address(ref.id, kind, type);
    mail.from = this.id;
    mail.fromType = this.loaded.index * MESSAGES_MAX;
    mail.life = ref.life;
    mail.key = ref.key;
    return mail;
  }

  async ask(ref: Ref, message: LoadedMessage, value: unknown, options: AskOptions): Promise<unknown> {
    this.use();
    checkKeys('ask', options, ASK_OPTIONS);
    const { desk, loaded, box } = this;
    if (!this.mayAwait) {
      throw errors.badActor(
        loaded.name,
        `asks '${message.name}' in a handler that is no async function: declare it as async`,
      );
    }
    if (ref.id === this.id) throw errors.askCycle(ref.text, message.name);
    const token = desk.definitions.takeId();
    const { count } = box;
    const mail = this.written(this.addressed(ref, ref.kind, message.type), message.codec, value);
    mail.token = token;
    // Asked at once, since its answer is awaited: what else the handler does becomes visible when it has ended.
    desk.askNow(mail);
    box.cut(count);
    this.waitsFor ??= new Map();
    this.waitsFor.set(token, ref);
    try {
      return await desk.asks.wait(token, ref, message, options);
    } finally {
      this.waitsFor.delete(token);
    }
  }

  stop(ref?: Ref, isNow = false): void {
    this.use();
    if (ref === undefined || ref.id === this.id) this.stops = true;
    else this.addressed(ref, isNow ? MailKind.stopNow : MailKind.stop, 0);
  }

  rest(): void {
    this.mayRest('rest()');
    const { kind } = this.mail;
    if (kind === MailKind.spawn) {
      throw errors.badActor(
        this.loaded.name,
        'rests in its start, before the message that it has begun for: call rest() in the handler of that',
      );
    }
    this.rests = kind !== MailKind.rest;
  }

  restAfter(ms: number): void {
    this.mayRest('restAfter()');
    const isDelay = typeof ms === 'number' && ms > 0 && (ms <= DELAY_MS_MAX || ms === Number.POSITIVE_INFINITY);
    if (!isDelay) {
      const where = `restAfter() of actor '${this.loaded.name}'`;
      throw errors.badOption('ms', ms, 'milliseconds above 0, or Infinity for no rest', where);
    }
    this.later((row) => {
      // Nobody has noted it where it was not to rest.
      if (row.activeMs === 0) row.activeMs = this.desk.host.now();
      row.restAfterMs = ms;
    });
  }

  private mayRest(method: string): void {
    this.use();
    this.isVirtual ??= this.row.restart === Restart.virtual;
    if (!this.isVirtual) {
      throw errors.badActor(
        this.loaded.name,
        `calls ${method}, and was spawned: only virtual actors rest, which system.get() gives`,
      );
    }
  }

  spawn(definition: AnyActor, options: SpawnOptions<Record<string, unknown>> = {}): never {
    this.use();
    checkKeys('spawn()', options, SPAWN_OPTIONS);
    const { desk } = this;
    if (this.mail.kind === MailKind.stop) {
      throw errors.badActor(this.loaded.name, 'spawns in its stop hook, when its children have ended: spawn before');
    }
    const loaded = desk.definitions.of(definition);
    refuseInbox(loaded, 'spawn()');
    const { name, args, beside, restart = 'transient' } = options;
    const how = RESTARTS.indexOf(restart);
    if (how < 0) throw errors.badOption('restart', restart, `'transient', 'permanent' or 'temporary'`, 'spawn()');
    const child = name === undefined ? idBeside(desk, beside) : idOfName(checkName('name', name, 'spawn()'));
    const life = desk.definitions.takeId();
    const mail = this.addressed(desk.ref(loaded, child, life), MailKind.spawn, loaded.index * MESSAGES_MAX);
    mail.token = how;
    mail.key = name ?? '';
    this.written(mail, loaded.args, args ?? {});
    this.later((row) => {
      // A second child of one name does not come into being: the first one stays what it is.
      if (row.kept.has(Kept.child, child)) return;
      const kept = row.kept.upsert(Kept.child, child);
      kept.n0 = life;
      kept.type = loaded.index * MESSAGES_MAX;
      row.children++;
    });
    return desk.ref(loaded, child, name === undefined ? 0 : life) as never;
  }

  get(definition: AnyActor, key: string): never {
    this.use();
    const loaded = this.desk.definitions.of(definition);
    refuseInbox(loaded, 'get()');
    checkName('key', key, 'get()');
    return this.desk.ref(loaded, idOfKey(loaded.index, key), 0, key) as never;
  }

  find(definition: AnyActor, name: string): never {
    this.use();
    const loaded = this.desk.definitions.of(definition);
    return this.desk.ref(loaded, idFound(loaded, name)) as never;
  }

  ref(definition: AnyActor, address: string): never {
    this.use();
    const { loaded, id, life, key } = parseAddress(this.desk.definitions, definition, address);
    return this.desk.ref(loaded, id, life, key) as never;
  }

  watch(ref: ActorRef<AnyActor>): void {
    this.use();
    const target = checkRef(ref, 'watch()');
    this.addressed(target, MailKind.watch, target.loaded.index * MESSAGES_MAX);
    this.later((row) => {
      row.kept.upsert(Kept.watching, target.id).type = target.loaded.index * MESSAGES_MAX;
    });
  }

  unwatch(ref: ActorRef<AnyActor>): void {
    this.use();
    const target = checkRef(ref, 'unwatch()');
    this.addressed(target, MailKind.unwatch, 0);
    this.later((row) => {
      row.kept.delete(Kept.watching, target.id);
    });
  }

  group(definition: AnyActor, name: string): never {
    this.use();
    const loaded = this.desk.definitions.of(definition);
    const id = idOfGroup(loaded.index, checkName('name', name, 'group()'));
    const all = new Ref(loaded, id, 0, '', undefined, MailKind.toAll);
    return new Group(all, () => all.post) as never;
  }

  member(kind: number, group: Ref, member: Ref): void {
    this.use();
    const mail = this.addressed(group, kind, group.loaded.index * MESSAGES_MAX);
    mail.n0 = member.id;
    mail.n1 = member.life;
    mail.text = member.key;
  }

  become(behaviour: string): void {
    this.use();
    const index = this.loaded.behaviourNames.indexOf(behaviour);
    if (index < 0) {
      const known = this.loaded.behaviourNames.map((each) => `'${each}'`).join(', ');
      throw errors.badOption('behaviour', behaviour, `one of ${known}`, `become() of actor '${this.loaded.name}'`);
    }
    this.later((row) => {
      row.behaviour = index;
    });
  }

  stash(): void {
    this.use();
    this.isStashed = true;
  }

  unstash(): void {
    this.use();
    this.later((row) => {
      for (let seq = row.stashed - 1; seq >= 0; seq--) {
        const stashed = row.kept.get(Kept.stashed, seq);
        if (stashed !== undefined) copyMail(stashed, row.kept.upsert(Kept.mail, --row.head));
        row.kept.delete(Kept.stashed, seq);
      }
      row.stashed = 0;
    });
  }

  get timers(): ActorTimers<MessageShapes> {
    this.timersOf ??= {
      once: (name, message, delayMs) => this.timer(name, message, this.delay('delayMs', delayMs, 0), 0),
      every: (name, message, periodMs) => {
        const period = this.delay('periodMs', periodMs, Number.MIN_VALUE);
        return this.timer(name, message, period, period);
      },
      cancel: (timer) => this.cancel(timer),
    };
    return this.timersOf;
  }

  get log(): ActorLog {
    this.logOf ??= actorLog(this.desk.log, () => {
      const { self, name, loaded, id } = this;
      return { actor: loaded.name, id: name === '' ? `${id}` : name, address: self.address };
    });
    return this.logOf;
  }

  private delay(option: string, given: number, from: number): number {
    if (typeof given === 'number' && given >= from && given <= DELAY_MS_MAX) return given;
    const rule = from === 0 ? 'milliseconds from 0 on, and not Infinity' : 'milliseconds above 0, and not Infinity';
    throw errors.badOption(option, given, rule, `timers of actor '${this.loaded.name}'`);
  }

  private timer(name: string, message: unknown, delayMs: number, periodMs: number): number {
    this.use();
    const { desk, loaded, id } = this;
    const what = loaded.messages.find((each) => each.name === name);
    if (what === undefined) {
      throw errors.unknownMessage(
        loaded.name,
        name,
        loaded.messages.map((each) => each.name),
      );
    }
    const timer = desk.definitions.takeId();
    // Written as mail is, and kept in the row.
    const { box } = this;
    const { count } = box;
    const mail = box.next().address(id, MailKind.message, what.type);
    try {
      what.codec.write(message as Record<string, unknown>, mail);
    } finally {
      box.cut(count);
    }
    const { n0, n1, n2, n3, text, rest } = mail;
    const dueMs = desk.host.now() + delayMs;
    this.later((row) => {
      const from = periodMs;
      const slots = {
        from,
        token: dueMs,
        life: 0,
        kind: MailKind.tick,
        type: what.type,
        fromType: 0,
        n0,
        n1,
        n2,
        n3,
        text,
        rest,
      };
      copyMail(slots, row.kept.upsert(Kept.timer, timer));
      row.timers++;
      desk.timers.add(dueMs, id, timer);
    });
    return timer;
  }

  private cancel(timer: number): void {
    this.use();
    if (typeof timer !== 'number')
      throw errors.badOption('timer', timer, 'what once() or every() gave', 'timers.cancel()');
    this.later((row) => {
      if (row.kept.delete(Kept.timer, timer)) row.timers--;
    });
  }
}

/** A new id, if asked for one on the worker of another actor. */
export function idBeside(desk: Pick<Desk, 'definitions'>, beside: ActorRef<AnyActor> | undefined): number {
  const { definitions } = desk;
  if (beside === undefined) return definitions.takeId();
  const group = keyGroupOf(hashDouble(checkRef(beside, 'spawn()').id));
  let id = definitions.takeId();
  for (let left = BESIDE_TRIES; left > 0 && keyGroupOf(hashDouble(id)) !== group; left--) id = definitions.takeId();
  return id;
}
