// The control plane between the app's thread and its workers: what each side may call of the other.
// Promises: calls carry orders and reports, never tuples.
// Relies on: remote-calls.ts carries them, and settles those to a worker that is gone.

import type { MessagePort } from 'node:worker_threads';
import type { ActorDescriptor, Resumption, StateRequest } from '../actors/actor-descriptor.ts';
import type { ErrorRecord } from '../errors.ts';
import type { FailurePolicy } from '../flow/failure-policy.ts';
import type { Backup } from '../state/images/backup.ts';
import type { CpuProfile } from './cpu-profile.ts';
import type { TraceReport } from './tuple-traces.ts';

/** What a worker needs to find and build the flow. */
export interface FlowReference {
  readonly moduleUrl: string;
  readonly name: string;
  readonly params: unknown;
  readonly fingerprint: string;
  /** True if workers tell of tuples with the context of a sampled trace. */
  readonly isTraced?: boolean;
}

/** An actor and how it begins. */
export interface Order {
  readonly descriptor: ActorDescriptor;
  readonly resumption: Resumption;
}

/** What all actors of a job are run with. */
export interface WorkerSettings {
  readonly lingerMs: number;
  /** Milliseconds between backups; undefined for none. */
  readonly backupEveryMs: number | undefined;
  /** How long a source that is opened again may take. */
  readonly startTimeoutMs: number;
}

/** Which replica of which stage. */
export interface ActorName {
  readonly stage: number;
  readonly replica: number;
}

/** Orders to a worker. Each resolves when it is carried out. */
export interface WorkerControl {
  /** Imports the flow's module and builds its graph. Resolves with the thread's id. */
  load(flow: FlowReference): Promise<number>;
  /** Runs actors over scratch memory, without tuples: a warm worker takes over faster. */
  warmUp(descriptors: readonly ActorDescriptor[]): Promise<void>;
  /** Makes actors of a new job from their shared memory and opens their sources. May be called again for others. */
  deploy(orders: readonly Order[], settings: WorkerSettings): Promise<void>;
  /** Opens the sinks of the actors that are deployed, and begins to step them. */
  start(): Promise<void>;
  /** Resumes actors from their last commits, and steps them at once; sources open in the background. */
  adopt(orders: readonly Order[], settings: WorkerSettings): Promise<void>;
  /** Lets go of actors, so that they can be resumed. */
  release(actors: readonly ActorName[]): Promise<void>;
  /** Reads committed state between transactions; undefined if the actor is not here (any more). */
  readState(actor: ActorName, request: StateRequest): Promise<{ readonly found: unknown } | undefined>;
  /** Answers {@link WorkerReports.backup}. */
  backupDone(actor: ActorName, sequence: number, isStored: boolean): Promise<void>;
  /** A CPU profile of the worker's thread, of so many milliseconds from now on. */
  profile(ms: number): Promise<CpuProfile>;
  /** Ends the sources; everything they have emitted is still processed. */
  stopSources(): Promise<void>;
  /** Ends the host: the worker's task resolves. */
  shutdown(): Promise<void>;
}

export const ORDERS: readonly (keyof WorkerControl)[] = [
  'load',
  'warmUp',
  'deploy',
  'start',
  'adopt',
  'release',
  'readState',
  'backupDone',
  'profile',
  'stopSources',
  'shutdown',
];

/** What a worker tells of an actor that cannot go on. */
export interface FailureReport extends ActorName {
  readonly error: ErrorRecord;
  readonly policy: FailurePolicy;
  /** Of the offending tuple. */
  readonly position: string | undefined;
}

/** Reports of a worker. */
export interface WorkerReports {
  ended(actor: ActorName): void;
  failed(report: FailureReport): void;
  /** An actor that was resumed has committed, at this time in milliseconds since the epoch. */
  recovered(actor: ActorName, committedAtMs: number): void;
  /** A backup for the store. */
  backup(actor: ActorName, backup: Backup): void;
  /** What takes long, for the person who runs the app. */
  takesLong(text: string): void;
  /** What it did with tuples of sampled traces. */
  traced(report: TraceReport): void;
}

export const REPORTS: readonly (keyof WorkerReports)[] = [
  'ended',
  'failed',
  'recovered',
  'backup',
  'takesLong',
  'traced',
];

/** What a pool task carries to the worker. */
export interface HostTask {
  readonly host: number;
  readonly wakeWords: SharedArrayBuffer;
  readonly stepWords: SharedArrayBuffer;
  readonly control: MessagePort;
  readonly reports: MessagePort;
}
