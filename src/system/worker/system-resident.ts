// The actors of one replica: takes each piece of mail with the row of its receiver, and finds out after a crash what is to be gone on
// with.
// Promises: an actor handles one piece of mail at a time, in the order of their arrival; what concerns its life comes before its mail.
// Relies on: a batch is a transaction, so all that is done for a piece of mail is done once.

import { errors, fromRecord } from '../../errors.ts';
import type { Resident, ResidentHost } from '../../flow/resident.ts';
import { hashDouble, keyGroupOf } from '../../mailbox/hash.ts';
import { reportedOf } from '../answers.ts';
import { controlId } from '../control-ids.ts';
import type { Definitions } from '../definitions.ts';
import { definitionOf, Mail, MailKind } from '../mail.ts';
import type { Placement } from '../placement.ts';
import { copyMail, Kept, type KeptMail, plainMail, type Row, Status, WAITS } from '../rows.ts';
import { packError, unpackRest } from '../slots.ts';
import { Desk, type SystemEmit, type SystemRules } from './desk.ts';
import { GROUP_KINDS, Groups } from './groups.ts';
import { Handling } from './handling.ts';
import { Lives, nameOf } from './lives.ts';
import { logSender } from './log-sender.ts';
import { Rings } from './rings.ts';
import { Runs } from './runs.ts';

/** Mail of one actor that is handled before others have their turn. */
const SLICE = 64;
/**
 * Mail that is handled after a start in which each piece that was kept comes alone: if one kills its worker, it is known which.
 */
const CAREFUL_MAIL = 4096;

/** Kinds of mail that may come before the actor does: somebody else has spawned it, and told who it is. */
const MAY_COME_FIRST: ReadonlySet<number> = new Set([
  MailKind.message,
  MailKind.watch,
  MailKind.stop,
  MailKind.stopNow,
]);

/** Kinds of mail that are handled at once, and need the actor's definition: key groups may have come to a thread without it. */
const NEED_DEFINITION: ReadonlySet<number> = new Set([
  MailKind.stopNow,
  MailKind.childEnded,
  MailKind.childFailed,
  MailKind.directive,
  MailKind.killed,
]);

/** The tick of a restart that has waited is such mail, too. */
const needsDefinition = ({ kind, token }: KeptMail): boolean =>
  NEED_DEFINITION.has(kind) || (kind === MailKind.tick && token === 0);

/** True of an actor that has nothing to do. */
const isFree = ({ status, head, tail }: Row): boolean =>
  head === tail && (status === Status.idle || status === Status.resting);

interface RowContext {
  remove(): void;
}

type EachRow = (visit: (key: readonly unknown[], row: never) => void) => void;

export class SystemResident implements Resident {
  private readonly desk: Desk;
  private readonly runs: Runs;
  private readonly lives: Lives;
  private readonly handling: Handling;
  private readonly groups: Groups;
  private readonly rings: Rings;
  /** The rows are to be looked through: nothing is known of them. */
  private isNew = true;
  private context: RowContext | undefined;
  /** Actors that wait for a definition, and definitions that are there now, or never. */
  private readonly awaiting = new Map<number, Set<number>>();
  private readonly broken = new Map<number, Error>();
  private readonly arrived: number[] = [];
  /** Key groups whose actors are to be stopped, with the app's asks; true until they have been told. */
  private readonly stopping = new Map<number, { token: number; isNew: boolean }>();
  private careful = CAREFUL_MAIL;
  /** True until its own work is committed. */
  private isAtWork = false;
  /** Mail that was kept, on its way out. */
  private readonly kept = new Mail();

  /** @param log takes what actors log; by default the way to the app's thread */
  constructor(
    definitions: Definitions,
    host: ResidentHost,
    rules: SystemRules,
    placement: Placement,
    log = logSender(rules.log),
  ) {
    this.desk = new Desk(definitions, host, rules, placement, log);
    // Whoever was here before may have died as it took key groups, or gave them away.
    placement.moved(host.replica, host.groups);
    this.runs = new Runs(this.desk);
    this.lives = new Lives(this.desk, {
      remove: () => this.context?.remove(),
      created: (id) => this.created(id),
      awaitDefinition: (id, definition) => this.awaitDefinition(id, definition),
    });
    this.handling = new Handling(this.desk, this.runs, this.lives);
    this.lives.handling = this.handling;
    this.groups = new Groups(this.desk);
    this.rings = new Rings(this.desk, this.runs);
  }

