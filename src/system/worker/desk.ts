// What the parts of a replica's actors share: the definitions, the mail that goes out, timers, runs of async handlers, and counts.
// Promises: mail that is sent is emitted by `flush`, in order; `count` of the outbox tells what a handler that fails has sent.

import type { ResidentHost } from '../../flow/resident.ts';
import { hashDouble, KEY_GROUPS, keyGroupOf } from '../../mailbox/hash.ts';
import type { Cancel } from '../../platform/clock.ts';
import { TimerHeap } from '../../state/timers/timer-heap.ts';
import { isNamed } from '../addresses.ts';
import { Deadlines } from '../deadlines.ts';
import type { CheckedActorSupervision } from '../definition.ts';
import type { Definitions } from '../definitions.ts';
import type { LoadedActor } from '../loaded-actor.ts';
import type { LogSink } from '../log.ts';
import { Mail, MailKind, MESSAGES_MAX, Outbox } from '../mail.ts';
import type { Placement } from '../placement.ts';
import { Ref } from '../ref.ts';
import { type KeptMail, Restart, type Row } from '../rows.ts';
import { packError } from '../slots.ts';
import { Idling } from './idling.ts';
import { LocalMail } from './local-mail.ts';
import type { LogRules } from './log-sender.ts';

/** What holds for all actors of a system. */
export interface SystemRules {
  /** How actors without a parent are supervised. */
  readonly supervision: CheckedActorSupervision;
  /** How long an async handler may take; 0 for as long as it likes. */
  readonly handlerTimeoutMs: number;
  /** Of an error that travels. */
  readonly errorBytes: number;
  /** How long the import of a definition's module may take. */
  readonly startTimeoutMs: number;
  /** Where lines go that actors log, and which do. */
  readonly log: LogRules;
}

/** Characters of the reason of a dead letter. */
const REASON_MAX = 300;

/** What the closure of the actors emits with. */
export interface SystemEmit {
  mail(mail: Mail): void;
  app(mail: Mail): void;
}

export class Desk {
  readonly definitions: Definitions;
  readonly host: ResidentHost;
  readonly rules: SystemRules;
  readonly placement: Placement;
  readonly log: LogSink;
  readonly outbox = new Outbox();
  readonly timers = new TimerHeap();
  readonly idling = new Idling();
  readonly asks: Deadlines;
  /** Actors by key group, those of them that rest, and what of both the open batch has changed. */
  readonly live = new Int32Array(KEY_GROUPS);
  readonly resting = new Int32Array(KEY_GROUPS);
  private readonly local: LocalMail;
  private readonly changes: number[] = [];
  private readonly ordered = new Set<Cancel>();
  private wakesAtOnce = true;

  constructor(definitions: Definitions, host: ResidentHost, rules: SystemRules, placement: Placement, log: LogSink) {
    this.definitions = definitions;
    this.host = host;
    this.rules = rules;
    this.placement = placement;
    this.log = log;
    this.local = new LocalMail(host, rules.errorBytes);
    this.asks = new Deadlines({ now: () => host.now(), after: (ms, action) => this.after(ms, action) });
  }

  /** Calls `action` later, in this thread, unless {@link close} comes before. */
  after(ms: number, action: () => void): Cancel {
    const cancel = this.host.after(ms, () => {
      this.ordered.delete(cancel);
      action();
    });
    this.ordered.add(cancel);
    return () => {
      this.ordered.delete(cancel);
      cancel();
    };
  }

  /** What was ordered of the clock is taken back: an actor that goes on elsewhere must not keep its old thread alive. */
  close(): void {
    for (const cancel of this.ordered) cancel();
    this.ordered.clear();
  }

  get dueAtMs(): number {
    return this.wakesAtOnce ? 0 : Math.min(this.timers.nextAtMs, this.idling.nextAtMs);
  }

  /** Something is to be done outside of a batch that reads mail. */
  wake(): void {
    this.wakesAtOnce = true;
    this.host.wake();
  }

  woken(): void {
    this.wakesAtOnce = false;
  }

  /** An actor has come into being, or ended. */
  count(id: number, change: 1 | -1): void {
    this.change(keyGroupOf(hashDouble(id)), change);
  }

  /** An actor has gone to rest, or rests no more. */
  countResting(id: number, change: 1 | -1): void {
    this.change(KEY_GROUPS + keyGroupOf(hashDouble(id)), change);
  }

  /** @param at a key group, of those that rest behind those that there are */
  private change(at: number, change: 1 | -1): void {
    this.add(at, change);
    this.changes.push(change > 0 ? at : ~at);
  }

  private add(at: number, change: number): void {
    if (at < KEY_GROUPS) this.live[at] += change;
    else this.resting[at - KEY_GROUPS] += change;
  }

