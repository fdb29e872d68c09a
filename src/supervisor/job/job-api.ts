// The public face of a running flow: what `flow.run()` returns.

import type { Readable, Writable } from 'node:stream';
import type { ReadableStream, WritableStream } from 'node:stream/web';
import type { AnyInputs } from '../../flow/handles.ts';
import type { CpuProfile } from '../../workers/cpu-profile.ts';
import type { JobUrls } from '../dashboard/pages.ts';
import type { JobReading } from '../readings/job-reading.ts';
import type { JobTopology } from '../readings/job-topology.ts';
import type { SupervisionNode } from '../supervision/tree.ts';
import type { WorkerState } from '../workers/job-worker.ts';
import type { JobEvent, JobEventOf, JobEventType, ListenOptions } from './events/job-event.ts';
import type { ProfileOptions } from './job-profile.ts';

/** Which replica of which operator: that which begins its actor. */
export interface ReplicaName {
  /** Name of the operator that begins the actor. */
  readonly operator: string;
  /** Number of the replica, from 0 on. */
  readonly replica: number;
}

/** The keyed state of one operator, as the app reads it. */
export interface JobState<Row = Record<string, unknown>> {
  /**
   * The committed row of a key (one value for each key field); undefined if there is none. Tables are arrays of rows.
   * @throws MillraceError BAD_KEY
   */
  get(...key: unknown[]): Promise<Row | undefined>;
  /**
   * All rows, in no order. Those of one of 256 key groups are of one commit; different groups may be of different ones.
   */
  entries(): AsyncIterable<{
    /** The fields of the key, by name. */
    readonly key: Record<string, unknown>;
    /** The row. */
    readonly value: Row;
  }>;
}

/** What a change of an operator's replicas came to. */
export interface ScaleResult {
  /** The operator's name. */
  readonly operator: string;
  /** Replicas before it. */
  readonly from: number;
  /** Replicas after it. */
  readonly to: number;
  /** Key groups that have changed owners. */
  readonly groups: number;
  /** Hand-overs in which they have changed owners. */
  readonly handOvers: number;
  /** From the request to the end, in milliseconds. */
  readonly tookMs: number;
}

/** A tuple that an operator failed at, and that was left out. See docs/supervision.md. */
export interface DeadLetter extends ReplicaName {
  /** The key of the tuple, if the actor reads by key. */
  readonly key: unknown;
  /** The tuple as the operator has got it. A text of it, if it is very large. */
  readonly tuple: unknown;
  /** Why it failed. */
  readonly error: Error;
  /** Where it stood in its stream. */
  readonly position: string;
}

/** The dead letters of a job. One iterator reads them; while none does, the latest 1,000 are kept. */
export interface DeadLetters extends AsyncIterable<DeadLetter> {
  /** All so far. */
  readonly count: number;
  /** Those that nobody read before there were too many. */
  readonly dropped: number;
}

/** One worker thread of a job. */
export interface WorkerInfo {
  /** Number of the worker, from 0 on; a worker that takes the place of another has a new one. */
  readonly worker: number;
  /** `threadId` of its `Worker` in node:worker_threads. */
  readonly threadId: number;
  /** What it is for now. */
  readonly state: WorkerState;
  /** What it hosts. */
  readonly actors: readonly ReplicaName[];
}

/**
 * The tuples of one `collect`. One iterator reads them. Stopping early drops the rest, and ends the job as stop() does once all that
 * the job is for was left: see docs/dataflow.md.
 */
export interface JobOutput<Tuple> extends AsyncIterable<Tuple> {
  /** The same tuples in arrays, as many as were there at once: faster than one by one. */
  batches(): AsyncIterable<Tuple[]>;
  /** The same tuples as a Web stream, in place of an iterator: one that is cancelled is left. */
  readonly readable: ReadableStream<Tuple>;
  /**
   * The same tuples as a `Readable` of Node.js in object mode, in place of an iterator: one that is destroyed leaves the output, and a
   * job that fails destroys it with its error.
   */
  readonly nodeReadable: Readable;
}

/** The app's end of a `push` source. */
export interface JobInput<Tuple> {
  /** Adds a tuple. Await what it returns: it waits while there is no room. */
  push(tuple: Tuple): Promise<void> | undefined;
  /** Adds many; resolves when there is room again. */
  pushAll(tuples: Iterable<Tuple> | AsyncIterable<Tuple>): Promise<void>;
  /** Ends the stream. */
  end(): void;
  /**
   * The same as a Web stream, so that `readable.pipeTo(input.writable)` keeps back-pressure: closing it is `end()`, aborting it
   * cancels the job, since what has come is not the whole.
   */
  readonly writable: WritableStream<Tuple>;
  /** The same as a `Writable` of Node.js in object mode: ending it is `end()`, destroying it before that cancels the job. */
  readonly nodeWritable: Writable;
}