  get dueAtMs(): number {
    return this.desk.dueAtMs;
  }

  /** True while nothing is on its way on this thread's heap that a crash would have begin again. */
  get isAtRest(): boolean {
    return this.runs.count === 0 && this.awaiting.size === 0;
  }

  /** True while something is awaited that neither mail nor the clock brings: a module, or what a handler awaits. */
  get awaitsOutside(): boolean {
    return this.awaiting.size > 0 || this.runs.isAnyOutside;
  }

  readonly receive = (mail: Mail, row: Row, emit: SystemEmit, context: RowContext): void => {
    const { desk } = this;
    this.context = context;
    if (row.definition === 0 && mail.kind === MailKind.killed) this.killedUnborn(mail, row);
    else if (row.status === Status.awaited) this.toAwaited(mail, row);
    else if (row.status === Status.group) this.toGroup(mail, row);
    else if (row.definition === 0) this.toNobody(mail, row);
    else if (mail.life !== 0 && mail.life !== row.life) this.toFormer(mail, row);
    else this.toActor(mail, mail.to, row);
    if (desk.outbox.count > 0) desk.flush(emit);
  };

  next(emit: SystemEmit): Mail | undefined {
    return this.desk.next(emit);
  }

  /** Mail to a group, which is there as long as it has members. */
  private toGroup(mail: Mail, row: Row): void {
    if (GROUP_KINDS.has(mail.kind) || mail.kind === MailKind.ended) {
      if (this.groups.take(mail, mail.to, row)) return;
    } else if (row.children > 0) return;
    row.status = Status.nobody;
    this.context?.remove();
  }

  private toActor(mail: Mail, id: number, row: Row): void {
    const { kind } = mail;
    if (this.careful > 0) this.careful--;
    if (kind === MailKind.message) {
      const isNext = row.status === Status.idle && row.head === row.tail;
      if (isNext && this.desk.definitions.at(row.definition) !== undefined) this.handling.message(mail, id, row);
      else if (this.hasRoom(mail, id, row)) {
        this.keep(mail, row);
        if (mail.token !== 0 && mail.from > 0 && row.status === Status.busy) this.rings.arrived(mail, id, row);
      }
      if (row.head !== row.tail) this.drain(id, row);
      return;
    }
    this.toLife(mail, id, row);
    if (row.definition !== 0) this.drain(id, row, kind === MailKind.goOn ? 1 : 0);
  }

  /** Mail that is no message of the actor's own. */
  private toLife(mail: Mail, id: number, row: Row): void {
    const isLoaded = this.desk.definitions.at(row.definition) !== undefined;
    if (isLoaded && row.head < row.tail && row.kept.has(Kept.held, 0)) {
      this.letGo(id, row);
      if (row.definition === 0) {
        this.toNobody(mail, row);
        return;
      }
    }
    // One whose life has not begun waits for its definition by itself.
    if (!isLoaded && row.status !== Status.loading && needsDefinition(mail)) {
      row.kept.upsert(Kept.held, 0);
      this.keep(mail, row);
    } else this.live(mail, id, row);
  }

  /** Handles what was held until the definition came, in order, before what the queue has besides. */
  private letGo(id: number, row: Row): void {
    const { kept } = row;
    kept.delete(Kept.held, 0);
    const queued = this.takeKept(row);
    for (const mail of queued) if (!needsDefinition(mail)) this.keep(mail, row);
    for (const mail of queued) if (needsDefinition(mail) && row.definition !== 0) this.live(mail, id, row);
  }

