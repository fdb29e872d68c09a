// What travels between actors, and between them and the app: one row for all kinds of messages of all actors.
// Promises: mail from one sender to one receiver keeps its order, whatever it is, because all of it is one stream.
// The fields of a message stand in a few columns that all messages share (slots.ts): a stream has one schema, and an actor that is
// spawned at run time brings messages that nobody knew when it began.

import { t } from '../mailbox/schema.ts';

/** What a piece of mail is about. */
export const MailKind = {
  /** A message of the receiver's own. */
  message: 0,
  /** A tick of one of its timers: `token` is the timer, `n0` the time it was due. */
  tick: 1,
  /** Be an actor: `life` is its life, `from` its parent, `token` how it restarts, `key` its name; the slots are its arguments. */
  spawn: 2,
  /** The answer to an ask of the receiver's: `token` tells which. */
  reply: 3,
  /** The same, and the ask has failed: `rest` is the error. */
  failure: 4,
  /** End when the mail so far is handled. */
  stop: 5,
  /** End now. */
  stopNow: 6,
  /** Tell `from` when the receiver ends. */
  watch: 7,
  /** Tell it no more. */
  unwatch: 8,
  /** An actor that the receiver watches has ended: `text` is the reason. */
  ended: 9,
  /** A child of the receiver has ended. */
  childEnded: 10,
  /** A child of the receiver has failed, and waits for what is decided: `rest` is the error. */
  childFailed: 11,
  /** What was decided: `n0` is one of {@link Directive}, `n1` a delay in milliseconds. */
  directive: 12,
  /** An async handler has ended: `token` is its run. */
  runEnded: 13,
  /** Look what there is to do: the thread before may have died. */
  goOn: 14,
  /** The receiver's message killed its worker again and again: `rest` is the error. */
  killed: 15,
  /** Of the app's: stop all actors of the receiver's key group that have no parent. */
  stopRoots: 16,
  /** Of the app's: how many actors are in the receiver's key group? */
  count: 17,
  /**
   * Of an actor that mail has come to before it is there: is it on its way? To each replica and the app, whose answer comes behind
   * all that they have sent. `from` is the actor, `life` the number of the question.
   */
  probe: 20,
  /** The answer: what the sender had sent has come. */
  probed: 21,
  /** To a group: an actor is a member from now on. `n0` is its id, `n1` its life, `text` its key. */
  join: 22,
  leave: 23,
  /** To a group: a message for all of its members; for the next one; for the one that a key leads to. */
  toAll: 24,
  toNext: 25,
  toKeyed: 26,
  /** The same, for the member that has least of it before itself. */
  toSmallest: 29,
  /** Of a group, to a member: tell when what came before this is handled. `n0` says by which joining it is a member. */
  report: 30,
  /** The answer. */
  reported: 31,
  /** Rest: there was nothing to do for a while. */
  rest: 32,
  /** To the app: mail that nobody has handled. `n0` was its receiver, `text` why. */
  deadLetter: 18,
  /**
   * Follows who awaits whom: the ask with `token` of actor `from` waits for the receiver. `n0` is the actor from which it set out, `n1`
   * the ask that may have closed a ring, `rest` who was met on the way.
   */
  follow: 27,
  /** To the app: nobody waits any more for an answer that `n0` has got; `from` gave it. */
  late: 28,
  /** To the app: an actor has failed; `rest` is the error, `text` what was decided. */
  failed: 19,
} as const;

/** What becomes of an actor whose handler threw. */
export const Directive = { restart: 0, resume: 1, stop: 2, escalate: 3 } as const;

export const MAIL = {
  /** The receiver. */
  to: t.f64(),
  /** The sender; 0 for the app. */
  from: t.f64(),
  /** Which life of the receiver is meant; 0 for whichever it is: names outlive actors. */
  life: t.f64(),
  /** Which ask of the sender's this is; 0 if no answer is wanted. */
  token: t.f64(),
  kind: t.u32(),
  /** The definition of the receiver, times {@link MESSAGES_MAX}, plus the message's number in it. */
  type: t.u32(),
  /** The definition of the sender. */
  fromType: t.u32(),
  n0: t.f64(),
  n1: t.f64(),
  n2: t.f64(),
  n3: t.f64(),
  text: t.string(),
  /** The name or key by which the receiver is addressed, where it may have to be made. */
  key: t.string(),
  /** What has no place in the other columns, packed. */
  rest: t.optional(t.bytes()),
};

/** Messages of one definition. */
export const MESSAGES_MAX = 256;

/** The number of a definition in a type. */
export const definitionOf = (type: number): number => type >>> 8;
export const messageOf = (type: number): number => type & (MESSAGES_MAX - 1);

/** One piece of mail, made once and filled again and again. */
export class Mail {
  to = 0;
  from = 0;
  life = 0;
  token = 0;
  kind = 0;
  type = 0;
  fromType = 0;
  n0 = 0;
  n1 = 0;
  n2 = 0;
  n3 = 0;
  text = '';
  key = '';
  rest: Uint8Array | null = null;

  /** Addresses it, and empties the rest. */
  address(to: number, kind: number, type = 0): this {
    this.to = to;
    this.from = 0;
    this.life = 0;
    this.token = 0;
    this.kind = kind;
    this.type = type;
    this.fromType = 0;
    this.n0 = 0;
    this.n1 = 0;
    this.n2 = 0;
    this.n3 = 0;
    this.text = '';
    this.key = '';
    this.rest = null;
    return this;
  }
}

/** Mail that waits to be sent: all of it when the handler has come to its end, none if it fails. */
export class Outbox {
  private readonly pool: Mail[] = [];
  count = 0;

  next(): Mail {
    if (this.count === this.pool.length) this.pool.push(new Mail());
    return this.pool[this.count++];
  }

  at(index: number): Mail {
    return this.pool[index];
  }

  /** Forgets what was taken last, or all from `count` on. */
  cut(count: number): void {
    this.count = count;
  }
}
