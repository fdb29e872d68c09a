// The actors of one replica: takes each piece of mail with the row of its receiver, and finds out after a crash what is to be gone on
// with.
// Promises: an actor handles one piece of mail at a time, in the order of their arrival; what concerns its life comes before its mail.
// Relies on: a batch is a transaction, so all that is done for a piece of mail is done once.

import { errors, fromRecord } from '../../errors.ts';
import type { Resident, ResidentHost } from '../../flow/resident.ts';
import { hashDouble, keyGroupOf } from '../../mailbox/hash.ts';
import type { Definitions } from '../definitions.ts';
import { Mail, MailKind } from '../mail.ts';
import type { Placement } from '../placement.ts';
import { copyMail, Kept, type KeptMail, plainMail, type Row, Status, WAITS } from '../rows.ts';
import { unpackRest } from '../slots.ts';
import { Absent } from './absent.ts';
import { AwaitedDefinitions } from './awaited-definitions.ts';
import { Desk, type SystemEmit, type SystemRules } from './desk.ts';
import { GROUP_KINDS, Groups } from './groups.ts';
import { Handling } from './handling.ts';
import { Lives } from './lives.ts';
import { logSender } from './log-sender.ts';
import { Queue } from './queue.ts';
import { Rings } from './rings.ts';
import { Runs } from './runs.ts';
import { type EachRow, Stopping } from './stopping.ts';

/** Mail of one actor that is handled before others have their turn. */
const SLICE = 64;
/**
 * Mail that is handled after a start in which each piece that was kept comes alone: if one kills its worker, it is known which.
 */
const CAREFUL_MAIL = 4096;

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

