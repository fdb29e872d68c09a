// Async handlers that are under way. Their mail is kept in the rows of their actors: a crash begins them again.
// Promises: a handler begins when the commit that keeps its mail is done; what it changes and sends is applied by a later commit, all of
// it or nothing. One that is cancelled goes on in vain.

import { errors } from '../../errors.ts';
import type { LoadedActor, LoadedMessage } from '../loaded-actor.ts';
import { awaitAs } from '../ref.ts';
import type { KeptMail } from '../rows.ts';
import type { ActorState, StateColumns } from '../state.ts';
import type { Desk } from './desk.ts';
import type { WorkContext } from './work-context.ts';

export class Run {
  readonly number: number;
  readonly id: number;
  readonly life: number;
  readonly mail: KeptMail;
  readonly loaded: LoadedActor;
  readonly message: LoadedMessage | undefined;
  readonly context: WorkContext;
  readonly state: ActorState;
  /** What the state object stands on. */
  readonly columns: StateColumns;
  readonly call: () => unknown;
  /** How it has ended. */
  outcome: { readonly value: unknown } | { readonly error: unknown } | undefined;
  isCancelled = false;
  /** Says how it has ended; the first time counts. */
  over: (outcome: NonNullable<Run['outcome']>) => void = () => {};

  constructor(
    parts: Pick<
      Run,
      'number' | 'id' | 'life' | 'mail' | 'loaded' | 'message' | 'context' | 'state' | 'columns' | 'call'
    >,
  ) {
    this.number = parts.number;
    this.id = parts.id;
    this.life = parts.life;
    this.mail = parts.mail;
    this.loaded = parts.loaded;
    this.message = parts.message;
    this.context = parts.context;
    this.state = parts.state;
    this.columns = parts.columns;
    this.call = parts.call;
  }
}

export class Runs {
  private readonly desk: Desk;
  /** By actor: each has one at most. */
  private readonly byActor = new Map<number, Run>();
  /** Begin when the open batch is committed. */
  private readonly waiting: Run[] = [];
  /** Are over when the open batch is committed. */
  private readonly ending: Run[] = [];
  /** Have ended, and their actors are to be told. */
  private readonly settled: Run[] = [];

  constructor(desk: Desk) {
    this.desk = desk;
  }

  of(actor: number): Run | undefined {
    return this.byActor.get(actor);
  }

  add(run: Run): void {
    this.waiting.push(run);
  }

  /** Handlers under way, whose threads must not die if they are not to begin again. */
  get count(): number {
    return this.byActor.size + this.waiting.length;
  }

  /** True while a handler awaits something other than the answer to an ask. */
  get isAnyOutside(): boolean {
    for (const { outcome, context, isCancelled } of this.byActor.values()) {
      if (outcome === undefined && !isCancelled && context.asking === 0) return true;
    }
    return false;
  }

  /** It is over, or of no use any more, once the open batch is committed. */
  end(run: Run): void {
    this.ending.push(run);
  }

  /** Calls `tell` with each one that has ended since. */
  eachSettled(tell: (run: Run) => void): void {
    for (const run of this.settled.splice(0)) if (!run.isCancelled) tell(run);
  }

  committed(): void {
    for (const run of this.ending.splice(0)) {
      run.isCancelled = true;
      run.context.close();
      this.limited.delete(run);
      if (this.byActor.get(run.id) === run) this.byActor.delete(run.id);
    }
    for (const run of this.waiting.splice(0)) {
      this.byActor.set(run.id, run);
      this.begin(run);
    }
  }

  rolledBack(): void {
    this.ending.length = 0;
    this.waiting.length = 0;
    // What told their actors that they have ended may be undone: told twice, it counts once.
    this.settled.length = 0;
    for (const run of this.byActor.values()) if (run.outcome !== undefined) this.settled.push(run);
    if (this.settled.length > 0) this.desk.wake();
  }

  /** Those of other actors go on in vain. No batch may be open. */
  keepOnly(isKept: (actor: number) => boolean): void {
    for (const [actor, run] of this.byActor) {
      if (isKept(actor)) continue;
      run.isCancelled = true;
      run.context.close();
      this.limited.delete(run);
      this.byActor.delete(actor);
    }
  }

  /** Nobody waits for them here any more. */
  close(): void {
    for (const run of this.byActor.values()) {
      run.isCancelled = true;
      run.context.close();
    }
    this.byActor.clear();
    this.limited.clear();
  }

  /** Runs in the order in which they began, with the times at which they are given up. */
  private readonly limited = new Map<Run, number>();
  private isTimed = false;

  private limit(run: Run): void {
    const { handlerTimeoutMs } = this.desk.rules;
    if (handlerTimeoutMs === 0) return;
    this.limited.set(run, this.desk.host.now() + handlerTimeoutMs);
    if (!this.isTimed) this.time(handlerTimeoutMs);
  }

  private time(ms: number): void {
    this.isTimed = true;
    this.desk.after(ms, () => this.giveUp());
  }

  /** Gives up those that have taken too long. */
  private giveUp(): void {
    const nowMs = this.desk.host.now();
    const { handlerTimeoutMs } = this.desk.rules;
    this.isTimed = false;
    for (const [run, endsAtMs] of this.limited) {
      if (endsAtMs > nowMs) {
        this.time(endsAtMs - nowMs);
        return;
      }
      const { loaded, message } = run;
      run.over({
        error: errors.handlerTimeout(loaded.name, message?.name ?? 'start, stop or ended', handlerTimeoutMs),
      });
    }
  }

  private begin(run: Run): void {
    const over = (outcome: NonNullable<Run['outcome']>): void => {
      this.limited.delete(run);
      if (run.isCancelled || run.outcome !== undefined) return;
      run.outcome = outcome;
      this.settled.push(run);
      this.desk.wake();
    };
    run.over = over;
    this.limit(run);
    const called = awaitAs(run.context, async () => run.call());
    called.then(
      (value) => over({ value }),
      (error: unknown) => over({ error }),
    );
  }
}