/** A running flow. Left at the end of `await using job = …`, it is cancelled unless it has ended. */
export interface Job<Outputs = Record<string, unknown>, Inputs = AnyInputs> extends AsyncDisposable {
  /** The flow's name. */
  readonly name: string;
  /** Resolves when every tuple is processed and all workers are gone; rejects with the error that failed the job. */
  readonly done: Promise<void>;
  /** Where the job is to be seen, by the options `ui` and `metrics`: empty without. */
  readonly urls: JobUrls;
  /** Ends all sources; resolves as `done` when everything that was accepted is processed. */
  stop(): Promise<void>;
  /** Ends the job at once. `done` rejects with JOB_CANCELLED; this resolves when all workers are gone. */
  cancel(reason?: unknown): Promise<void>;
  /**
   * The tuples of `collect(name)`.
   * @throws MillraceError UNKNOWN_NAME; OUTPUT_TAKEN when a second iterator is asked for
   */
  output<Name extends keyof Outputs & string>(name: Name): JobOutput<Outputs[Name]>;
  /**
   * The app's end of a `push` source.
   * @throws MillraceError UNKNOWN_NAME
   */
  input<Name extends keyof Inputs & string>(name: Name): JobInput<Inputs[Name]>;
  /** Counts and times since the job's start. `between(earlier, later)` makes rates and shares of two readings. */
  reading(): JobReading;
  /** Who reads from whom, where it runs, and how full the mailboxes between are. */
  topology(): JobTopology;
  /**
   * Reads the keyed state of an operator, while the job runs and after it.
   * @throws MillraceError UNKNOWN_NAME if there is no such operator, or it has no state
   */
  state<Row = Record<string, unknown>>(operator: string): JobState<Row>;
  /** Tuples that were left out because an operator failed at them. */
  readonly deadLetters: DeadLetters;
  /** The job's supervision tree as it stands: the job, its operators, their replicas. */
  tree(): SupervisionNode;
  /** The job's worker threads, spares and those that were lost included. */
  workers(): readonly WorkerInfo[];
  /**
   * Terminates a worker's thread, as a drill: its actors are taken over. Resolves when the thread is gone.
   * @throws MillraceError UNKNOWN_NAME if there is no such worker
   */
  killWorker(worker: number): Promise<void>;
  /**
   * Gives an operator another number of replicas while it runs, within the bounds of its `parallelism`. Nothing stops for it.
   * Resolves when it is done, also if the operator ends before.
   * @throws MillraceError UNKNOWN_NAME; BAD_OPTION beyond its bounds; NO_SPARE if no worker could be loaded for some replica, after the
   * others have joined
   */
  scale(operator: string, replicas: number): Promise<ScaleResult>;
  /**
   * Spreads the key groups of an operator anew over its replicas, by their measured load.
   * @throws MillraceError UNKNOWN_NAME; BAD_OPTION if it has one replica only
   */
  rebalance(operator: string): Promise<ScaleResult>;
  /**
   * Moves an actor to another worker, which is no spare.
   * @throws MillraceError UNKNOWN_NAME if there is no such operator, replica or worker
   */
  move(operator: string, replica: number, worker: number): Promise<void>;
  /**
   * A CPU profile of the thread that hosts a replica of an operator: for Chrome's and VS Code's tools, as a file `name.cpuprofile`.
   * What else the thread does is in it, too.
   * @throws MillraceError UNKNOWN_NAME if there is no such operator or replica; BAD_OPTION; PROFILE_FAILED if the thread ends meanwhile
   */
  profile(operator: string, options?: ProfileOptions): Promise<CpuProfile>;
  /**
   * Calls `listener` at each event of a type, or of any type (`'*'`). Returns what ends this.
   * @throws MillraceError UNKNOWN_NAME if there is no such type
   */
  on<Type extends JobEventType>(
    type: Type,
    listener: (event: JobEventOf<Type>) => void,
    options?: ListenOptions,
  ): () => void;
  /** The same for every event, whatever its type. */
  on(type: '*', listener: (event: JobEvent) => void, options?: ListenOptions): () => void;
  /**
   * The events as they come, until the job has ended; but not dead letters, which `job.deadLetters` iterates over. Any number of
   * iterators may be open. One that falls behind by more than 1,000 events goes on with the oldest that are kept.
   */
  events(options?: ListenOptions): AsyncIterableIterator<JobEvent>;
}
