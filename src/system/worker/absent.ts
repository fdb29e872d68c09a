// Mail to an id that has no actor: one that is on its way, or has ended, or never was, or whose name is another's now.
// Promises: what comes before its actor does waits for it; what comes too late is a dead letter, and who watches is told. Whether an actor
// is on its way is found out by asking all who may have sent it.

import { errors, fromRecord } from '../../errors.ts';
import { hashDouble, keyGroupOf } from '../../mailbox/hash.ts';
import { controlId } from '../control-ids.ts';
import { definitionOf, Mail, MailKind } from '../mail.ts';
import { Kept, type KeptMail, type Row, Status } from '../rows.ts';
import { packError, unpackRest } from '../slots.ts';
import type { Desk } from './desk.ts';
import { GROUP_KINDS } from './groups.ts';
import { type Lives, nameOf } from './lives.ts';
import type { Queue } from './queue.ts';
import type { Stopping } from './stopping.ts';

/** Kinds of mail that may come before the actor does: somebody else has spawned it, and told who it is. */
const MAY_COME_FIRST: ReadonlySet<number> = new Set([
  MailKind.message,
  MailKind.watch,
  MailKind.stop,
  MailKind.stopNow,
]);

/** What becomes of mail whose receiver has come into being by it. */
export interface Present {
  /** The row that is in hand goes. */
  remove(): void;
  drain(id: number, row: Row): void;
  toActor(mail: Mail, id: number, row: Row): void;
  toLife(mail: Mail, id: number, row: Row): void;
  toGroup(mail: Mail, row: Row): void;
}

export class Absent {
  private readonly desk: Desk;
  private readonly lives: Lives;
  private readonly queue: Queue;
  private readonly stopping: Stopping;
  private readonly present: Present;

  constructor(desk: Desk, lives: Lives, queue: Queue, stopping: Stopping, present: Present) {
    this.desk = desk;
    this.lives = lives;
    this.queue = queue;
    this.stopping = stopping;
    this.present = present;
  }

  /** The mail that would have made the actor killed its worker whenever it was tried: there is none. */
  killedUnborn({ to: id, type, life, rest, n0: kind, n1: from, n2: token, n3: fromType }: Mail, row: Row): void {
    const { desk, lives } = this;
    const cause = fromRecord(unpackRest(rest) as never);
    const loaded = desk.definitions.at(definitionOf(type));
    const culprit = { ...new Mail(), kind, type, from, fromType, token: kind === MailKind.spawn ? 0 : token };
    const error = loaded === undefined ? cause : errors.actorFailed(loaded.name, nameOf(culprit, loaded), cause);
    const told = desk.send(MailKind.failed, 0, id, undefined);
    told.fromType = type;
    told.text = 'stop';
    told.rest = packError(error, desk.rules.errorBytes);
    if (kind === MailKind.spawn) lives.tellParent(from, id, life, 'failed');
    else desk.dead(culprit, id, error);
    if (row.status === Status.nobody) this.present.remove();
  }

  /** Mail to an id that nobody has. */
  take(mail: Mail, row: Row): void {
    const { lives, desk } = this;
    const { kind, to: id } = mail;
    if (kind === MailKind.spawn) {
      lives.spawn(mail, id, row);
      this.present.drain(id, row);
      return;
    }
    if (kind === MailKind.message && mail.key !== '') {
      lives.makeVirtual(mail, id, row);
      if (row.definition !== 0) this.present.toActor(mail, id, row);
      return;
    }
    // A virtual actor is never on its way: its first message makes it.
    if (mail.key !== '' && (kind === MailKind.stop || kind === MailKind.stopNow)) {
      this.present.remove();
      return;
    }
    if (mail.key !== '' && kind === MailKind.watch) {
      this.present.remove();
      lives.tellEnded(mail.from === 0 ? -mail.token : mail.from, id, mail.type, 'gone', 0, mail.key);
      return;
    }
    if (MAY_COME_FIRST.has(kind)) {
      this.ask(mail, id, row);
      return;
    }
    if (GROUP_KINDS.has(kind)) {
      this.present.toGroup(mail, row);
      return;
    }
    this.present.remove();
    if (kind === MailKind.probe) {
      const answer = desk.send(MailKind.probed, mail.from, 0, undefined);
      answer.life = mail.life;
    } else if (kind === MailKind.reply || kind === MailKind.failure) this.desk.answered(mail);
    else if (kind === MailKind.stopRoots) this.stopping.begin(mail);
    else if (kind === MailKind.count) this.stopping.answerCount(mail.token, keyGroupOf(hashDouble(id)));
  }

