// The entry of a worker thread: a pool task that hosts actors until it is told to end.
// Promises: errors cross to the app as records; the thread's event loop stays alive while the host is parked, because the
// control port is open (a thread whose only pending work is Atomics.waitAsync would exit).
// A module of its own: importing a flow from within the library's index would deadlock on the import cycle.

import { threadId } from 'node:worker_threads';
import { Actor } from '../actors/actor.ts';
import { ActorFailure } from '../actors/failures/failure.ts';
import { StepWords } from '../actors/vitals/step-words.ts';
import { errors, MillraceError, toRecord } from '../errors.ts';
import { buildGraph, type FlowDefinition, isFlow } from '../flow/dataflow.ts';
import { exportedValues } from '../flow/module-exports.ts';
import { internStrings } from '../flow/params.ts';
import { type Plan, planOf } from '../flow/plan.ts';
import { tracedGraph } from '../flow/traces/traced-graph.ts';
import { LookOut } from '../mailbox/look-out.ts';
import { WakeWords } from '../mailbox/wake.ts';
import { type Clock, systemClock } from '../platform/clock.ts';
import type { Backup } from '../state/images/backup.ts';
import { Adoption } from './adoption.ts';
import {
  type ActorName,
  type FlowReference,
  type HostTask,
  type Order,
  REPORTS,
  type WorkerControl,
  type WorkerReports,
  type WorkerSettings,
} from './control.ts';
import { takeProfile } from './cpu-profile.ts';
import { Host } from './host.ts';
import { Patience } from './patience.ts';
import { callsThrough, exposeOn, unawaited } from './remote-calls.ts';
import { registerTsx } from './tsx-loader.ts';
import { TupleTraces } from './tuple-traces.ts';
import { warmUp } from './warm-up.ts';
import { keepOutput } from './worker-output.ts';
import { markWorkerThread } from './worker-thread.ts';

/** Errors are thrown across comlink as plain records, since it would keep only their message. */
async function reported<Result>(action: () => Promise<Result>): Promise<Result> {
  try {
    return await action();
  } catch (error) {
    throw toRecord(error);
  }
}

async function importFlow({ moduleUrl, name }: FlowReference): Promise<FlowDefinition> {
  let module: Record<string, unknown>;
  try {
    await registerTsx(moduleUrl);
    module = (await import(moduleUrl)) as Record<string, unknown>;
  } catch (cause) {
    if (cause instanceof MillraceError && cause.code === 'RUN_IN_WORKER') throw cause;
    throw errors.moduleImport(moduleUrl, cause);
  }
  const flows = exportedValues(module).filter(isFlow);
  const flow = flows.find((each) => each.name === name);
  if (flow === undefined) {
    throw errors.noFlow(
      moduleUrl,
      name,
      flows.map((each) => each.name),
    );
  }
  return flow;
}

const nameOf = ({ descriptor: { stage, replica } }: Actor): ActorName => ({ stage, replica });

/**
 * A worker that takes many actors over lets those that it has already step after so long. Shorter slices bring none of them back
 * earlier: with 8 ms the last of sixty took a fourth longer, since the others step through what has piled up meanwhile.
 */
const ADOPT_SLICE_MS = 24;

/** What a worker stands on: its thread's time and sleep, and its way to the app. */
export interface WorkerGround {
  readonly host: number;
  readonly threadId: number;
  readonly clock: Clock;
  readonly wakeWords: WakeWords;
  readonly stepWords: StepWords;
  readonly reports: WorkerReports;
  /** Looks on before it parks. */
  readonly lookOut?: LookOut;
  importFlow(reference: FlowReference): Promise<FlowDefinition>;
}

/** A worker: takes orders until it has been shut down, when `ended` resolves. */
export interface Worker {
  readonly control: WorkerControl;
  readonly ended: Promise<void>;
  /** Asked while it is parked: true if it should not be. Changes nothing. */
  oversleeps(): boolean;
}

/** The pool task. Resolves when the host has been shut down. */
export default async function hostActors(task: HostTask): Promise<void> {
  markWorkerThread();
  // Before the flow's module is imported, which may print.
  keepOutput();
  const closed = new Promise<Error>((resolve) => {
    task.reports.once('close', () => resolve(errors.invariant('nobody reports to a job that has ended')));
  });
  const wakeWords = new WakeWords(task.wakeWords);
  const { control, ended } = makeWorker({
    host: task.host,
    threadId,
    clock: systemClock,
    wakeWords,
    lookOut: new LookOut(wakeWords, systemClock.now),
    stepWords: new StepWords(task.stepWords),
    reports: unawaited(REPORTS, callsThrough<WorkerReports>(task.reports, REPORTS, closed)),
    importFlow,
  });
  exposeOn(task.control, control);
  try {
    await ended;
  } finally {
    task.control.close();
    task.reports.close();
  }
}

