// The groups of a replica: rows that hand mail on to their members.
// Promises: mail that a group gets goes to its members in the order in which it came, with its sender and its ask; where there is no
// member it is a dead letter. Who has ended is a member no longer.

import { errors } from '../../errors.ts';
import { hashString } from '../../mailbox/hash.ts';
import { definitionOf, type Mail, MailKind } from '../mail.ts';
import { Kept, type Row, Status } from '../rows.ts';
import type { Desk } from './desk.ts';

interface Member {
  readonly id: number;
  readonly life: number;
  readonly key: string;
  /** By which joining it is a member. */
  readonly order: number;
  /** The group's mail that it has not yet handled, where that is counted. */
  waiting: number;
}

export const GROUP_KINDS: ReadonlySet<number> = new Set([
  MailKind.join,
  MailKind.leave,
  MailKind.toAll,
  MailKind.toNext,
  MailKind.toKeyed,
  MailKind.toSmallest,
  MailKind.reported,
]);

export class Groups {
  private readonly desk: Desk;
  /** Members by group, in the order in which they have joined: as the rows have them, for as long as nothing changes. */
  private readonly known = new Map<number, readonly Member[]>();

  constructor(desk: Desk) {
    this.desk = desk;
  }

  /** The rows may not be as they were. */
  forget(): void {
    this.known.clear();
  }

  /** Mail to a group. Returns false if it has no member and is of no use: the row may go. */
  take(mail: Mail, id: number, row: Row): boolean {
    row.status = Status.group;
    switch (mail.kind) {
      case MailKind.join:
        this.join(mail, id, row);
        break;
      case MailKind.leave:
        this.remove(mail.n0, id, row);
        this.watch(MailKind.unwatch, mail.n0, mail.n1, id);
        break;
      case MailKind.ended:
        this.remove(mail.from, id, row);
        break;
      case MailKind.reported:
        this.reported(mail, id, row);
        break;
      default:
        this.handOn(mail, id, row);
    }
    return row.children > 0;
  }

  private join(mail: Mail, id: number, row: Row): void {
    if (row.kept.has(Kept.member, mail.n0)) return;
    const member = row.kept.upsert(Kept.member, mail.n0);
    member.n0 = row.tail++;
    member.n1 = mail.n1;
    member.text = mail.text;
    row.children++;
    this.known.delete(id);
    this.watch(MailKind.watch, mail.n0, mail.n1, id);
  }

  private watch(kind: number, member: number, life: number, id: number): void {
    const mail = this.desk.send(kind, member, id, undefined);
    mail.life = life;
  }

  private remove(member: number, id: number, row: Row): void {
    if (!row.kept.delete(Kept.member, member)) return;
    row.children--;
    this.known.delete(id);
  }

  private members(id: number, row: Row): readonly Member[] {
    let members = this.known.get(id);
    if (members === undefined) {
      members = [...row.kept]
        .filter(({ what }) => what === Kept.member)
        .map(({ seq, n0, n1, n2, text }) => ({ id: seq, order: n0, life: n1, waiting: n2, key: text }))
        .sort((a, b) => a.order - b.order);
      this.known.set(id, members);
    }
    return members;
  }

  private handOn(mail: Mail, id: number, row: Row): void {
    const members = this.members(id, row);
    const { kind } = mail;
    if (members.length === 0) {
      const name = this.desk.definitions.at(definitionOf(mail.type))?.name ?? '';
      const error = errors.targetStopped(`the group ${id} of actors '${name}'`, 'a message', 'nobody is in the group');
      const { from, fromType, token, type } = mail;
      this.desk.dead({ from, fromType, token, kind: MailKind.message, type }, id, error);
      return;
    }
    // From the first time on that it matters, mail that goes another way is counted, too.
    if (kind === MailKind.toSmallest) row.n1 = 1;
    if (kind === MailKind.toAll) for (const member of members) this.handTo(member, mail, id, row);
    else this.handTo(this.choose(kind, mail.key, members, row), mail, id, row);
  }

  private choose(kind: number, key: string, members: readonly Member[], row: Row): Member {
    const { length } = members;
    if (kind === MailKind.toKeyed) return members[(hashString(key) >>> 0) % length];
    let at = row.n0 % length;
    if (kind === MailKind.toSmallest) {
      // From the next one on, so that equal ones take turns.
      const first = at;
      for (let i = 1; i < length && members[at].waiting > 0; i++) {
        const other = (first + i) % length;
        if (members[other].waiting < members[at].waiting) at = other;
      }
    }
    row.n0 = at + 1;
    return members[at];
  }

  private handTo(member: Member, mail: Mail, id: number, row: Row): void {
    this.copy(mail, member);
    if (row.n1 === 0) return;
    member.waiting++;
    row.kept.upsert(Kept.member, member.id).n2 = member.waiting;
    const report = this.desk.send(MailKind.report, member.id, id, undefined);
    report.life = member.life;
    report.n0 = member.order;
  }

  /** A member has handled one more of what it was handed. */
  private reported({ from, n0 }: Mail, id: number, row: Row): void {
    const kept = row.kept.get(Kept.member, from);
    if (kept === undefined || kept.n0 !== n0) return;
    kept.n2--;
    const member = this.known.get(id)?.find((each) => each.id === from);
    if (member !== undefined) member.waiting = kept.n2;
  }

  private copy(from: Mail, { id, life, key }: Member): void {
    const mail = this.desk.outbox.next().address(id, MailKind.message, from.type);
    mail.from = from.from;
    mail.fromType = from.fromType;
    mail.token = from.token;
    mail.life = life;
    mail.key = key;
    mail.n0 = from.n0;
    mail.n1 = from.n1;
    mail.n2 = from.n2;
    mail.n3 = from.n3;
    mail.text = from.text;
    mail.rest = from.rest;
  }
}
