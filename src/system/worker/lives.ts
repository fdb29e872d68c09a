// The lives of a replica's actors: how they begin, what their failures lead to, and how they end.
// Promises: children end before their parent, and before it begins again; whoever watches an actor is told once, by the final end;
// mail that nobody will handle becomes a dead letter, and its ask fails.
// Relies on: everything stands in the row; each step is one piece of mail, so a crash between two of them loses nothing.

import { errors, fromRecord } from '../../errors.ts';
import type { CheckedActorSupervision } from '../definition.ts';
import type { LoadedActor } from '../loaded-actor.ts';
import { Directive, definitionOf, type Mail, MailKind, MESSAGES_MAX, messageOf } from '../mail.ts';
import { copyMail, Kept, type KeptMail, OF_TIMER, plainMail, Restart, type Row, Status } from '../rows.ts';
import { packError, packRest, unpackRest } from '../slots.ts';
import { EMPTY_STATE, writeColumns } from '../state.ts';
import type { Desk } from './desk.ts';
import type { Afterwards, Handling, Wishes } from './handling.ts';

/** How long a restart waits at most, however often it has failed. */
const BACKOFF_MS_MAX = 86_400_000;

/** Whose failures are counted. */
const CHILDREN = 0;
const OWN = 1;

type Supervision = CheckedActorSupervision;

/** What the lives ask of who hands out mail. */
export interface Postman {
  /** The row is to be removed: nobody is here any more. */
  remove(): void;
  /** An actor without a parent has come into being. */
  created(id: number): void;
  /** The definition is not loaded: the actor goes on when it is. */
  awaitDefinition(id: number, definition: number): void;
}

export class Lives implements Afterwards {
  private readonly desk: Desk;
  private readonly postman: Postman;
  handling!: Handling;

  constructor(desk: Desk, postman: Postman) {
    this.desk = desk;
    this.postman = postman;
  }

  /** Makes an actor of a row that is nobody's yet, though mail may wait there. */
  spawn(mail: Mail, id: number, row: Row): void {
    this.create(id, row, mail.type / MESSAGES_MAX, mail.life, mail.from, mail.token, mail.key);
    // A table of its own makes an actor several times as large: most have no arguments.
    if (hasContent(mail)) copyMail(mail, row.kept.upsert(Kept.birth, 0));
    this.load(id, row);
  }

  /** Makes a virtual actor, which somebody has addressed. */
  makeVirtual(mail: Mail, id: number, row: Row): void {
    const definition = Math.floor(mail.type / MESSAGES_MAX);
    this.create(id, row, definition, this.desk.definitions.takeId(), 0, Restart.virtual, mail.key);
    this.load(id, row);
  }

  private create(
    id: number,
    row: Row,
    definition: number,
    life: number,
    parent: number,
    restart: number,
    name: string,
  ): void {
    row.definition = definition;
    row.life = life;
    row.parent = parent;
    row.restart = restart;
    row.name = name;
    this.desk.count(id, 1);
    if (parent === 0) this.postman.created(id);
  }

  /** Begins its life, as soon as its definition is there. */
  load(id: number, row: Row): void {
    if (this.desk.definitions.at(row.definition) !== undefined) this.begin(id, row);
    else {
      row.status = Status.loading;
      this.postman.awaitDefinition(id, row.definition);
    }
  }

  /** Begins from its arguments: at first, and after each restart. */
  private begin(id: number, row: Row): void {
    row.status = Status.idle;
    row.behaviour = 0;
    row.restAfterMs = 0;
    writeColumns(EMPTY_STATE, row);
    const birth = row.kept.get(Kept.birth, 0);
    const mail = { ...NO_MAIL, kind: MailKind.spawn, type: row.definition * MESSAGES_MAX };
    if (birth !== undefined) copyMail(birth, mail);
    // Its token says how it restarts, and nobody asks.
    mail.token = 0;
    mail.from = row.parent;
    this.touch(id, row);
    this.handling.hook(mail, id, row);
  }

