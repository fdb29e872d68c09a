// The end of a system: the actors without a parent are stopped, key group by key group, and the app is told when a group has none left.
// Promises: who comes into being meanwhile is stopped, too.

import { hashDouble, keyGroupOf } from '../../mailbox/hash.ts';
import { type Mail, MailKind } from '../mail.ts';
import type { Row } from '../rows.ts';
import type { Desk } from './desk.ts';

export type EachRow = (visit: (key: readonly unknown[], row: never) => void) => void;

export class Stopping {
  private readonly desk: Desk;
  /** Key groups whose actors are to be stopped, with the app's asks; true until they have been told. */
  private readonly asked = new Map<number, { token: number; isNew: boolean }>();

  constructor(desk: Desk) {
    this.desk = desk;
  }

  begin({ token, to }: Mail): void {
    const group = keyGroupOf(hashDouble(to));
    const known = this.asked.get(group);
    this.asked.set(group, { token, isNew: known === undefined });
    this.desk.wake();
  }

  /** Who comes into being while all are stopped is stopped, too. */
  created(id: number): void {
    if (this.asked.has(keyGroupOf(hashDouble(id)))) this.desk.send(MailKind.stop, id, 0, undefined);
  }

  /** Tells the app how many actors a key group has. */
  answerCount(token: number, group: number): void {
    const mail = this.desk.outbox.next().address(0, MailKind.reply);
    mail.token = token;
    mail.n0 = group;
    mail.n1 = this.desk.live[group];
    mail.n2 = this.desk.resting[group];
  }

  work(eachRow: EachRow): void {
    const { desk, asked } = this;
    if (asked.size === 0) return;
    const isNew = [...asked.values()].some((each) => each.isNew);
    if (isNew) {
      eachRow(([id], row: Row) => {
        const actor = id as number;
        if (row.definition === 0 || row.parent !== 0) return;
        if (asked.get(keyGroupOf(hashDouble(actor)))?.isNew) desk.send(MailKind.stop, actor, 0, undefined);
      });
      for (const each of asked.values()) each.isNew = false;
    }
    for (const [group, { token }] of asked) {
      if (desk.live[group] > 0) continue;
      this.answerCount(token, group);
      asked.delete(group);
    }
  }

  /** True if the last actor of a group has ended that the app has not been told of. */
  get isAnyDone(): boolean {
    return this.asked.size > 0 && [...this.asked.keys()].some((group) => this.desk.live[group] === 0);
  }

  /** Other key groups have other owners, who are asked by the app. */
  keepOnly(owned: ReadonlySet<number>): void {
    for (const group of this.asked.keys()) if (!owned.has(group)) this.asked.delete(group);
  }
}
