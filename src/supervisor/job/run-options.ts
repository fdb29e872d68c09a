// Options of run(): one table.
// Promises: what comes out of checkRunOptions() is complete and in range, or a typed error has been thrown.

import { availableParallelism } from 'node:os';
import type { ResourceLimits } from 'node:worker_threads';
import { errors } from '../../errors.ts';
import { SYSTEM, type SystemHandle } from '../../flow/bridge.ts';
import { supervisionOption } from '../../flow/failure-policy.ts';
import { OUTBOX_BYTES_MAX } from '../../mailbox/output.ts';
import { RING_BYTES_MAX, RING_BYTES_MIN } from '../../mailbox/ring.ts';
import { checkOptions } from '../../options/check.ts';
import { integer, number, toggle, value } from '../../options/kinds.ts';
import { type Checked, type Given, type OptionPlace, ownEntry } from '../../options/option.ts';
import { STATE_BYTES_DEFAULT, STATE_BYTES_MAX, STATE_BYTES_MIN } from '../../state/memory/arena.ts';
import { METRICS_OPTION, UI_OPTION } from '../dashboard/page-options.ts';
import { SCALING_OPTION } from '../elasticity/scaling/scaling-options.ts';
import { BACKUP_OPTION } from '../recovery/backups.ts';
import { isJobLogger } from './events/event-log.ts';
import type { NoticeOption } from './notices/notices.ts';

const WORKERS_MAX = 1024;
const LINGER_MS_MAX = 60_000;
/** A shorter limit would blame a garbage collection, or take a pause of the app for a standstill. */
const WATCH_MS_MIN = 50;
const TIMEOUT_MS_MAX = 86_400_000;

const isLimits = (given: unknown): given is ResourceLimits => typeof given === 'object' && given !== null;

const isArguments = (given: unknown): given is readonly string[] =>
  Array.isArray(given) && given.every((each) => typeof each === 'string');

const isNotices = (given: unknown): given is NoticeOption => typeof given === 'boolean' || typeof given === 'function';

const isSystem = (given: unknown): given is SystemHandle =>
  typeof given === 'object' && given !== null && SYSTEM in given;

const isSignal = (given: unknown): given is AbortSignal =>
  typeof (given as Partial<AbortSignal> | null)?.addEventListener === 'function';

const CLONEABLE = 'cloneable, since every worker gets a copy: no functions or symbols';

function readParams(given: unknown, { where, name }: OptionPlace): unknown {
  try {
    structuredClone(given);
  } catch {
    throw errors.badOption(name, given, CLONEABLE, where);
  }
  return given;
}

/** What the flow's build function gets. */
const PARAMS_OPTION = ownEntry<unknown, unknown>({
  help: "what the flow's build function gets as its second argument, on every thread",
  rule: CLONEABLE,
  read: readParams,
  absent: () => undefined,
});