  /** How long a virtual actor has nothing to do before it rests; Infinity of others, and while that is not known. */
  private restAfterMs(row: Row): number {
    if (row.restart !== Restart.virtual) return Number.POSITIVE_INFINITY;
    if (row.restAfterMs !== 0) return row.restAfterMs;
    return this.desk.definitions.at(row.definition)?.restAfterMs ?? Number.POSITIVE_INFINITY;
  }

  /** An actor has had something to do. */
  private touch(id: number, row: Row): void {
    // One that has put off its rest for ever may think better of it.
    if (row.restAfterMs === 0 && this.restAfterMs(row) === Number.POSITIVE_INFINITY) return;
    row.activeMs = this.desk.host.now();
    this.expectRest(id, row);
  }

  /** Has an actor come up when it is to rest. */
  expectRest(id: number, row: Row): void {
    const restAfterMs = this.restAfterMs(row);
    if (restAfterMs < Number.POSITIVE_INFINITY) this.desk.idling.expect(id, row.activeMs, restAfterMs);
    else if (row.restAfterMs !== 0) this.desk.idling.forget(id);
  }

  /** It rests, if it has still nothing to do. */
  rest(id: number, row: Row): void {
    if (row.status !== Status.idle || row.head < row.tail) return;
    if (row.activeMs + this.restAfterMs(row) > this.desk.host.now()) return;
    this.goToRest(id, row);
  }

  private goToRest(id: number, row: Row): void {
    const mail = { ...NO_MAIL, kind: MailKind.rest, type: row.definition * MESSAGES_MAX };
    if (!this.handling.hook(mail, id, row)) this.rested(id, row);
  }

  private rested(id: number, row: Row): void {
    row.status = Status.resting;
    this.desk.countResting(id, 1);
    this.desk.idling.forget(id);
  }

  /** Mail has come to one that rests: it starts, with the state that it had. */
  wake(id: number, row: Row): void {
    this.leaveRest(id, row);
    this.touch(id, row);
    const mail = { ...NO_MAIL, kind: MailKind.spawn, type: row.definition * MESSAGES_MAX };
    this.handling.hook(mail, id, row);
  }

  private leaveRest(id: number, row: Row): void {
    if (row.status !== Status.resting) return;
    row.status = Status.idle;
    this.desk.countResting(id, -1);
  }

  /** Its definition cannot be loaded. */
  cannotLoad(id: number, row: Row, error: Error): void {
    this.tell(id, row, error, 'stop');
    this.end(id, row, error.message);
  }

  handled(mail: KeptMail, id: number, row: Row, { stops, rests }: Wishes): void {
    if (mail.kind === MailKind.message && mail.life !== OF_TIMER) this.touch(id, row);
    else if (row.restAfterMs !== 0) this.expectRest(id, row);
    if (mail.kind === MailKind.stop) this.end(id, row, reasonOf(row));
    else if (mail.kind === MailKind.rest && !stops) this.rested(id, row);
    else if (stops && row.restart === Restart.permanent) this.restart(id, row, 0);
    else if (stops) this.stop(id, row, 'stopped');
    else if (rests) this.goToRest(id, row);
  }

  failed(mail: KeptMail, id: number, row: Row, thrown: unknown): void {
    const { desk } = this;
    const loaded = desk.definitions.at(row.definition) as LoadedActor;
    const what = nameOf(mail, loaded);
    const error = errors.actorFailed(loaded.name, what, thrown);
    if (mail.kind === MailKind.stop) {
      this.tell(id, row, error, 'stop');
      this.end(id, row, reasonOf(row));
      return;
    }
    if (mail.kind === MailKind.rest) {
      this.tell(id, row, error, 'resume');
      this.rested(id, row);
      return;
    }
    if (mail.kind !== MailKind.spawn) desk.dead(mail, id, error);
    this.touch(id, row);
    this.decide(id, row, error);
  }

