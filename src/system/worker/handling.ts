// Runs the handler of one piece of mail, in one go or, if it is async, as a run of its own.
// Promises: what a handler has changed and sent takes effect when it returns; if it throws, nothing has, and `failed` is told.
// Relies on: the actor is idle; its definition is loaded.

import { errors } from '../../errors.ts';
import type { LoadedActor, LoadedHandler, LoadedMessage } from '../loaded-actor.ts';
import { definitionOf, MailKind, MESSAGES_MAX, messageOf, Outbox } from '../mail.ts';
import { workAs } from '../ref.ts';
import { copyMail, Kept, type KeptMail, OF_TIMER, plainMail, Restart, type Row, Status } from '../rows.ts';
import { unpackRest } from '../slots.ts';
import { copyOf, writeColumns } from '../state.ts';
import type { Desk } from './desk.ts';
import { Run, type Runs } from './runs.ts';
import { WorkContext } from './work-context.ts';

/** What a handler has asked for that comes when it has come to its end. */
export interface Wishes {
  /** The actor is to end. */
  readonly stops: boolean;
  /** It is to rest. */
  readonly rests: boolean;
}

/** What becomes of an actor after its handler. */
export interface Afterwards {
  /** It has come to its end. */
  handled(mail: KeptMail, id: number, row: Row, wishes: Wishes): void;
  failed(mail: KeptMail, id: number, row: Row, error: unknown): void;
}

const isPromise = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as Partial<PromiseLike<unknown>> | null)?.then === 'function';

export class Handling {
  private readonly desk: Desk;
  private readonly runs: Runs;
  private readonly afterwards: Afterwards;

  constructor(desk: Desk, runs: Runs, afterwards: Afterwards) {
    this.desk = desk;
    this.runs = runs;
    this.afterwards = afterwards;
  }

  /** A message of the actor's own. */
  message(mail: KeptMail, id: number, row: Row): void {
    const { desk } = this;
    const loaded = desk.definitions.at(row.definition) as LoadedActor;
    const message = loaded.messages[messageOf(mail.type)];
    if (definitionOf(mail.type) !== row.definition || message === undefined) {
      const error = errors.unknownMessage(
        loaded.name,
        `number ${mail.type % MESSAGES_MAX}`,
        loaded.messages.map(({ name }) => name),
      );
      desk.dead(mail, id, error);
      return;
    }
    this.call(
      loaded.behaviours[row.behaviour][message.index],
      message.codec.read(mail as never),
      mail,
      id,
      row,
      loaded,
      message,
    );
  }

  /** A tick of one of its timers; of one that is no more, nothing. */
  tick(mail: KeptMail, id: number, row: Row): void {
    const { desk } = this;
    const timer = row.kept.get(Kept.timer, mail.token);
    if (timer === undefined || timer.token !== mail.n0) return;
    const work = plainMail(timer);
    // From here on a message like others: it may be put aside.
    work.kind = MailKind.message;
    work.from = 0;
    work.token = 0;
    work.life = OF_TIMER;
    if (timer.from === 0) {
      row.kept.delete(Kept.timer, mail.token);
      row.timers--;
    } else {
      // Those that were missed are made up for by this one.
      const periods = Math.max(1, Math.ceil((desk.host.now() - timer.token) / timer.from));
      const dueMs = timer.token + periods * timer.from;
      timer.token = dueMs;
      timer.life = 0;
      desk.timers.add(dueMs, id, mail.token);
    }
    this.message(work, id, row);
  }

  /** Its `start`, `stop`, `rest` or `ended`. Returns false if it has none. */
  hook(mail: KeptMail, id: number, row: Row): boolean {
    const { desk } = this;
    const loaded = desk.definitions.at(row.definition) as LoadedActor;
    if (mail.kind === MailKind.spawn) {
      if (loaded.start === undefined) return false;
      // What is made by the first mail to it has no arguments.
      const args = row.restart === Restart.virtual ? {} : loaded.args.read(mail as never);
      this.call(loaded.start, args, mail, id, row, loaded, undefined);
    } else if (mail.kind === MailKind.stop) {
      if (loaded.stop === undefined) return false;
      this.call(loaded.stop, undefined, mail, id, row, loaded, undefined);
    } else if (mail.kind === MailKind.rest) {
      if (loaded.rest === undefined) return false;
      this.call(loaded.rest, undefined, mail, id, row, loaded, undefined);
    } else {
      const watched = desk.definitions.at(definitionOf(mail.fromType));
      if (loaded.ended === undefined || watched === undefined) return false;
      const key = mail.rest === null ? '' : String(unpackRest(mail.rest));
      const ended = { ref: desk.ref(watched, mail.from, mail.n0, key), reason: mail.text };
      this.call(loaded.ended, ended, mail, id, row, loaded, undefined);
    }
    return true;
  }