  private live(mail: Mail, id: number, row: Row): void {
    const { lives, handling, desk } = this;
    switch (mail.kind) {
      case MailKind.tick:
        if (mail.token === 0) lives.backedOff(mail.n0, id, row);
        else this.keepTick(mail, row);
        break;
      case MailKind.stop:
        if (isFree(row) && desk.definitions.at(row.definition) !== undefined) lives.stop(id, row, 'stopped');
        else this.keep(mail, row);
        break;
      case MailKind.rest:
        lives.rest(id, row);
        break;
      case MailKind.report:
        if (isFree(row)) this.report(mail, id);
        else this.keep(mail, row);
        break;
      case MailKind.ended:
        if (row.kept.has(Kept.watching, mail.from)) this.keep(mail, row);
        break;
      case MailKind.stopNow:
        lives.stop(id, row, 'stopped');
        break;
      case MailKind.watch:
        lives.watch(mail, row);
        break;
      case MailKind.unwatch:
        lives.unwatch(mail, row);
        break;
      case MailKind.reply:
      case MailKind.failure:
        this.desk.answered(mail);
        break;
      case MailKind.follow:
        this.rings.follow(mail, id, row);
        break;
      case MailKind.childFailed:
        if (desk.definitions.at(row.definition) === undefined) this.keep(mail, row);
        else lives.childFailed(mail, id, row);
        break;
      case MailKind.childEnded:
        lives.childEnded(mail, id, row);
        break;
      case MailKind.directive:
        lives.apply(mail.n0, mail.n1, id, row);
        break;
      case MailKind.runEnded:
        handling.runEnded(mail.token, id, row);
        break;
      case MailKind.goOn:
        this.goOn(id, row);
        break;
      case MailKind.killed:
        this.killed(mail, id, row);
        break;
      case MailKind.spawn:
        this.refuseSpawn(mail, errors.nameTaken(mail.key));
        break;
      default:
        throw errors.invariant(`mail of kind ${mail.kind} is for an actor`);
    }
  }