  /** Something is to be decided about an actor that has failed: by its parent, or by the system's rule. */
  private decide(id: number, row: Row, error: Error): void {
    this.leaveRest(id, row);
    if (row.parent !== 0) {
      this.tell(id, row, error, 'ask');
      row.status = Status.suspended;
      const mail = this.desk.send(MailKind.childFailed, row.parent, id, row);
      mail.life = 0;
      mail.n0 = row.life;
      mail.rest = packError(error, this.desk.rules.errorBytes);
      return;
    }
    const { supervision } = this.desk.rules;
    const delayMs = row.restart === Restart.temporary ? undefined : this.delayOf(row, OWN, supervision);
    const directive = delayMs === undefined || supervision.directive === 'escalate' ? 'stop' : supervision.directive;
    this.tell(id, row, error, directive);
    // By mail, as from a parent: a start that always fails does not fill the stack.
    row.status = Status.suspended;
    this.direct(id, id, row, Directive[directive], delayMs ?? 0);
  }

  /** Tells the app that an actor has failed, and what is done about it. */
  private tell(id: number, row: Row, error: Error, decision: string): void {
    const mail = this.desk.send(MailKind.failed, 0, id, row);
    mail.text = decision;
    mail.key = row.name;
    mail.rest = packError(error, this.desk.rules.errorBytes);
  }

  /**
   * Counts a failure; returns how long a restart waits, or undefined if there were too many.
   * @param of whose failures: the children's, or its own
   */
  private delayOf(row: Row, of: number, { intensity, periodMs, backoffMs }: Supervision): number | undefined {
    const nowMs = this.desk.host.now();
    const counted = row.kept.upsert(Kept.failures, of);
    // A restart that waits does not use up the time that failures are counted in.
    const waitsMs = Math.min(BACKOFF_MS_MAX, backoffMs * 2 ** counted.n0);
    if (counted.n0 === 0 || nowMs - counted.token > periodMs + waitsMs) {
      counted.token = nowMs;
      counted.n0 = 0;
    }
    counted.n0++;
    if (counted.n0 > intensity) return undefined;
    return Math.min(BACKOFF_MS_MAX, backoffMs * 2 ** (counted.n0 - 1));
  }

  /** A child has failed: what its parent's rule says is done to it, or to more of its children. */
  childFailed(mail: KeptMail, id: number, row: Row): void {
    const child = row.kept.get(Kept.child, mail.from);
    if (child === undefined || child.n0 !== mail.n0) return;
    const { supervision } = this.desk.definitions.at(row.definition) as LoadedActor;
    const error = fromRecord(unpackRest(mail.rest) as never);
    const isEnding = row.status === Status.stopping || row.status === Status.restarting;
    const delayMs = isEnding ? undefined : this.delayOf(row, CHILDREN, supervision);
    if (isEnding) {
      this.direct(mail.from, id, row, Directive.stop, 0);
      return;
    }
    if (delayMs === undefined || supervision.directive === 'escalate') {
      row.kept.delete(Kept.failures, CHILDREN);
      this.handling.cancel(id, row, error);
      this.decide(id, row, error);
      return;
    }
    const directive = Directive[supervision.directive];
    if (supervision.directive === 'resume' || supervision.strategy === 'one_for_one') {
      this.direct(mail.from, id, row, directive, delayMs);
      return;
    }
    const isForAll = supervision.strategy === 'one_for_all';
    for (const { seq, n0 } of this.children(row)) {
      // Lives are numbered in the order in which children were spawned.
      if (isForAll || n0 >= child.n0) this.direct(seq, id, row, directive, delayMs);
    }
  }

  private children(row: Row) {
    return [...row.kept].filter(({ what }) => what === Kept.child).map(({ seq, n0 }) => ({ seq, n0 }));
  }

  private direct(child: number, id: number, row: Row, directive: number, delayMs: number): void {
    const mail = this.desk.send(MailKind.directive, child, id, row);
    mail.n0 = directive;
    mail.n1 = delayMs;
  }

  /** What was decided about this actor. */
  apply(directive: number, delayMs: number, id: number, row: Row): void {
    if (row.status === Status.stopping) return;
    if (directive === Directive.resume) {
      if (row.status === Status.suspended) row.status = Status.idle;
    } else if (directive === Directive.restart && row.restart !== Restart.temporary) this.restart(id, row, delayMs);
    else this.stop(id, row, 'failed');
  }