export const RUN_OPTIONS = {
  /**
   * What the flow's build function gets as its second argument, on every thread: cloneable, since every worker gets a
   * copy: no functions or symbols.
   */
  params: PARAMS_OPTION,
  /** Worker threads: an integer from 1 to 1024. Default: as many as the machine runs at once. */
  workers: integer({
    help: 'worker threads',
    from: 1,
    to: WORKERS_MAX,
    defaultText: 'as many as the machine runs at once',
    flag: 'workers N',
    isMain: true,
  }),
  /**
   * Worker threads at most, when operators get more replicas: an integer from 1 to 1024. Default: as `workers`. See
   * docs/scaling.md.
   */
  maxWorkers: integer({
    help: 'worker threads at most, when operators get more replicas',
    from: 1,
    to: WORKERS_MAX,
    defaultText: 'as `workers`',
    flag: 'max-workers N',
    page: 'scaling.md',
  }),
  /**
   * Capacity of each ring, rounded up to a power of two: bytes, an integer from 4096 to 1073741824. Default: 2 MiB. See
   * docs/mailboxes.md.
   */
  ringBytes: integer({
    help: 'capacity of each ring, rounded up to a power of two',
    unit: 'bytes, an integer',
    from: RING_BYTES_MIN,
    to: RING_BYTES_MAX,
    default: 1 << 21,
    flag: 'ring-bytes N',
    page: 'mailboxes.md',
  }),
  /**
   * Most that one batch may emit beyond its ring's room: bytes, an integer from 4096 to 2147418112. Default: 256 MiB.
   * See docs/mailboxes.md.
   */
  outboxBytes: integer({
    help: "most that one batch may emit beyond its ring's room",
    unit: 'bytes, an integer',
    from: 1 << 12,
    to: OUTBOX_BYTES_MAX,
    default: 1 << 28,
    page: 'mailboxes.md',
  }),
  /**
   * Most that the state of one operator may take: bytes, an integer from 1048576 to 17179607040. Default: almost 4 GiB,
   * of address space. See docs/state.md.
   */
  stateBytes: integer({
    help: 'most that the state of one operator may take',
    unit: 'bytes, an integer',
    from: STATE_BYTES_MIN,
    to: STATE_BYTES_MAX,
    default: STATE_BYTES_DEFAULT,
    defaultText: 'almost 4 GiB, of address space',
    page: 'state.md',
  }),
  /**
   * Longest time that a commit waits for more tuples: milliseconds from 0 to 60000. Default: 0. See docs/mailboxes.md.
   */
  lingerMs: number({
    help: 'longest time that a commit waits for more tuples',
    unit: 'milliseconds',
    from: 0,
    to: LINGER_MS_MAX,
    default: 0,
    flag: 'linger-ms N',
    page: 'mailboxes.md',
  }),
  /**
   * Warm workers that wait to take over from one that dies; with 0 a crash waits for a thread to start: an integer from
   * 0 to 1024. Default: 1. See docs/recovery.md.
   */
  spares: integer({
    help: 'warm workers that wait to take over from one that dies; with 0 a crash waits for a thread to start',
    from: 0,
    to: WORKERS_MAX,
    default: 1,
    flag: 'spares N',
    page: 'recovery.md',
  }),
  /**
   * A worker that makes no progress for so long, while it should, is terminated and replaced: 0 for never, or
   * milliseconds from 50 to 86400000. Default: 10,000. See docs/supervision.md.
   */
  hangTimeoutMs: number({
    help: 'a worker that makes no progress for so long, while it should, is terminated and replaced',
    unit: 'milliseconds',
    zero: 'never',
    from: WATCH_MS_MIN,
    to: TIMEOUT_MS_MAX,
    default: 10_000,
    flag: 'hang-timeout-ms N',
    page: 'supervision.md',
  }),
  /**
   * A job in which nothing moves for so long, though tuples are there, is told of as stalled: 0 for never, or
   * milliseconds from 50 to 86400000. Default: 3,000. See docs/supervision.md#stalls.
   */
  stallTimeoutMs: number({
    help: 'a job in which nothing moves for so long, though tuples are there, is told of as stalled',
    unit: 'milliseconds',
    zero: 'never',
    from: WATCH_MS_MIN,
    to: TIMEOUT_MS_MAX,
    default: 3000,
    flag: 'stall-timeout-ms N',
    page: 'supervision.md#stalls',
  }),
  /**
   * How long a terminated thread may take to exit before the job fails with `WORKER_STUCK`: milliseconds from 1 to
   * 86400000. Default: 5,000. See docs/supervision.md.
   */
  fenceTimeoutMs: number({
    help: 'how long a terminated thread may take to exit before the job fails with `WORKER_STUCK`',
    unit: 'milliseconds',
    from: 1,
    to: TIMEOUT_MS_MAX,
    default: 5000,
    flag: 'fence-timeout-ms N',
    page: 'supervision.md',
  }),
  /**
   * How long the import of the flow's module on a worker may take, and the `open()` of a source or a sink, before
   * `run()` rejects with `START_TIMEOUT`: milliseconds from 1 to 86400000. Default: 60,000. See docs/supervision.md.
   */
  startTimeoutMs: number({
    help: "how long the import of the flow's module on a worker may take, and the `open()` of a source or a sink, before `run()` rejects with `START_TIMEOUT`",
    unit: 'milliseconds',
    from: 1,
    to: TIMEOUT_MS_MAX,
    default: 60_000,
    page: 'supervision.md',
  }),
  /**
   * How long sources and sinks may take to close at the end, before their threads are terminated: milliseconds from 0
   * to 86400000. Default: 5,000. See docs/supervision.md.
   */
  shutdownTimeoutMs: number({
    help: 'how long sources and sinks may take to close at the end, before their threads are terminated',
    unit: 'milliseconds',
    from: 0,
    to: TIMEOUT_MS_MAX,
    default: 5000,
    flag: 'shutdown-timeout-ms N',
    page: 'supervision.md',
  }),
  /**
   * What is told to people where the app listens to nothing: on standard error, not at all, or to a function: true,
   * false, or a function (notice) => void. Default: `true`. See docs/supervision.md#what-people-are-told.
   */
  notices: value('true, false, or a function (notice) => void', isNotices, {
    help: 'what is told to people where the app listens to nothing: on standard error, not at all, or to a function',
    default: true,
    page: 'supervision.md#what-people-are-told',
  }),
  /**
   * A logger of the app's, which is told of the job's events, and of notices: an object with debug, info, warn and
   * error, as console and pino have, or a function (line) => void. Default: none. See docs/readings.md#a-logger.
   */
  logger: value(
    'an object with debug, info, warn and error, as console and pino have, or a function (line) => void',
    isJobLogger,
    {
      help: "a logger of the app's, which is told of the job's events, and of notices",
      defaultText: 'none',
      page: 'readings.md#a-logger',
    },
  ),
  /**
   * Memory limits of each worker's thread, as of `new Worker()`; best effort: Buffers and shared memory do not count:
   * an object, as of new Worker() in node:worker_threads. Default: none.
   */
  resourceLimits: value('an object, as of new Worker() in node:worker_threads', isLimits, {
    help: "memory limits of each worker's thread, as of `new Worker()`; best effort: Buffers and shared memory do not count",
    defaultText: 'none',
  }),
  /**
   * Command-line options of Node.js for worker threads, in place of the process's own: preloads, loaders, conditions:
   * an array of Node.js's options, such as ['--import', 'tsx']. Default: those of the process. See
   * docs/dataflow.md#what-workers-load.
   */
  execArgv: value("an array of Node.js's options, such as ['--import', 'tsx']", isArguments, {
    help: "command-line options of Node.js for worker threads, in place of the process's own: preloads, loaders, conditions",
    defaultText: 'those of the process',
    page: 'dataflow.md#what-workers-load',
  }),
  /**
   * The supervisor over the job's operators: an object. Default: `{ strategy: one_for_one, intensity: 1, periodMs:
   * 5,000 }`. See docs/supervision.md.
   */
  supervision: supervisionOption({
    help: "the supervisor over the job's operators",
    page: 'supervision.md',
  }),
  /**
   * Backups of keyed state, for the case that its live image is damaged: an object { everyMs }. Default: none. See
   * docs/recovery.md#backups-and-restore.
   */
  backup: BACKUP_OPTION,
  /**
   * Who decides about the replicas of elastic operators: an object such as { policy: 'rate' }. Default: nobody but the
   * app. See docs/scaling.md.
   */
  scaling: SCALING_OPTION,
  /**
   * The actors that the flow tells, asks, or is told by: what actorSystem() gave. See docs/actors.md#flows-and-actors.
   */
  system: value('what actorSystem() gave', isSystem, {
    help: 'the actors that the flow tells, asks, or is told by',
    page: 'actors.md#flows-and-actors',
  }),
  /** A page that shows the job: an object { port, host, token, state }. Default: none. See docs/dashboard.md. */
  ui: UI_OPTION,
  /** An endpoint for Prometheus: an object { port, host, token }. Default: none. See docs/metrics.md. */
  metrics: METRICS_OPTION,
  /**
   * `millrace top` and `millrace inspect` may attach to the process, as its own user: true or false. Default: `false`;
   * true where the environment has `MILLRACE_INSPECT=1`, and under `millrace run`. See
   * docs/command-line.md#attach-to-a-running-process.
   */
  inspect: toggle({
    help: '`millrace top` and `millrace inspect` may attach to the process, as its own user',
    defaultText: '`false`; true where the environment has `MILLRACE_INSPECT=1`, and under `millrace run`',
    page: 'command-line.md#attach-to-a-running-process',
  }),
  /** Cancels the job when it is aborted: an AbortSignal. */
  signal: value('an AbortSignal', isSignal, { help: 'cancels the job when it is aborted' }),
};

/** Options of `flow.run()`. */
export interface RunOptions<Params = unknown> extends Given<typeof RUN_OPTIONS> {
  params?: Params;
}

export type CheckedOptions = Checked<typeof RUN_OPTIONS> & { readonly workers: number; readonly maxWorkers: number };

/**
 * Fills in defaults.
 * @param where whose options they are, as error texts name it
 * @throws MillraceError BAD_OPTION for an unknown option, a bad value, or params that cannot be cloned
 */
export function checkRunOptions(options: RunOptions, where = 'run()'): CheckedOptions {
  const checked = checkOptions(where, RUN_OPTIONS, options);
  const { workers = availableParallelism(), maxWorkers = workers } = checked;
  if (maxWorkers < workers)
    throw errors.badOption('maxWorkers', maxWorkers, `at least 'workers', which is ${workers}`, where);
  return { ...checked, workers, maxWorkers };
}
