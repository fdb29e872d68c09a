// The mail that waits for an actor, in its row: from the head, which is next, to the tail.
// Promises: mail is taken in the order in which it came; a mailbox that is full leaves out what its policy says, with a dead letter, and
// never what concerns the life of its actor.

import { errors } from '../../errors.ts';
import { reportedOf } from '../answers.ts';
import { Mail, MailKind } from '../mail.ts';
import { copyMail, Kept, type KeptMail, plainMail, type Row, WAITS } from '../rows.ts';
import type { Desk } from './desk.ts';

export class Queue {
  private readonly desk: Desk;

  constructor(desk: Desk) {
    this.desk = desk;
  }

  /** True if one more message may wait. If not, this one or the first one is left out, as the actor's mailbox says. */
  hasRoom(mail: Mail, id: number, row: Row): boolean {
    const { desk } = this;
    const loaded = desk.definitions.at(row.definition);
    // Senders outside are held back by the app; between actors nobody waits.
    if (loaded === undefined || loaded.mailbox.full === 'wait') return true;
    const { kept } = row;
    const reports = (): number => kept.get(Kept.reports, 0)?.n0 ?? 0;
    const { capacity } = loaded.mailbox;
    if (row.tail - row.head < capacity || row.tail - row.head - reports() < capacity) return true;
    const error = errors.mailboxFull(desk.nameOf(row, id), loaded.mailbox.capacity);
    if (loaded.mailbox.full === 'dropNewest') {
      desk.dead(mail, id, error);
      return false;
    }
    let oldest = kept.get(Kept.mail, row.head);
    // What they ask about has been handled, or was left out.
    while (oldest?.kind === MailKind.report) {
      this.report(plainMail(oldest), id);
      this.dropFirst(row, MailKind.report);
      oldest = kept.get(Kept.mail, row.head);
    }
    // What is to be told of its life is never left out.
    if (oldest === undefined || oldest.kind !== MailKind.message) return true;
    desk.dead(oldest, id, error);
    this.dropFirst(row, MailKind.message);
    return true;
  }

  /** Tells a group that its member has come as far as this. */
  report({ from, n0 }: KeptMail, id: number): void {
    Object.assign(this.desk.outbox.next(), reportedOf({ from, to: id, n0 }));
  }

  /** Puts mail behind what is there. */
  keep(mail: KeptMail, row: Row): void {
    copyMail(mail, row.kept.upsert(Kept.mail, row.tail));
    row.tail++;
    if (mail.kind === MailKind.report) row.kept.upsert(Kept.reports, 0).n0++;
  }

  /** A tick waits once: a thread that takes over sends those that are due again. */
  keepTick(mail: Mail, row: Row): void {
    const timer = row.kept.get(Kept.timer, mail.token);
    if (timer === undefined || timer.token !== mail.n0 || timer.life === WAITS) return;
    timer.life = WAITS;
    this.keep(mail, row);
  }

  dropFirst(row: Row, kind: number): void {
    row.kept.delete(Kept.mail, row.head);
    row.head++;
    if (kind !== MailKind.report) return;
    const reports = row.kept.upsert(Kept.reports, 0);
    if (reports.n0 > 1) reports.n0--;
    else row.kept.delete(Kept.reports, 0);
  }

  /** Empties the queue of an actor. */
  takeAll(row: Row): Mail[] {
    const { kept } = row;
    const mails: Mail[] = [];
    for (let seq = row.head; seq < row.tail; seq++) {
      const mail = kept.get(Kept.mail, seq);
      if (mail === undefined) continue;
      const copy = new Mail();
      copyMail(mail, copy);
      mails.push(copy);
      kept.delete(Kept.mail, seq);
    }
    row.kept.delete(Kept.reports, 0);
    row.head = 0;
    row.tail = 0;
    return mails;
  }
}