  /** Begins again, when its children have ended, and after a while. */
  private restart(id: number, row: Row, delayMs: number): void {
    this.leaveRest(id, row);
    this.handling.cancel(id, row, errors.targetStopped(this.desk.nameOf(row, id), 'a message', 'it begins again'));
    for (const timer of [...row.kept].filter(({ what }) => what === Kept.timer)) row.kept.delete(Kept.timer, timer.seq);
    row.timers = 0;
    const end = row.kept.upsert(Kept.end, 0);
    end.token = delayMs;
    if (this.stopChildren(id, row)) row.status = Status.restarting;
    else this.restartNow(id, row);
  }

  private restartNow(id: number, row: Row): void {
    const delayMs = row.kept.get(Kept.end, 0)?.token ?? 0;
    row.kept.delete(Kept.end, 0);
    if (delayMs === 0) {
      this.begin(id, row);
      return;
    }
    row.status = Status.backingOff;
    const timer = row.kept.upsert(Kept.timer, 0);
    timer.token = this.desk.host.now() + delayMs;
    this.desk.timers.add(timer.token, id, 0);
  }

  /** The time of a restart has come. */
  backedOff(dueMs: number, id: number, row: Row): void {
    const timer = row.kept.get(Kept.timer, 0);
    if (row.status !== Status.backingOff || timer?.token !== dueMs) return;
    row.kept.delete(Kept.timer, 0);
    this.begin(id, row);
  }

  /** Ends, when its children have. */
  stop(id: number, row: Row, reason: string): void {
    if (row.status === Status.stopping || row.kept.get(Kept.current, 0)?.kind === MailKind.stop) return;
    this.leaveRest(id, row);
    this.handling.cancel(id, row, errors.targetStopped(this.desk.nameOf(row, id), 'a message', `it has ${reason}`));
    const loaded = this.desk.definitions.at(row.definition);
    if (row.children === 0 && loaded?.stop === undefined) {
      this.end(id, row, reason);
      return;
    }
    row.kept.upsert(Kept.end, 0).text = reason;
    if (this.stopChildren(id, row)) row.status = Status.stopping;
    else this.stopNow(id, row);
  }

  private stopChildren(id: number, row: Row): boolean {
    if (row.children === 0) return false;
    for (const { seq } of this.children(row)) this.desk.send(MailKind.stopNow, seq, id, row);
    return true;
  }

  private stopNow(id: number, row: Row): void {
    // A second stop finds it busy with this one.
    row.status = Status.stopping;
    const mail = { ...NO_MAIL, kind: MailKind.stop, type: row.definition * MESSAGES_MAX };
    if (this.desk.definitions.at(row.definition) === undefined || !this.handling.hook(mail, id, row)) {
      this.end(id, row, reasonOf(row));
    }
  }

  childEnded(mail: Mail, id: number, row: Row): void {
    const child = row.kept.get(Kept.child, mail.from);
    if (child === undefined || child.n0 !== mail.n0) return;
    row.kept.delete(Kept.child, mail.from);
    row.children--;
    if (row.children > 0) return;
    if (row.status === Status.stopping) this.stopNow(id, row);
    else if (row.status === Status.restarting) this.restartNow(id, row);
  }

  watch(mail: KeptMail, row: Row): void {
    const watcher = row.kept.upsert(Kept.watcher, mail.from === 0 ? -mail.token : mail.from);
    watcher.token = mail.token;
  }

  unwatch(mail: Mail, row: Row): void {
    row.kept.delete(Kept.watcher, mail.from);
  }

  /**
   * Tells one who watches.
   * @param life that the watcher has in its reference; 0 if none
   * @param key of a virtual actor
   */
  tellEnded(watcher: number, id: number, type: number, reason: string, life = 0, key = ''): void {
    const mail = this.desk.outbox.next().address(Math.max(0, watcher), MailKind.ended);
    mail.from = id;
    mail.fromType = type;
    mail.token = watcher < 0 ? -watcher : 0;
    mail.text = reason;
    mail.n0 = life;
    if (key !== '') mail.rest = packRest(key);
  }

