// The pool of simulated threads.
// Promises: what src/workers/pool.ts promises, on virtual time: a task's failure may be told before its thread has exited, a
// terminated thread works on for a moment, and only `fence` makes sure.

import { StepWords } from '../../actors/vitals/step-words.ts';
import { Vitals } from '../../actors/vitals/vitals.ts';
import type { FlowDefinition } from '../../flow/dataflow.ts';
import { settlesWithin } from '../../platform/clock.ts';
import {
  type FlowReference,
  ORDERS,
  type Order,
  REPORTS,
  type WorkerControl,
  type WorkerReports,
} from '../../workers/control.ts';
import { goneOf, type HiredWorker, type HostBuffers, type ThreadPool } from '../../workers/pool.ts';
import { type Calls, settling, unawaited } from '../../workers/remote-calls.ts';
import type { WorkerGround } from '../../workers/worker.ts';
import { Channel, remoteOf } from './channel.ts';
import type { DeathKind } from './crash-plan.ts';
import type { Owner } from './scheduler.ts';
import { deathBy, loadFailure, SimulatedThread, type ThreadWorld } from './simulated-thread.ts';
import { type Dormitory, SimulatedWakeWords } from './simulated-wake.ts';

const START_MS_MIN = 1;
const START_MS_MAX = 60;
const DEATH_TOLD_MS_MAX = 2;
const EXIT_MS_MAX = 5;
/** A thread that is in a call which cannot be interrupted. */
const LATE_EXIT_CHANCE = 0.2;
const LATE_EXIT_MS_MAX = 150;
const LOAD_MS_MAX = 40;

/** What the pool needs of the run. */
export interface PoolWorld extends Omit<ThreadWorld, 'struck'> {
  readonly app: Owner;
  readonly dormitory: Dormitory;
  /** The flow as a thread gets it. */
  flowFor(thread: SimulatedThread): FlowDefinition;
  /** Terminates a worker as an app may. */
  kill(host: number): void;
}

interface Hired extends HiredWorker {
  readonly thread: SimulatedThread;
  readonly channels: { readonly orders: Channel; readonly answers: Channel; readonly reports: Channel };
  isLoaded: boolean;
  isExiting: boolean;
  hasExited: boolean;
  readonly exit: Promise<void>;
  exited(): void;
  end(): void;
  fail(error: unknown): void;
}

export class SimulatedPool implements ThreadPool {
  private readonly world: PoolWorld;
  private readonly buffers: HostBuffers;
  private readonly hired = new Map<SimulatedThread, Hired>();
  /** Times in a row that an actor was resumed tuple by tuple, by its number. */
  private readonly tries = new Map<number, number>();
  private threads = 0;

  constructor(world: PoolWorld, buffers: HostBuffers) {
    this.world = world;
    this.buffers = buffers;
  }

  /** Threads that have not exited. */
  get left(): readonly SimulatedThread[] {
    return [...this.hired.values()].filter(({ hasExited }) => !hasExited).map(({ thread }) => thread);
  }

  /** True while a thread hangs, which only repeated looks can find. */
  get hasHanging(): boolean {
    return this.left.some(({ state }) => state === 'hangs');
  }

  /**
   * Threads that sleep though they have something to do, while nothing is under way that would wake them: no thread has died
   * whose actors are still to be taken over.
   */
  oversleeping(): readonly SimulatedThread[] {
    if ([...this.hired.values()].some(({ hasExited, thread }) => !hasExited && thread.isGone)) return [];
    return this.left.filter(({ oversleeps }) => oversleeps);
  }

  hire(host: number, flow: FlowReference, reports: WorkerReports): HiredWorker {
    const { scheduler, app } = this.world;
    const number = ++this.threads;
    const thread = new SimulatedThread(`w${host}`, {
      ...this.world,
      struck: (struck, kind) => this.struck(struck, kind),
    });
    thread.freeAtMs = scheduler.nowMs + START_MS_MIN + scheduler.random.next() * START_MS_MAX;
    const channels = {
      orders: new Channel(scheduler, app, thread),
      answers: new Channel(scheduler, thread, app),
      reports: new Channel(scheduler, thread, app),
    };
    let end!: () => void;
    let fail!: (error: unknown) => void;
    let exited!: () => void;
    const ended = new Promise<void>((resolve, reject) => {
      end = resolve;
      fail = reject;
    });
    const exit = new Promise<void>((resolve) => {
      exited = resolve;
    });
    const ground = (): WorkerGround => this.groundOf(host, number, thread, channels.reports, reports);
    const worker = () => thread.workerOn(ground, (failure) => this.taskEnded(hired, failure)).control;
    const remote = remoteOf<WorkerControl>(ORDERS, worker, channels.orders, channels.answers);
    const control: WorkerControl = settling<WorkerControl>(ORDERS, remote, goneOf(host, ended));
    const hired: Hired = {
      host,
      thread,
      channels,
      isLoaded: false,
      isExiting: false,
      hasExited: false,
      exit,
      exited,
      end,
      fail,
      ended,
      control: {
        ...control,
        deploy: (...values: Parameters<WorkerControl['deploy']>) => this.withActors(thread, control.deploy(...values)),
        adopt: (...values: Parameters<WorkerControl['adopt']>) => {
          this.noteSuspects(thread, values[0]);
          return this.withActors(thread, control.adopt(...values));
        },
      },
      loaded: control.load(flow).then((id) => {
        hired.isLoaded = true;
        if (!thread.isGone) this.world.plan.loaded();
        return id;
      }),
    };
    hired.loaded.catch(() => {});
    ended.catch(() => {});
    this.hired.set(thread, hired);
    return hired;
  }

