// The entry of a worker thread: a pool task that hosts actors until it is told to end.
// Promises: errors cross to the app as records; the thread's event loop stays alive while the host is parked, because the
// control port is open (a thread whose only pending work is Atomics.waitAsync would exit).
// A module of its own: importing a flow from within the library's index would deadlock on the import cycle.

import { errors, MillraceError, toRecord } from '../errors.ts';
import { WakeWords } from '../mailbox/wake.ts';
import { Actor } from './actor.ts';
import {
  exposeOn,
  type FlowReference,
  type HostTask,
  type WorkerControl,
  type WorkerReports,
  wrapPort,
} from './control.ts';
import { buildGraph, type FlowDefinition, isFlow } from './dataflow.ts';
import { Host, systemClock } from './host.ts';
import { internStrings } from './params.ts';
import { type Plan, planOf } from './plan.ts';
import { markWorkerThread } from './worker-thread.ts';

markWorkerThread();

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
    module = (await import(moduleUrl)) as Record<string, unknown>;
  } catch (cause) {
    if (cause instanceof MillraceError && cause.code === 'RUN_IN_WORKER') throw cause;
    throw errors.moduleImport(moduleUrl, cause);
  }
  const flows = Object.values(module).filter(isFlow);
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

/** The pool task. Resolves when the host has been shut down. */
export default async function hostActors(task: HostTask): Promise<void> {
  const wakeWords = new WakeWords(task.wakeWords);
  const reports = wrapPort<WorkerReports>(task.reports);
  const host = new Host(task.host, wakeWords, systemClock, {
    ended: ({ descriptor }) => void reports.ended(descriptor.stage, descriptor.replica),
    failed: ({ descriptor }, error) => void reports.failed(descriptor.stage, descriptor.replica, toRecord(error)),
  });
  let plan: Plan | undefined;
  let running: Promise<void> | undefined;
  const deployed: Actor[] = [];

  const ended = new Promise<void>((resolve, reject) => {
    const control: WorkerControl = {
      load: (reference) =>
        reported(async () => {
          const graph = buildGraph(await importFlow(reference), internStrings(reference.params));
          if (graph.fingerprint !== reference.fingerprint) throw errors.flowDiffers(reference.name);
          plan = planOf(graph);
        }),
      deploy: (descriptors, lingerMs) =>
        reported(async () => {
          for (const descriptor of descriptors) {
            const actor = new Actor(plan as Plan, descriptor, {
              host: task.host,
              wakeWords,
              lingerMs,
              now: systemClock.now,
              wake: () => host.wake(),
            });
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
            actor.close();
            void reports.failed(actor.descriptor.stage, actor.descriptor.replica, toRecord(error));
          }
        }
        running ??= host.run().then(resolve, reject);
      },
      stopSources: async () => host.stopSources(),
      shutdown: async () => {
        host.stop();
        for (const actor of deployed.splice(0)) actor.close();
        if (running === undefined) resolve();
      },
    };
    exposeOn(task.control, control);
  });
  try {
    await ended;
  } finally {
    task.control.close();
    task.reports.close();
  }
}