  committed(): void {
    this.changes.length = 0;
    this.settled.clear();
    this.sentEarly.length = 0;
    this.local.committed();
  }

  rolledBack(): void {
    for (const change of this.changes) {
      if (change >= 0) this.add(change, -1);
      else this.add(~change, 1);
    }
    this.changes.length = 0;
    for (const token of this.settled) this.settledBefore.add(token);
    this.settled.clear();
    // Their handlers wait for the answers, and do not ask again.
    this.early.unshift(...this.sentEarly.splice(0));
    this.outbox.cut(0);
    this.local.rolledBack();
  }

  ownersChanged(): void {
    this.local.ownersChanged();
  }

  /** Mail of the library's own, from an actor. */
  send(kind: number, to: number, from: number, row: Row | undefined): Mail {
    const mail = this.outbox.next().address(to, kind);
    mail.from = from;
    mail.fromType = row === undefined ? 0 : row.definition * MESSAGES_MAX;
    return mail;
  }

  /** Asks of async handlers, which go out before their handlers have come to their ends. */
  private readonly early: Mail[] = [];
  /** Those that the open batch has sent. */
  private readonly sentEarly: Mail[] = [];

  askNow(mail: Mail): void {
    this.early.push(Object.assign(new Mail(), mail));
    this.wake();
  }

  /** Takes what was asked into the outbox. */
  sendEarly(): void {
    for (const mail of this.early.splice(0)) {
      Object.assign(this.outbox.next(), mail);
      this.sentEarly.push(mail);
    }
  }

  /** Mail to an actor of this replica that has gone through no ring; undefined if there is none. */
  next(emit: SystemEmit): Mail | undefined {
    return this.local.next(emit.mail);
  }

  /**
   * Emits what is sent.
   * @param isLocal false for what is not to be handled within the open batch
   */
  flush(emit: SystemEmit, isLocal = true): void {
    const { outbox } = this;
    const { count } = outbox;
    for (let i = 0; i < count; i++) {
      const mail = outbox.at(i);
      // 0 is the app itself, and what is below it an inbox of the app's.
      if (mail.to <= 0) emit.app(mail);
      else if (!this.local.put(mail, isLocal, emit.mail)) emit.mail(mail);
    }
    outbox.cut(0);
  }

  /** Asks that the open batch has settled, and those that a batch had which was rolled back: their answers come again. */
  private readonly settled = new Set<number>();
  private readonly settledBefore = new Set<number>();

  /** The answer to an ask; one that nobody waits for is counted by the app. */
  answered(mail: Mail): void {
    const { token, to, from, fromType } = mail;
    if (this.asks.has(token) || this.settledBefore.delete(token)) {
      this.settled.add(token);
      if (this.asks.has(token)) this.asks.answer(mail);
      return;
    }
    const late = this.outbox.next().address(0, MailKind.late);
    late.from = from;
    late.fromType = fromType;
    late.n0 = to;
  }

  /**
   * Tells who asked that there will be no answer; nobody, if nobody asked. Returns false then.
   * @param by who was asked
   */
  refuse(asked: { from: number; token: number }, error: Error, by: number): boolean {
    if (asked.token === 0) return false;
    const mail = this.outbox.next().address(asked.from, MailKind.failure);
    mail.from = by;
    mail.token = asked.token;
    mail.rest = packError(error, this.rules.errorBytes);
    return true;
  }

  /** Mail that nobody handles: its ask fails, or the app is told. */
  dead(mail: Pick<KeptMail, 'from' | 'fromType' | 'token' | 'kind' | 'type'>, to: number, error: Error): void {
    if (this.refuse(mail, error, to)) return;
    if (mail.kind !== MailKind.message && mail.kind !== MailKind.tick) return;
    const letter = this.outbox.next().address(0, MailKind.deadLetter, mail.type);
    letter.from = mail.from;
    letter.fromType = mail.fromType;
    letter.n0 = to;
    letter.text = error.message.slice(0, REASON_MAX);
  }

  /** A reference that handlers of this thread use. */
  ref(loaded: LoadedActor, id: number, life = 0, key = ''): Ref {
    return new Ref(loaded, id, life, key, undefined);
  }

  /** The reference of the actor of a row. */
  refOf(row: Row, id: number): Ref {
    const loaded = this.definitions.at(row.definition) as LoadedActor;
    const isVirtual = row.restart === Restart.virtual;
    // As whoever has spawned it has it: only names may be another's later.
    return this.ref(loaded, id, isNamed(id) && !isVirtual ? row.life : 0, isVirtual ? row.name : '');
  }

  /** How errors call an actor. */
  nameOf(row: Row, id: number): string {
    const loaded = this.definitions.at(row.definition);
    return `actor '${loaded?.name ?? row.definition}' ${row.name === '' ? id : `'${row.name}'`}`;
  }
}
