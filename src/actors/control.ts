// The control plane between the app's thread and its workers: comlink over a MessagePort per direction.
// Promises: calls carry orders and reports, never tuples. A call to a dead worker never settles by itself; callers race it
// with the worker's end.

import type { MessagePort } from 'node:worker_threads';
import { type Endpoint, expose, type Remote, wrap } from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import type { ErrorRecord } from '../errors.ts';
import type { ActorDescriptor } from './actor.ts';

/** What a worker needs to find and build the flow. */
export interface FlowReference {
  readonly moduleUrl: string;
  readonly name: string;
  readonly params: unknown;
  readonly fingerprint: string;
}

/** Orders to a worker. Each resolves when it is carried out. */
export interface WorkerControl {
  /** Imports the flow's module and builds its graph. */
  load(flow: FlowReference): Promise<void>;
  /** Makes actors from their shared memory and opens their sources. */
  deploy(actors: readonly ActorDescriptor[], lingerMs: number): Promise<void>;
  /** Begins to step the actors that are deployed. */
  start(): Promise<void>;
  /** Ends the sources; everything they have emitted is still processed. */
  stopSources(): Promise<void>;
  /** Ends the host: the worker's task resolves. */
  shutdown(): Promise<void>;
}

/** Reports of a worker. */
export interface WorkerReports {
  ended(stage: number, replica: number): void;
  failed(stage: number, replica: number, error: ErrorRecord): void;
}

/** What a pool task carries to the worker. */
export interface HostTask {
  readonly host: number;
  readonly wakeWords: SharedArrayBuffer;
  readonly control: MessagePort;
  readonly reports: MessagePort;
}

const endpointOf = (port: MessagePort): Endpoint => nodeEndpoint(port as never);

export function exposeOn(port: MessagePort, target: object): void {
  expose(target, endpointOf(port));
}

export function wrapPort<Target>(port: MessagePort): Remote<Target> {
  return wrap<Target>(endpointOf(port));
}