  private withActors(thread: SimulatedThread, call: Promise<void>): Promise<void> {
    thread.hasActors = true;
    return call;
  }

  /** An actor that tries tuples alone, and has died at it: with one more death its tuple may be left out. */
  private noteSuspects(thread: SimulatedThread, orders: readonly Order[]): void {
    for (const { descriptor, resumption } of orders) {
      const tries = resumption.isolate ? (this.tries.get(descriptor.number) ?? 0) + 1 : 0;
      this.tries.set(descriptor.number, tries);
      if (tries > 0) {
        thread.isSearching = true;
        thread.searches.push(new Vitals(descriptor.vitals).work);
      }
      if (tries > 1) thread.hasSuspect = true;
    }
  }

  private groundOf(
    host: number,
    threadId: number,
    thread: SimulatedThread,
    reporting: Channel,
    reports: WorkerReports,
  ): WorkerGround {
    const { memory, dormitory, plan, flowFor, scheduler } = this.world;
    const notifying = (): void => memory.point();
    // Reports are not answered.
    const unanswered = new Channel(scheduler, thread, thread);
    unanswered.close();
    return {
      host,
      threadId,
      clock: thread.clock,
      wakeWords: new SimulatedWakeWords(this.buffers.wakeWords, thread, dormitory, notifying),
      stepWords: new StepWords(this.buffers.stepWords),
      reports: unawaited(
        REPORTS,
        remoteOf<WorkerReports>(REPORTS, () => reports, reporting, unanswered) as Calls<WorkerReports>,
      ),
      importFlow: async (reference) => {
        if (plan.failsToLoad()) throw loadFailure(reference.moduleUrl);
        thread.freeAtMs += scheduler.random.next() * LOAD_MS_MAX;
        return flowFor(thread);
      },
    };
  }

  /** The task has come to its end by itself; the thread waits for another one. */
  private taskEnded(hired: Hired, failure: { readonly error: unknown } | undefined): void {
    if (hired.thread.isMute) return;
    this.tellEnd(hired, 0, failure ?? undefined);
  }

  /** The app hears that the task has ended, and then nothing more of it. */
  private tellEnd(hired: Hired, delayMs: number, failure: { readonly error: unknown } | undefined): void {
    const { scheduler, app } = this.world;
    const { channels, thread } = hired;
    scheduler.post(app, delayMs, `the task of ${thread.name} has ${failure === undefined ? 'ended' : 'failed'}`, () => {
      channels.orders.close();
      channels.answers.close();
      scheduler.post(app, 0, `the port of ${thread.name} is closed`, () => channels.reports.close());
      if (failure === undefined) hired.end();
      else hired.fail(failure.error);
    });
  }

  private struck(thread: SimulatedThread, kind: DeathKind): void {
    const { scheduler, kill } = this.world;
    const hired = this.hired.get(thread) as Hired;
    if (kind === 'kill') {
      kill(hired.host);
      return;
    }
    if (kind === 'hang') {
      thread.stop('hangs');
      return;
    }
    const toldMs = scheduler.random.next() * DEATH_TOLD_MS_MAX;
    if (kind === 'zombie') {
      this.tellEnd(hired, toldMs, { error: deathBy(kind) });
      return;
    }
    thread.stop('dead');
    for (const channel of [hired.channels.answers, hired.channels.reports]) {
      if (scheduler.random.chance(0.5)) channel.cut();
    }
    if (kind === 'doomed') return;
    this.tellEnd(hired, toldMs, { error: deathBy(kind) });
    this.exitAfter(hired, toldMs + scheduler.random.next() * EXIT_MS_MAX);
  }

  private exitAfter(hired: Hired, delayMs: number): void {
    if (hired.isExiting) return;
    hired.isExiting = true;
    const { scheduler, app } = this.world;
    scheduler.post(app, delayMs, `exit of ${hired.thread.name}`, () => {
      hired.thread.stop('dead');
      hired.hasExited = true;
      hired.exited();
      this.tellEnd(hired, 0, { error: deathBy('exit') });
    });
  }

  private terminate(hired: Hired): void {
    const { random } = this.world.scheduler;
    if (!hired.isExiting) hired.thread.isDoomed = random.chance(0.5);
    this.exitAfter(hired, random.next() * (random.chance(LATE_EXIT_CHANCE) ? LATE_EXIT_MS_MAX : EXIT_MS_MAX));
  }

  async fence(worker: HiredWorker, limitMs: number): Promise<boolean> {
    const hired = worker as Hired;
    this.terminate(hired);
    if (!hired.isLoaded) return true;
    return settlesWithin(this.world.scheduler.clockOf(this.world.app), hired.exit, limitMs);
  }

  giveUp(worker: HiredWorker): void {
    this.terminate(worker as Hired);
  }

  async close(limitMs: number): Promise<boolean> {
    this.world.plan.disarm();
    const all = [...this.hired.values()];
    for (const hired of all) this.terminate(hired);
    const exits = Promise.all(all.map(({ exit }) => exit));
    return settlesWithin(this.world.scheduler.clockOf(this.world.app), exits, limitMs);
  }
}