export class SystemResident implements Resident {
  private readonly desk: Desk;
  private readonly runs: Runs;
  private readonly lives: Lives;
  private readonly handling: Handling;
  private readonly groups: Groups;
  private readonly rings: Rings;
  private readonly queue: Queue;
  private readonly awaited: AwaitedDefinitions;
  private readonly stopping: Stopping;
  private readonly absent: Absent;
  /** The rows are to be looked through: nothing is known of them. */
  private isNew = true;
  private context: RowContext | undefined;
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
    this.queue = new Queue(this.desk);
    this.awaited = new AwaitedDefinitions(this.desk);
    this.stopping = new Stopping(this.desk);
    this.runs = new Runs(this.desk);
    this.lives = new Lives(this.desk, {
      remove: () => this.context?.remove(),
      created: (id) => this.stopping.created(id),
      awaitDefinition: (id, definition) => this.awaited.await(id, definition),
    });
    this.handling = new Handling(this.desk, this.runs, this.lives);
    this.lives.handling = this.handling;
    this.groups = new Groups(this.desk);
    this.rings = new Rings(this.desk, this.runs);
    this.absent = new Absent(this.desk, this.lives, this.queue, this.stopping, {
      remove: () => this.context?.remove(),
      drain: (id, row) => this.drain(id, row),
      toActor: (mail, id, row) => this.toActor(mail, id, row),
      toLife: (mail, id, row) => this.toLife(mail, id, row),
      toGroup: (mail, row) => this.toGroup(mail, row),
    });
  }

  get dueAtMs(): number {
    return this.desk.dueAtMs;
  }

  /** True while nothing is on its way on this thread's heap that a crash would have begin again. */
  get isAtRest(): boolean {
    return this.runs.count === 0 && this.awaited.count === 0;
  }

  /** True while something is awaited that neither mail nor the clock brings: a module, or what a handler awaits. */
  get awaitsOutside(): boolean {
    return this.awaited.count > 0 || this.runs.isAnyOutside;
  }

  readonly receive = (mail: Mail, row: Row, emit: SystemEmit, context: RowContext): void => {
    const { desk } = this;
    this.context = context;
    if (row.definition === 0 && mail.kind === MailKind.killed) this.absent.killedUnborn(mail, row);
    else if (row.status === Status.awaited) this.absent.toAwaited(mail, row);
    else if (row.status === Status.group) this.toGroup(mail, row);
    else if (row.definition === 0) this.absent.take(mail, row);
    else if (mail.life !== 0 && mail.life !== row.life) this.absent.toFormer(mail, row);
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
      else if (this.queue.hasRoom(mail, id, row)) {
        this.queue.keep(mail, row);
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
        this.absent.take(mail, row);
        return;
      }
    }
    // One whose life has not begun waits for its definition by itself.
    if (!isLoaded && row.status !== Status.loading && needsDefinition(mail)) {
      row.kept.upsert(Kept.held, 0);
      this.queue.keep(mail, row);
    } else this.live(mail, id, row);
  }

  /** Handles what was held until the definition came, in order, before what the queue has besides. */
  private letGo(id: number, row: Row): void {
    const { kept } = row;
    kept.delete(Kept.held, 0);
    const queued = this.queue.takeAll(row);
    for (const mail of queued) if (!needsDefinition(mail)) this.queue.keep(mail, row);
    for (const mail of queued) if (needsDefinition(mail) && row.definition !== 0) this.live(mail, id, row);
  }

  private live(mail: Mail, id: number, row: Row): void {
    const { lives, handling, desk } = this;
    switch (mail.kind) {
      case MailKind.tick:
        if (mail.token === 0) lives.backedOff(mail.n0, id, row);
        else this.queue.keepTick(mail, row);
        break;
      case MailKind.stop:
        if (isFree(row) && desk.definitions.at(row.definition) !== undefined) lives.stop(id, row, 'stopped');
        else this.queue.keep(mail, row);
        break;
      case MailKind.rest:
        lives.rest(id, row);
        break;
      case MailKind.report:
        if (isFree(row)) this.queue.report(mail, id);
        else this.queue.keep(mail, row);
        break;
      case MailKind.ended:
        if (row.kept.has(Kept.watching, mail.from)) this.queue.keep(mail, row);
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
        if (desk.definitions.at(row.definition) === undefined) this.queue.keep(mail, row);
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
        this.absent.refuseSpawn(mail, errors.nameTaken(mail.key));
        break;
      default:
        throw errors.invariant(`mail of kind ${mail.kind} is for an actor`);
    }
  }

  /** Handles what is kept, as far as the actor can, and as long as it is its turn. */
  private drain(id: number, row: Row, atLeast = 0): void {
    const { kept } = this;
    if (row.head < row.tail && this.desk.definitions.at(row.definition) === undefined) {
      if (row.status !== Status.loading) this.awaited.await(id, row.definition);
      return;
    }
    for (let left = this.careful > 0 ? atLeast : SLICE; row.head < row.tail; left--) {
      // Also if it has gone to rest within this loop, since it had asked to.
      if (row.status === Status.resting) this.lives.wake(id, row);
      if (row.status !== Status.idle) return;
      if (left === 0) {
        this.desk.send(MailKind.goOn, id, id, row);
        return;
      }
      const next = row.kept.get(Kept.mail, row.head);
      if (next === undefined) throw errors.invariant('mail is kept from head to tail');
      copyMail(next, kept);
      this.queue.dropFirst(row, kept.kind);
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
    else if (mail.kind === MailKind.report) this.queue.report(mail, id);
    else if (mail.kind === MailKind.watch) lives.watch(mail, row);
    else if (mail.kind === MailKind.ended && row.kept.delete(Kept.watching, mail.from)) handling.hook(mail, id, row);
  }

  /** Looks what there is to do: the thread that did it may have died. */
  private goOn(id: number, row: Row): void {
    const error = this.awaited.problemOf(row.definition);
    if (this.desk.definitions.at(row.definition) === undefined) {
      if (error === undefined) this.awaited.await(id, row.definition);
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
      this.queue.dropFirst(row, culprit.kind);
    } else {
      culprit.kind = mail.n0;
      culprit.from = mail.n1;
      culprit.token = mail.n2;
      culprit.fromType = mail.n3;
    }
    this.lives.failed(culprit, id, row, error);
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
    this.awaited.eachArrived((id) => {
      desk.send(MailKind.goOn, id, id, undefined);
    });
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
    this.stopping.work(eachRow);
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
      if (row.status === Status.loading) this.awaited.await(actor, row.definition);
      else if (desk.definitions.at(row.definition) === undefined) this.awaited.await(actor, row.definition);
      else if (row.status === Status.busy || row.head < row.tail) desk.send(MailKind.goOn, actor, actor, undefined);
      if (row.timers === 0 && row.status !== Status.backingOff) return;
      for (const { what, seq, token, life } of row.kept) {
        if (what === Kept.timer && life !== WAITS) desk.timers.add(token, actor, seq);
      }
    });
  }

  committed(): void {
    this.isAtWork = false;
    this.desk.committed();
    this.runs.committed();
    // The last of a group may have ended.
    if (this.stopping.isAnyDone) this.desk.wake();
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
    this.stopping.keepOnly(owned);
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