  /**
   * The first mail to an actor that is not there: all who may have sent it on its way are asked, which are the app and each replica,
   * wherever its key groups are by now (placement.ts).
   */
  private ask(mail: Mail, id: number, row: Row): void {
    const { desk } = this;
    row.status = Status.awaited;
    row.life = desk.definitions.takeId();
    this.queue.keep(mail, row);
    const { replicas } = desk.placement;
    this.probe(0, id, row);
    for (let replica = 0; replica < replicas; replica++)
      this.probe(controlId(desk.placement.groupOf(replica)), id, row);
    row.children = 1 + replicas;
  }

  private probe(to: number, id: number, row: Row): void {
    const probe = this.desk.outbox.next().address(to, MailKind.probe);
    probe.from = id;
    probe.life = row.life;
  }

  /** Mail to an actor that may be on its way. */
  toAwaited(mail: Mail, row: Row): void {
    const { kind, to: id } = mail;
    if (kind === MailKind.spawn) {
      row.status = Status.nobody;
      row.children = 0;
      this.lives.spawn(mail, id, row);
      this.dropFormer(id, row);
      this.present.drain(id, row);
    } else if (kind === MailKind.message && mail.key !== '') {
      // A virtual actor is made by any message.
      row.status = Status.nobody;
      row.children = 0;
      this.lives.makeVirtual(mail, id, row);
      this.present.toActor(mail, id, row);
    } else if (kind === MailKind.probed) {
      if (mail.life !== row.life || --row.children > 0) return;
      for (let seq = row.head; seq < row.tail; seq++) this.toGone(row.kept.get(Kept.mail, seq) as KeptMail, id);
      row.status = Status.nobody;
      this.present.remove();
    } else if (MAY_COME_FIRST.has(kind) || kind === MailKind.report) this.queue.keep(mail, row);
  }

  /** Of the mail that has waited for an actor, what was for another life of its name. */
  private dropFormer(id: number, row: Row): void {
    for (const mail of this.queue.takeAll(row)) {
      if (mail.life === 0 || mail.life === row.life) this.queue.keep(mail, row);
      else this.toGone(mail, id);
    }
  }

  /** Mail to an actor that has ended, or never was. */
  private toGone(mail: KeptMail, id: number, why = 'nobody is there'): void {
    if (mail.kind === MailKind.watch) {
      this.lives.tellEnded(mail.from === 0 ? -mail.token : mail.from, id, mail.type, 'gone', mail.life);
    } else if (mail.kind === MailKind.message) {
      this.desk.dead(mail, id, errors.targetStopped(this.nameOf(mail, id), 'a message', why));
    }
  }

  /** Mail to somebody who had the name before. */
  toFormer(mail: Mail, row: Row): void {
    const { kind, to: id } = mail;
    if (kind === MailKind.spawn) this.present.toLife(mail, id, row);
    else this.toGone(mail, id, 'it is not there: another actor has its name');
  }

  private nameOf({ type }: KeptMail, id: number): string {
    const name = this.desk.definitions.at(definitionOf(type))?.name;
    return name === undefined ? `actor ${id}` : `actor '${name}' ${id}`;
  }

  refuseSpawn(mail: Mail, error: Error): void {
    const { desk } = this;
    const told = desk.send(MailKind.failed, 0, mail.to, undefined);
    told.fromType = mail.type;
    told.text = 'stop';
    told.key = mail.key;
    told.rest = packError(error, desk.rules.errorBytes);
    this.lives.tellParent(mail.from, mail.to, mail.life, error.message);
  }
}
