// Mail between actors of one replica: it is handled in the batch in which it was sent, with no ring between, and no encoding.
// Promises: of one sender and one receiver, mail is handled in the order in which it was sent, whichever way each piece goes. What goes
// through the ring closes this way until the replica has read it; a batch takes only so much this way, and the rest through the ring.
// Relies on: the batch takes back what was handled if it fails. Where tuples are tried alone this way is closed: each piece of mail is
// then a tuple, and it is known which one was to blame.

import { errors } from '../../errors.ts';
import type { ResidentHost } from '../../flow/resident.ts';
import { hashDouble, keyGroupOf } from '../../mailbox/hash.ts';
import { Mail } from '../mail.ts';

/** Mail of one batch that goes this way; and how often the clock is looked at meanwhile. */
const MAIL_MAX = 1024;
const LOOK_EVERY = 64;
/** How long a batch goes on with it. */
const BATCH_MS_MAX = 2;

export class LocalMail {
  private readonly host: ResidentHost;
  /** Larger mail goes through the ring, which says what is too large. */
  private readonly sizeMax: number;
  private readonly queue: Mail[] = [];
  private first = 0;
  private last = 0;
  private taken = 0;
  private untilMs = 0;
  private isOpen = false;
  /** In the open batch mail to actors of this replica has gone through the ring. */
  private hasSent = false;
  /** What is to be read before this way is open: NaN while it is not known how far that goes. */
  private closedUntil: number | undefined = Number.NaN;

  constructor(host: ResidentHost, sizeMax: number) {
    this.host = host;
    this.sizeMax = sizeMax;
  }

  /**
   * Takes a copy of a piece of mail, if it may go this way.
   * @param isWanted false if it is not to be handled within the open batch
   * @param send what goes through the ring, as this piece does then
   */
  put(mail: Mail, isWanted: boolean, send: (mail: Mail) => void): boolean {
    if (!this.host.owns(keyGroupOf(hashDouble(mail.to)))) return false;
    const mayNot = !isWanted || this.hasSent || this.host.isAlone();
    if (mayNot || this.sizeOf(mail) > this.sizeMax) {
      this.sendAll(send);
      return false;
    }
    if (this.last === this.queue.length) this.queue.push(new Mail());
    Object.assign(this.queue[this.last++], mail);
    return true;
  }

  /** What has been taken goes through the ring, before what is sent now. */
  private sendAll(send: (mail: Mail) => void): void {
    this.hasSent = true;
    while (this.first < this.last) send(this.queue[this.first++]);
  }

  private sizeOf({ text, key, rest }: Mail): number {
    return 2 * (text.length + key.length) + (rest === null ? 0 : rest.length);
  }

  /**
   * The next piece; undefined if there is none.
   * @param send what goes through the ring
   */
  next(send: (mail: Mail) => void): Mail | undefined {
    if (this.first === this.last) {
      this.first = 0;
      this.last = 0;
      return undefined;
    }
    if (this.taken === 0) {
      this.isOpen = this.hasRead();
      this.untilMs = this.host.now() + BATCH_MS_MAX;
    } else if (this.taken % LOOK_EVERY === 0 && this.host.now() > this.untilMs) this.isOpen = false;
    if (this.isOpen && this.taken < MAIL_MAX) {
      this.taken++;
      return this.queue[this.first++];
    }
    this.sendAll(send);
    return this.next(send);
  }

  /** True if nothing is left in the ring that was sent before. */
  private hasRead(): boolean {
    if (this.closedUntil === undefined) return true;
    if (Number.isNaN(this.closedUntil)) this.closedUntil = this.host.loopHead() ?? Number.NaN;
    if (Number.isNaN(this.closedUntil) || !this.host.hasReadLoop(this.closedUntil)) return false;
    this.closedUntil = undefined;
    return true;
  }

  committed(): void {
    if (this.first < this.last)
      throw errors.invariant('mail within a replica is handled, or sent, before its batch commits');
    if (this.hasSent) this.closedUntil = this.host.loopHead() ?? Number.NaN;
    this.beginBatch();
  }

  rolledBack(): void {
    this.beginBatch();
  }

  /** What senders that have come here had sent before is in the rings of where they were: the fence of the same commit waits for it. */
  ownersChanged(): void {
    this.closedUntil = Number.NaN;
  }

  private beginBatch(): void {
    this.first = 0;
    this.last = 0;
    this.taken = 0;
    this.hasSent = false;
  }
}