  /** True if one more message may wait. If not, this one or the first one is left out, as the actor's mailbox says. */
  private hasRoom(mail: Mail, id: number, row: Row): boolean {
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
  private report({ from, n0 }: KeptMail, id: number): void {
    Object.assign(this.desk.outbox.next(), reportedOf({ from, to: id, n0 }));
  }

  /** Puts mail behind what is there. */
  private keep(mail: KeptMail, row: Row): void {
    copyMail(mail, row.kept.upsert(Kept.mail, row.tail));
    row.tail++;
    if (mail.kind === MailKind.report) row.kept.upsert(Kept.reports, 0).n0++;
  }

  /** A tick waits once: a thread that takes over sends those that are due again. */
  private keepTick(mail: Mail, row: Row): void {
    const timer = row.kept.get(Kept.timer, mail.token);
    if (timer === undefined || timer.token !== mail.n0 || timer.life === WAITS) return;
    timer.life = WAITS;
    this.keep(mail, row);
  }

  private dropFirst(row: Row, kind: number): void {
    row.kept.delete(Kept.mail, row.head);
    row.head++;
    if (kind !== MailKind.report) return;
    const reports = row.kept.upsert(Kept.reports, 0);
    if (reports.n0 > 1) reports.n0--;
    else row.kept.delete(Kept.reports, 0);
  }

  /** Handles what is kept, as far as the actor can, and as long as it is its turn. */
  private drain(id: number, row: Row, atLeast = 0): void {
    const { kept } = this;
    if (row.head < row.tail && this.desk.definitions.at(row.definition) === undefined) {
      if (row.status !== Status.loading) this.awaitDefinition(id, row.definition);
      return;
    }
    if (row.head < row.tail && row.status === Status.resting) this.lives.wake(id, row);
    for (let left = this.careful > 0 ? atLeast : SLICE; row.status === Status.idle && row.head < row.tail; left--) {
      if (left === 0) {
        this.desk.send(MailKind.goOn, id, id, row);
        return;
      }
      const next = row.kept.get(Kept.mail, row.head);
      if (next === undefined) throw errors.invariant('mail is kept from head to tail');
      copyMail(next, kept);
      this.dropFirst(row, kept.kind);
      this.handleKept(kept, id, row);
      if (row.definition === 0) return;
    }
  }

  private handleKept(mail: KeptMail, id: number, row: Row): void {
    const { handling, lives } = this;
    if (mail.kind === MailKind.message) handling.message(mail, id, row);
    else if (mail.kind === MailKind.tick) handling.tick(mail, id, row);
    else if (mail.kind === MailKind.stop) lives.stop(id, row, 'stopped');
    else if (mail.kind === MailKind.childFailed) lives.childFailed(mail, id, row);
    else if (mail.kind === MailKind.stopNow) lives.stop(id, row, 'stopped');
    else if (mail.kind === MailKind.report) this.report(mail, id);
    else if (mail.kind === MailKind.watch) lives.watch(mail, row);
    else if (mail.kind === MailKind.ended && row.kept.delete(Kept.watching, mail.from)) handling.hook(mail, id, row);
  }

  /** Looks what there is to do: the thread that did it may have died. */
  private goOn(id: number, row: Row): void {
    const error = this.broken.get(row.definition);
    if (this.desk.definitions.at(row.definition) === undefined) {
      if (error === undefined) this.awaitDefinition(id, row.definition);
      else this.lives.cannotLoad(id, row, error);
    } else if (row.status === Status.loading) this.lives.load(id, row);
    else if (row.status === Status.idle) this.lives.expectRest(id, row);
    else if (row.status === Status.busy && this.runs.of(id) === undefined) this.handling.again(id, row);
  }

  /** A message of the actor's killed its worker whenever it was tried. */
  private killed(mail: Mail, id: number, row: Row): void {
    const error = fromRecord(unpackRest(mail.rest) as never);
    const current = row.status === Status.busy ? row.kept.get(Kept.current, 0) : undefined;
    const culprit = plainMail(current ?? mail);
    if (current !== undefined) {
      const run = this.runs.of(id);
      if (run !== undefined) this.runs.end(run);
      row.kept.delete(Kept.current, 0);
      row.status = Status.idle;
    } else if (mail.n0 === MailKind.goOn && row.head < row.tail) {
      // It was handed the first of what it has kept.
      copyMail(row.kept.get(Kept.mail, row.head) as KeptMail, culprit);
      this.dropFirst(row, culprit.kind);
    } else {
      culprit.kind = mail.n0;
      culprit.from = mail.n1;
      culprit.token = mail.n2;
      culprit.fromType = mail.n3;
    }
    this.lives.failed(culprit, id, row, error);
  }

  /** The mail that would have made the actor killed its worker whenever it was tried: there is none. */
  private killedUnborn(
    { to: id, type, life, rest, n0: kind, n1: from, n2: token, n3: fromType }: Mail,
    row: Row,
  ): void {
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
    if (row.status === Status.nobody) this.context?.remove();
  }

  /** Mail to an id that nobody has. */
  private toNobody(mail: Mail, row: Row): void {
    const { lives, desk } = this;
    const { kind, to: id } = mail;
    if (kind === MailKind.spawn) {
      lives.spawn(mail, id, row);
      this.drain(id, row);
      return;
    }
    if (kind === MailKind.message && mail.key !== '') {
      lives.makeVirtual(mail, id, row);
      if (row.definition !== 0) this.toActor(mail, id, row);
      return;
    }
    // A virtual actor is never on its way: its first message makes it.
    if (mail.key !== '' && (kind === MailKind.stop || kind === MailKind.stopNow)) {
      this.context?.remove();
      return;
    }
    if (mail.key !== '' && kind === MailKind.watch) {
      this.context?.remove();
      lives.tellEnded(mail.from === 0 ? -mail.token : mail.from, id, mail.type, 'gone', 0, mail.key);
      return;
    }
    if (MAY_COME_FIRST.has(kind)) {
      this.ask(mail, id, row);
      return;
    }
    if (GROUP_KINDS.has(kind)) {
      this.toGroup(mail, row);
      return;
    }
    this.context?.remove();
    if (kind === MailKind.probe) {
      const answer = desk.send(MailKind.probed, mail.from, 0, undefined);
      answer.life = mail.life;
    } else if (kind === MailKind.reply || kind === MailKind.failure) this.desk.answered(mail);
    else if (kind === MailKind.stopRoots) this.stopRoots(mail);
    else if (kind === MailKind.count) this.answerCount(mail.token, keyGroupOf(hashDouble(id)));
  }

  /**
   * The first mail to an actor that is not there: all who may have sent it on its way are asked, which are the app and each replica,
   * wherever its key groups are by now (placement.ts).
   */
  private ask(mail: Mail, id: number, row: Row): void {
    const { desk } = this;
    row.status = Status.awaited;
    row.life = desk.definitions.takeId();
    this.keep(mail, row);
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
  private toAwaited(mail: Mail, row: Row): void {
    const { kind, to: id } = mail;
    if (kind === MailKind.spawn) {
      row.status = Status.nobody;
      row.children = 0;
      this.lives.spawn(mail, id, row);
      this.dropFormer(id, row);
      this.drain(id, row);
    } else if (kind === MailKind.message && mail.key !== '') {
      // A virtual actor is made by any message.
      row.status = Status.nobody;
      row.children = 0;
      this.lives.makeVirtual(mail, id, row);
      this.toActor(mail, id, row);
    } else if (kind === MailKind.probed) {
      if (mail.life !== row.life || --row.children > 0) return;
      for (let seq = row.head; seq < row.tail; seq++) this.toGone(row.kept.get(Kept.mail, seq) as KeptMail, id);
      row.status = Status.nobody;
      this.context?.remove();
    } else if (MAY_COME_FIRST.has(kind) || kind === MailKind.report) this.keep(mail, row);
  }

  /** Of the mail that has waited for an actor, what was for another life of its name. */
  private dropFormer(id: number, row: Row): void {
    for (const mail of this.takeKept(row)) {
      if (mail.life === 0 || mail.life === row.life) this.keep(mail, row);
      else this.toGone(mail, id);
    }
  }

  /** Empties the queue of an actor. */
  private takeKept(row: Row): Mail[] {
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

  /** Mail to an actor that has ended, or never was. */
  private toGone(mail: KeptMail, id: number, why = 'nobody is there'): void {
    if (mail.kind === MailKind.watch) {
      this.lives.tellEnded(mail.from === 0 ? -mail.token : mail.from, id, mail.type, 'gone', mail.life);
    } else if (mail.kind === MailKind.message) {
      this.desk.dead(mail, id, errors.targetStopped(this.nameOf(mail, id), 'a message', why));
    }
  }

  /** Mail to somebody who had the name before. */
  private toFormer(mail: Mail, row: Row): void {
    const { kind, to: id } = mail;
    if (kind === MailKind.spawn) this.toLife(mail, id, row);
    else this.toGone(mail, id, 'it is not there: another actor has its name');
  }

  private nameOf({ type }: KeptMail, id: number): string {
    const name = this.desk.definitions.at(definitionOf(type))?.name;
    return name === undefined ? `actor ${id}` : `actor '${name}' ${id}`;
  }

  private refuseSpawn(mail: Mail, error: Error): void {
    const { desk } = this;
    const told = desk.send(MailKind.failed, 0, mail.to, undefined);
    told.fromType = mail.type;
    told.text = 'stop';
    told.key = mail.key;
    told.rest = packError(error, desk.rules.errorBytes);
    this.lives.tellParent(mail.from, mail.to, mail.life, error.message);
  }

  private awaitDefinition(id: number, definition: number): void {
    let waiting = this.awaiting.get(definition);
    if (waiting === undefined) {
      waiting = new Set();
      this.awaiting.set(definition, waiting);
      const arrived = (error?: Error): void => {
        cancel();
        if (error !== undefined) this.broken.set(definition, error);
        this.arrived.push(definition);
        this.desk.wake();
      };
      const { startTimeoutMs } = this.desk.rules;
      const cancel = this.desk.after(startTimeoutMs, () => arrived(errors.actorImport(definition, startTimeoutMs)));
      this.desk.definitions.load(definition).then(() => arrived(), arrived);
    }
    waiting.add(id);
  }

  private stopRoots({ token, to }: Mail): void {
    const group = keyGroupOf(hashDouble(to));
    const known = this.stopping.get(group);
    this.stopping.set(group, { token, isNew: known === undefined });
    this.desk.wake();
  }

  /** Who comes into being while all are stopped is stopped, too. */
  private created(id: number): void {
    if (this.stopping.has(keyGroupOf(hashDouble(id)))) this.desk.send(MailKind.stop, id, 0, undefined);
  }

  private answerCount(token: number, group: number): void {
    const mail = this.desk.outbox.next().address(0, MailKind.reply);
    mail.token = token;
    mail.n0 = group;
    mail.n1 = this.desk.live[group];
    mail.n2 = this.desk.resting[group];
  }

  work(nowMs: number, emit: SystemEmit, eachRow: EachRow): void {
    const { desk, runs } = this;
    this.isAtWork = true;
    desk.woken();
    desk.sendEarly();
    if (this.isNew) this.lookThrough(eachRow);
    runs.eachSettled(({ id, number }) => {
      desk.send(MailKind.runEnded, id, id, undefined).token = number;
    });
    for (const definition of this.arrived.splice(0)) {
      for (const id of this.awaiting.get(definition) ?? []) desk.send(MailKind.goOn, id, id, undefined);
      this.awaiting.delete(definition);
    }
    while (desk.timers.nextAtMs <= nowMs) {
      desk.timers.take();
      const { owner: actor, timer, atMs } = desk.timers;
      const mail = desk.send(MailKind.tick, actor, actor, undefined);
      mail.token = timer;
      mail.n0 = atMs;
    }
    desk.idling.due(nowMs, (id) => {
      desk.send(MailKind.rest, id, id, undefined);
    });
    if (this.stopping.size > 0) this.stopGroups(eachRow);
    desk.flush(emit, false);
  }

  /** Finds out from the rows what there is to be gone on with. */
  private lookThrough(eachRow: EachRow): void {
    const { desk } = this;
    this.isNew = false;
    desk.live.fill(0);
    desk.resting.fill(0);
    desk.timers.clear();
    desk.idling.clear();
    eachRow(([id], row: Row) => {
      const actor = id as number;
      if (row.definition === 0) return;
      desk.live[keyGroupOf(hashDouble(actor))]++;
      if (row.status === Status.resting) desk.resting[keyGroupOf(hashDouble(actor))]++;
      else this.lives.expectRest(actor, row);
      if (row.status === Status.loading) this.awaitDefinition(actor, row.definition);
      else if (desk.definitions.at(row.definition) === undefined) this.awaitDefinition(actor, row.definition);
      else if (row.status === Status.busy || row.head < row.tail) desk.send(MailKind.goOn, actor, actor, undefined);
      if (row.timers === 0 && row.status !== Status.backingOff) return;
      for (const { what, seq, token, life } of row.kept) {
        if (what === Kept.timer && life !== WAITS) desk.timers.add(token, actor, seq);
      }
    });
  }

  private stopGroups(eachRow: EachRow): void {
    const { desk, stopping } = this;
    const isNew = [...stopping.values()].some((each) => each.isNew);
    if (isNew) {
      eachRow(([id], row: Row) => {
        const actor = id as number;
        if (row.definition === 0 || row.parent !== 0) return;
        if (stopping.get(keyGroupOf(hashDouble(actor)))?.isNew) desk.send(MailKind.stop, actor, 0, undefined);
      });
      for (const each of stopping.values()) each.isNew = false;
    }
    for (const [group, { token }] of stopping) {
      if (desk.live[group] > 0) continue;
      this.answerCount(token, group);
      stopping.delete(group);
    }
  }

  committed(): void {
    this.isAtWork = false;
    this.desk.committed();
    this.runs.committed();
    // The last of a group may have ended.
    if (this.stopping.size > 0 && [...this.stopping.keys()].some((group) => this.desk.live[group] === 0))
      this.desk.wake();
  }

  rolledBack(): void {
    this.desk.rolledBack();
    this.runs.rolledBack();
    this.groups.forget();
    // Timers that were taken out are in the rows.
    if (this.isAtWork) this.lookAgain();
    this.isAtWork = false;
  }

  ownersChanged(groups: readonly number[]): void {
    this.desk.placement.moved(this.desk.host.replica, groups);
    const owned = new Set(groups);
    const isOwned = (id: number): boolean => owned.has(keyGroupOf(hashDouble(id)));
    // Handlers of others begin again where their actors are now: should these come back, no old handler may speak for them.
    this.runs.keepOnly(isOwned);
    for (const group of this.stopping.keys()) if (!owned.has(group)) this.stopping.delete(group);
    this.groups.forget();
    this.desk.ownersChanged();
    this.lookAgain();
  }

  private lookAgain(): void {
    this.isNew = true;
    this.desk.wake();
  }

  close(): void {
    this.runs.close();
    this.desk.asks.end((ref) => errors.targetStopped(ref.text, 'an ask', 'its asker goes on elsewhere'));
    this.desk.close();
  }
}
