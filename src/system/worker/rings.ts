// Asks that wait for each other in a ring: A awaits B, B awaits C, and C awaits A, which takes no message meanwhile.
// Promises: an ask that closes a ring fails at once with ASK_CYCLE, on whichever workers the actors are; an ask that will be answered
// does not. Nothing is sent as long as no ask meets an actor that awaits an answer itself.
// How: an ask that meets such an actor sends somebody along the asks that this one awaits, and so on; one who comes back to the asker has
// gone round (edge chasing: Chandy, Misra and Haas, "Distributed deadlock detection", 1983). The last ask of a ring finds all others there.
// Relies on: asks through groups and inboxes are not followed; those wait for their timeout.

import { errors } from '../../errors.ts';
import { isOfInbox } from '../addresses.ts';
import { definitionOf, type Mail, MailKind } from '../mail.ts';
import { Kept, type Row, Status } from '../rows.ts';
import { packRest, unpackRest } from '../slots.ts';
import type { Desk } from './desk.ts';
import type { Run, Runs } from './runs.ts';

/** Who was met: an id, and what errors call it. */
type Way = readonly (readonly [id: number, name: string])[];

export class Rings {
  private readonly desk: Desk;
  private readonly runs: Runs;

  constructor(desk: Desk, runs: Runs) {
    this.desk = desk;
    this.runs = runs;
  }

  /** The handler of an actor, if it awaits answers. */
  private awaiting(id: number, row: Row): Run | undefined {
    const run = row.status === Status.busy ? this.runs.of(id) : undefined;
    return run !== undefined && run.outcome === undefined && run.context.asking > 0 ? run : undefined;
  }

  /** An ask of an actor waits behind the handler of another one. */
  arrived({ from, fromType, token }: Mail, id: number, row: Row): void {
    const run = this.awaiting(id, row);
    if (run === undefined) return;
    const name = this.desk.definitions.at(definitionOf(fromType))?.name;
    const asker = name === undefined ? `actor ${from}` : `actor '${name}' ${from}`;
    this.goOn(run, row, from, token, [[from, asker]]);
  }

  /** Somebody comes along an ask that waits for this actor. */
  follow(mail: Mail, id: number, row: Row): void {
    const run = this.awaiting(id, row);
    if (run === undefined || !this.isWaiting(mail, run, row)) return;
    const way = unpackRest(mail.rest) as Way;
    if (id === mail.n0) {
      if (!this.desk.asks.has(mail.n1)) return;
      const waiting = this.desk.asks.settle(mail.n1);
      const names = [...way.map(([, name]) => name), this.desk.nameOf(row, id)];
      waiting?.reject(errors.askRing(waiting.ref.text, waiting.message?.name ?? 'ask', names));
    } else if (way.every(([met]) => met !== id)) this.goOn(run, row, mail.n0, mail.n1, way);
  }

  /** True if the ask waits behind the handler, or is what it handles: if not, it was answered, or put aside. */
  private isWaiting({ from, token }: Mail, { mail }: Run, row: Row): boolean {
    if (mail.from === from && mail.token === token) return true;
    for (let seq = row.head; seq < row.tail; seq++) {
      const kept = row.kept.get(Kept.mail, seq);
      if (kept?.token === token && kept.from === from) return true;
    }
    return false;
  }

  private goOn({ id, context }: Run, row: Row, asker: number, ask: number, way: Way): void {
    const { desk } = this;
    const met = packRest([...way, [id, desk.nameOf(row, id)]]);
    for (const [token, ref] of context.asked) {
      if (ref.kind !== MailKind.message || isOfInbox(ref.id)) continue;
      const mail = desk.send(MailKind.follow, ref.id, id, row);
      mail.life = ref.life;
      mail.token = token;
      mail.n0 = asker;
      mail.n1 = ask;
      mail.rest = met;
    }
  }
}