/** Makes a worker that has no flow yet. */
export function makeWorker(ground: WorkerGround): Worker {
  const { clock, wakeWords, reports, threadId } = ground;
  let traces: TupleTraces | undefined;
  const reportFailure = (actor: ActorName, error: unknown): void => {
    traces?.flush();
    const isTold = error instanceof ActorFailure;
    reports.failed({
      ...actor,
      error: toRecord(isTold ? error.cause : error),
      policy: isTold ? error.policy : 'stop',
      position: isTold ? error.position : undefined,
    });
  };
  const host = new Host(
    ground.host,
    wakeWords,
    ground.stepWords,
    clock,
    {
      ended: (actor) => {
        traces?.flush();
        reports.ended(nameOf(actor));
      },
      failed: (actor, error) => reportFailure(nameOf(actor), error),
      recovered: (actor) => reports.recovered(nameOf(actor), clock.epochMs()),
    },
    ground.lookOut,
  );
  let buildPlan: (() => Plan) | undefined;
  let prepare = async (): Promise<void> => {};
  let running: Promise<void> | undefined;
  const deployed: Actor[] = [];
  const adoption = new Adoption();

  let patience: Patience | undefined;
  const make = (plan: Plan, { descriptor, resumption }: Order, settings: WorkerSettings): Actor => {
    const { lingerMs, backupEveryMs, startTimeoutMs } = settings;
    const { stage, replica } = descriptor;
    patience ??= new Patience(clock, startTimeoutMs, (text) => reports.takesLong(text));
    const patient = patience;
    const reopening = <Reader>(operator: string, opened: Promise<Reader>): Promise<Reader> =>
      patient.await(opened, {
        what: `open() of source '${operator}', opened again,`,
        failure: () => errors.openTimeout('source', [operator], ground.host, startTimeoutMs),
      });
    const ship = (backup: Backup): void => reports.backup({ stage, replica }, backup);
    const backup = backupEveryMs === undefined ? undefined : { everyMs: backupEveryMs, ship };
    const wake = (): void => host.wake();
    const { now, sharedNow, stampMs, epochMs, after } = clock;
    const environment = {
      host: ground.host,
      wakeWords,
      lingerMs,
      backup,
      now,
      sharedNow,
      stampMs,
      epochMs,
      wake,
      after,
      reopening,
    };
    return new Actor(plan, descriptor, environment, resumption);
  };

  let control!: WorkerControl;
  const ended = new Promise<void>((resolve, reject) => {
    const run = (): void => {
      // After the answer to the order: a first step may take long.
      running ??= clock
        .yield()
        .then(() => host.run())
        .then(resolve, reject);
    };
    /** Each call builds the flow anew: a restarted actor gets new closures. */
    const plan = (): Plan => {
      if (buildPlan === undefined) throw errors.invariant('a worker has loaded its flow before it gets actors');
      return buildPlan();
    };
    control = {
      load: (reference) =>
        reported(async () => {
          const flow = await ground.importFlow(reference);
          const params = internStrings(reference.params);
          if (reference.isTraced === true) traces ??= new TupleTraces((report) => reports.traced(report));
          buildPlan = () => {
            const graph = buildGraph(flow, params);
            if (graph.fingerprint !== reference.fingerprint) throw errors.flowDiffers(reference.name);
            return planOf(traces === undefined ? graph : tracedGraph(graph, traces));
          };
          buildPlan();
          prepare = async () => flow.prepare?.(params);
          await prepare();
          return threadId;
        }),
      warmUp: (descriptors) => reported(async () => warmUp(plan(), descriptors, ground.host, wakeWords, clock)),
      deploy: (orders, settings) =>
        reported(async () => {
          const stages = plan();
          for (const order of orders) {
            const actor = make(stages, order, settings);
            await actor.openSource();
            deployed.push(actor);
          }
        }),
      start: async () => {
        for (const actor of deployed.splice(0)) {
          try {
            actor.openSink();
            host.add(actor);
          } catch (error) {
            actor.release();
            reportFailure(nameOf(actor), error);
          }
        }
        run();
      },
      adopt: (orders, settings) =>
        reported(async () => {
          adoption.expect(orders);
          await prepare();
          const stages = plan();
          run();
          let yieldedAtMs = clock.now();
          for (const [made, order] of orders.entries()) {
            // The first one goes on at once, and not when all are there.
            if (made === 1 || clock.now() - yieldedAtMs >= ADOPT_SLICE_MS) {
              await clock.yield();
              yieldedAtMs = clock.now();
            }
            if (host.isStopped || !adoption.begin(order)) continue;
            try {
              // One that was begun here in a decision that has been overtaken: whoever asks must not find it.
              const before = host.find(order.descriptor.stage, order.descriptor.replica);
              if (before !== undefined) host.release(before);
              const actor = make(stages, order, settings);
              actor.reopenSource();
              actor.openSink();
              host.add(actor, true);
            } catch (error) {
              reportFailure(order.descriptor, error);
            }
          }
        }),
      release: async (actors) => {
        for (const { stage, replica } of actors) {
          adoption.takeBack(stage, replica);
          const actor = host.find(stage, replica);
          if (actor !== undefined) host.release(actor);
        }
      },
      readState: ({ stage, replica }, request) =>
        reported(async () => {
          for (;;) {
            const actor = host.find(stage, replica);
            if (actor === undefined || !actor.owns(request.group)) return undefined;
            if (actor.isReadable) return { found: actor.readState(request) };
            actor.hurry();
            await clock.yield();
          }
        }),
      backupDone: async ({ stage, replica }, sequence, isStored) =>
        host.find(stage, replica)?.backupDone(sequence, isStored),
      profile: (ms) => reported(() => takeProfile(ms)),
      stopSources: async () => host.stopSources(),
      shutdown: async () => {
        traces?.flush();
        host.stop();
        for (const actor of deployed.splice(0)) actor.release();
        if (running === undefined) resolve();
      },
    };
  });
  return { control, ended, oversleeps: () => host.oversleeps };
}