  /** The final end: whoever has to do with it is told, and the row is nobody's. */
  private end(id: number, row: Row, reason: string): void {
    const { desk } = this;
    const name = desk.nameOf(row, id);
    const self = desk.refOf(row, id);
    const fromType = row.definition * MESSAGES_MAX;
    const why = reason === 'stopped' || reason === 'failed' ? `it has ${reason}` : reason;
    const error = (kind: string): Error => errors.targetStopped(name, kind, why);
    for (const kept of row.kept.size === 0 ? [] : row.kept) {
      if (kept.what === Kept.watcher) {
        const { life, key } = self;
        this.tellEnded(kept.seq, id, row.definition * MESSAGES_MAX, reason, life, key);
      } else if (kept.what === Kept.stashed) desk.dead(kept, id, error('a message'));
    }
    const next: KeptMail[] = [];
    const beginsAnew = row.restart === Restart.virtual && reason === 'stopped';
    for (let seq = row.head; seq < row.tail; seq++) {
      const kept = row.kept.get(Kept.mail, seq);
      if (kept === undefined) continue;
      if (beginsAnew && (kept.kind === MailKind.message || (kept.kind === MailKind.stop && next.length > 0))) {
        next.push(plainMail(kept));
        continue;
      }
      const timer = kept.kind === MailKind.tick ? row.kept.get(Kept.timer, kept.token) : undefined;
      // What a tick is of stands in its timer; of one that was cancelled nobody is told.
      if (timer !== undefined)
        desk.dead({ ...NO_MAIL, kind: MailKind.tick, type: timer.type, from: id, fromType }, id, error('a message'));
      else if (kept.kind !== MailKind.tick) desk.dead(kept, id, error('a message'));
    }
    this.tellParent(row.parent, id, row.life, reason);
    this.leaveRest(id, row);
    desk.idling.forget(id);
    desk.count(id, -1);
    row.definition = 0;
    row.status = Status.nobody;
    if (next.length > 0) this.beginAnew(next, id, row);
    else this.postman.remove();
  }

  /** Tells the parent of an actor, if it has one. */
  tellParent(parent: number, id: number, life: number, reason: string): void {
    if (parent === 0) return;
    const mail = this.desk.send(MailKind.childEnded, parent, id, undefined);
    mail.n0 = life;
    mail.text = reason;
  }

  /** A virtual actor that was stopped while mail was behind that: its next life has the mail. */
  private beginAnew(mails: readonly KeptMail[], id: number, row: Row): void {
    const { definitions } = this.desk;
    const [{ type }] = mails;
    for (const { what, seq } of [...row.kept]) row.kept.delete(what, seq);
    row.head = 0;
    row.tail = 0;
    row.stashed = 0;
    row.timers = 0;
    for (const mail of mails) copyMail(mail, row.kept.upsert(Kept.mail, row.tail++));
    this.create(id, row, definitionOf(type), definitions.takeId(), 0, Restart.virtual, row.name);
    this.load(id, row);
  }
}

/** True of mail that says more than that it has come. */
const hasContent = ({ n0, n1, n2, n3, text, rest }: KeptMail): boolean =>
  ![n0, n1, n2, n3].every((n) => Object.is(n, 0)) || text !== '' || rest !== null;

const NO_MAIL: KeptMail = {
  from: 0,
  token: 0,
  life: 0,
  kind: 0,
  type: 0,
  fromType: 0,
  n0: 0,
  n1: 0,
  n2: 0,
  n3: 0,
  text: '',
  rest: null,
};

const reasonOf = (row: Row): string => row.kept.get(Kept.end, 0)?.text || 'stopped';

/** How errors call the handler of mail. */
export function nameOf({ kind, type }: KeptMail, loaded: LoadedActor): string {
  if (kind === MailKind.spawn) return 'start';
  if (kind === MailKind.stop) return 'stop';
  if (kind === MailKind.rest) return 'rest';
  if (kind === MailKind.ended) return 'ended';
  return loaded.messages[messageOf(type)]?.name ?? 'a message';
}