  private call(
    handler: LoadedHandler,
    value: unknown,
    mail: KeptMail,
    id: number,
    row: Row,
    loaded: LoadedActor,
    message: LoadedMessage | undefined,
  ): void {
    if (handler.isAsync) {
      this.begin(handler, value, mail, id, row, loaded, message);
      return;
    }
    const { desk } = this;
    const { outbox } = desk;
    const sent = outbox.count;
    const state = loaded.stateFor(id);
    const context = new WorkContext(desk, outbox, loaded, mail, message, id, row, false);
    const before = workAs(context);
    let error: unknown;
    let hasFailed = false;
    state['@open'](row);
    try {
      const answer = handler.call(value, state, context);
      if (answer !== undefined) this.answer(context, answer, loaded, message);
      state['@finish']();
    } catch (thrown) {
      state['@rollback']();
      outbox.cut(sent);
      error = thrown;
      hasFailed = true;
    } finally {
      workAs(before);
      state['@close']();
      context.close();
    }
    if (hasFailed) {
      this.afterwards.failed(mail, id, row, error);
      return;
    }
    context.finish(row);
    this.afterwards.handled(mail, id, row, context);
  }

  private answer(context: WorkContext, answer: unknown, loaded: LoadedActor, message: LoadedMessage | undefined): void {
    if (isPromise(answer)) {
      void Promise.resolve(answer).catch(() => {});
      throw errors.notAsync(loaded.name, message?.name ?? 'start, stop, rest or ended');
    }
    if (message?.reply !== undefined) context.reply(answer);
  }

  /** Keeps the mail in the row, and begins the handler when that is committed. */
  private begin(
    handler: LoadedHandler,
    value: unknown,
    mail: KeptMail,
    id: number,
    row: Row,
    loaded: LoadedActor,
    message: LoadedMessage | undefined,
  ): void {
    const { desk, runs } = this;
    const kept = plainMail(mail);
    copyMail(kept, row.kept.upsert(Kept.current, 0));
    row.status = Status.busy;
    const columns = copyOf(row);
    const state = new loaded.State();
    state['@open'](columns);
    const context = new WorkContext(desk, new Outbox(), loaded, kept, message, id, row, true);
    runs.add(
      new Run({
        number: desk.definitions.takeId(),
        id,
        life: row.life,
        mail: kept,
        loaded,
        message,
        context,
        state,
        columns,
        call: () => handler.call(value, state, context),
      }),
    );
  }

  /** The mail of an async handler whose thread has died: it begins again. */
  again(id: number, row: Row): void {
    const current = row.kept.get(Kept.current, 0);
    if (current === undefined) throw errors.invariant('an actor that is busy keeps the mail in work');
    const mail = plainMail(current);
    if (mail.kind === MailKind.message || mail.kind === MailKind.tick) this.message(mail, id, row);
    else this.hook(mail, id, row);
  }

  /** An async handler has come to its end: what it has done takes effect, or it has failed. */
  runEnded(number: number, id: number, row: Row): void {
    const { runs, desk } = this;
    const run = runs.of(id);
    if (run === undefined || run.number !== number || run.outcome === undefined) return;
    if (row.status !== Status.busy || row.life !== run.life) return;
    runs.end(run);
    const { outcome, mail, context, loaded, message } = run;
    const sent = desk.outbox.count;
    row.kept.delete(Kept.current, 0);
    row.status = Status.idle;
    let error: unknown;
    let hasFailed = 'error' in outcome;
    if ('error' in outcome) error = outcome.error;
    else {
      try {
        if (outcome.value !== undefined) this.answer(context, outcome.value, loaded, message);
        run.state['@finish']();
      } catch (thrown) {
        desk.outbox.cut(sent);
        error = thrown;
        hasFailed = true;
      }
    }
    if (hasFailed) {
      this.afterwards.failed(mail, id, row, error);
      return;
    }
    writeColumns(run.columns, row);
    context.finish(row);
    context.sendInto(desk.outbox);
    this.afterwards.handled(mail, id, row, context);
  }

  /** The actor's handler, if one is under way, goes on in vain; whoever asked is told. */
  cancel(id: number, row: Row, error: Error): void {
    if (row.status !== Status.busy) return;
    const run = this.runs.of(id);
    if (run !== undefined) this.runs.end(run);
    const current = row.kept.get(Kept.current, 0);
    if (current !== undefined) this.desk.dead(current, id, error);
    row.kept.delete(Kept.current, 0);
    row.status = Status.idle;
  }
}
