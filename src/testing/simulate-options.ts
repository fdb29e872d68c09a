// Options of simulate(): defaults and checks in one place. What is not given is drawn from the seed.

import { checkOptions } from '../options/check.ts';
import { closure, integer, number, toggle, value } from '../options/kinds.ts';
import { adapted, type Given } from '../options/option.ts';
import type { Job } from '../supervisor/job/job-api.ts';
import { checkRunOptions, RUN_OPTIONS, type RunOptions } from '../supervisor/job/run-options.ts';
import { Random } from './random.ts';
import type { ChangeOptions } from './simulation/change-plan.ts';
import type { CrashOptions } from './simulation/crash-plan.ts';

const SEED_MAX = 2 ** 32 - 1;
const RATE_MAX = 0.5;
const DRAWN = 'drawn from the seed';

type App = (job: Job, sleep: (ms: number) => Promise<void>) => Promise<void>;
type Inputs = Readonly<Record<string, Iterable<unknown>>>;

export const SIMULATE_OPTIONS = {
  /** The same seed gives the same run: an integer from 0 to 4294967295. */
  seed: integer({ help: 'the same seed gives the same run', from: 0, to: SEED_MAX, isRequired: true }),
  /**
   * What the flow's build function gets as its second argument, on every thread: cloneable, since every worker gets a
   * copy: no functions or symbols.
   */
  params: RUN_OPTIONS.params,
  /**
   * What is pushed into the flow's `push` sources, by their names; one that is left out ends at once: an object of
   * iterables, by the names of push sources.
   */
  inputs: value(
    'an object of iterables, by the names of push sources',
    (given): given is Inputs => typeof given === 'object' && given !== null,
    { help: "what is pushed into the flow's `push` sources, by their names; one that is left out ends at once" },
  ),
  /**
   * `async (job, sleep) => …`: what the app does meanwhile, in its own thread; `sleep(ms)` passes virtual time, and the
   * run ends when the app has ended, too: a function.
   */
  app: closure<App>({
    help: '`async (job, sleep) => …`: what the app does meanwhile, in its own thread; `sleep(ms)` passes virtual time, and the run ends when the app has ended, too',
  }),
  /**
   * Chance that a turn of a worker's thread ends in a crash: a number from 0 to 0.5. Default: drawn from the seed: up
   * to 0.1.
   */
  crashes: number({
    help: "chance that a turn of a worker's thread ends in a crash",
    from: 0,
    to: RATE_MAX,
    defaultText: `${DRAWN}: up to 0.1`,
  }),
  /** Most crashes of the run: an integer from 0 on. Default: 20. */
  crashesMax: integer({ help: 'most crashes of the run', from: 0, default: 20 }),
  /**
   * `true` lets workers die in one tuple again and again, until the job leaves it out as a dead letter
   * (`TUPLE_KILLED_WORKER`): true or false. Default: `false`.
   */
  killers: toggle({
    help: '`true` lets workers die in one tuple again and again, until the job leaves it out as a dead letter (`TUPLE_KILLED_WORKER`)',
    default: false,
  }),
  /**
   * Chance that a turn of a worker's thread is followed by a change: an operator gets other replicas within its range,
   * its key groups are spread anew, or an actor moves to another worker: a number from 0 to 0.5. Default: for flows
   * with elastic operators drawn from the seed: up to 0.1.
   */
  changes: number({
    help: "chance that a turn of a worker's thread is followed by a change: an operator gets other replicas within its range, its key groups are spread anew, or an actor moves to another worker",
    from: 0,
    to: RATE_MAX,
    defaultText: `for flows with elastic operators ${DRAWN}: up to 0.1`,
  }),
  /** Most changes of the run: an integer from 0 on. Default: 20. */
  changesMax: integer({ help: 'most changes of the run', from: 0, default: 20 }),
  /**
   * `true` for crashes at any store into shared memory, and not only between turns, which is some times as fast: true
   * or false. Default: `true`.
   */
  anywhere: toggle({
    help: '`true` for crashes at any store into shared memory, and not only between turns, which is some times as fast',
    default: true,
  }),
  /** Turns of all threads after which the run is given up: an integer from 1 on. Default: 200,000. */
  stepsMax: integer({ help: 'turns of all threads after which the run is given up', from: 1, default: 200_000 }),
  /** Virtual time after which the run is given up: milliseconds from 1 on. Default: 3,600,000. */
  virtualMsMax: number({
    help: 'virtual time after which the run is given up',
    unit: 'milliseconds',
    from: 1,
    default: 3_600_000,
  }),
  /** Worker threads: an integer from 1 to 1024. Default: drawn from the seed. */
  workers: adapted(RUN_OPTIONS.workers, { defaultText: DRAWN, flag: undefined }),
  /**
   * Worker threads at most, when operators get more replicas: an integer from 1 to 1024. Default: drawn from the seed.
   * See docs/scaling.md.
   */
  maxWorkers: adapted(RUN_OPTIONS.maxWorkers, { defaultText: DRAWN, flag: undefined }),
  /**
   * Warm workers that wait to take over from one that dies; with 0 a crash waits for a thread to start: an integer from
   * 0 to 1024. Default: drawn from the seed. See docs/recovery.md.
   */
  spares: adapted(RUN_OPTIONS.spares, { defaultText: DRAWN, flag: undefined }),
  /**
   * Capacity of each ring, rounded up to a power of two: bytes, an integer from 4096 to 1073741824. Default: drawn from
   * the seed. See docs/mailboxes.md.
   */
  ringBytes: adapted(RUN_OPTIONS.ringBytes, { defaultText: DRAWN, flag: undefined }),
  /**
   * Most that one batch may emit beyond its ring's room: bytes, an integer from 4096 to 2147418112. Default: 256 MiB.
   * See docs/mailboxes.md.
   */
  outboxBytes: RUN_OPTIONS.outboxBytes,
  /**
   * Most that the state of one operator may take: bytes, an integer from 1048576 to 17179607040. Default: 64 MiB. See
   * docs/state.md.
   */
  stateBytes: adapted(RUN_OPTIONS.stateBytes, { defaultText: '64 MiB' }),
  /**
   * Longest time that a commit waits for more tuples: milliseconds from 0 to 60000. Default: drawn from the seed. See
   * docs/mailboxes.md.
   */
  lingerMs: adapted(RUN_OPTIONS.lingerMs, { defaultText: DRAWN, flag: undefined }),
  /**
   * A worker that makes no progress for so long, while it should, is terminated and replaced: 0 for never, or
   * milliseconds from 50 to 86400000. Default: drawn from the seed. See docs/supervision.md.
   */
  hangTimeoutMs: adapted(RUN_OPTIONS.hangTimeoutMs, { defaultText: DRAWN, flag: undefined }),
  /**
   * A job in which nothing moves for so long, though tuples are there, is told of as stalled: 0 for never, or
   * milliseconds from 50 to 86400000. Default: 0. See docs/supervision.md#stalls.
   */
  stallTimeoutMs: adapted(RUN_OPTIONS.stallTimeoutMs, { defaultText: '0', flag: undefined }),
  /**
   * How long a terminated thread may take to exit before the job fails with `WORKER_STUCK`: milliseconds from 1 to
   * 86400000. Default: 5,000. See docs/supervision.md.
   */
  fenceTimeoutMs: RUN_OPTIONS.fenceTimeoutMs,
  /**
   * How long sources and sinks may take to close at the end, before their threads are terminated: milliseconds from 0
   * to 86400000. Default: 5,000. See docs/supervision.md.
   */
  shutdownTimeoutMs: RUN_OPTIONS.shutdownTimeoutMs,
  /**
   * Backups of keyed state, for the case that its live image is damaged: an object { everyMs }. Default: none. See
   * docs/recovery.md#backups-and-restore.
   */
  backup: RUN_OPTIONS.backup,
  /**
   * The supervisor over the job's operators: an object. Default: `{ strategy: one_for_one, intensity: 1, periodMs:
   * 5,000 }`. See docs/supervision.md.
   */
  supervision: RUN_OPTIONS.supervision,
};

/** What {@link simulate} takes besides a flow. */
export interface SimulateOptions<Params = unknown> extends Given<typeof SIMULATE_OPTIONS> {
  seed: number;
  params?: Params;
}

export interface CheckedSimulation {
  readonly seed: number;
  readonly run: RunOptions;
  readonly crashes: CrashOptions;
  readonly changes: ChangeOptions;
  /** True if changes are for flows with elastic operators only: nobody has asked for them. */
  readonly isChangeDrawn: boolean;
  readonly anywhere: boolean;
  readonly stepsMax: number;
  readonly virtualMsMax: number;
}

const STATE_BYTES_DEFAULT = 1 << 26;
/**
 * Fills in what is not given.
 * @throws MillraceError BAD_OPTION for an unknown option or a bad value
 */
export function checkSimulateOptions(options: SimulateOptions): CheckedSimulation {
  const checked = checkOptions('simulate()', SIMULATE_OPTIONS, options);
  const { seed, crashesMax, changesMax, killers, anywhere, stepsMax, virtualMsMax } = checked;
  // One draw for each, whether it is given or not: giving one leaves the others as they are.
  const random = new Random(~seed);
  const drawn = {
    workers: 1 + random.below(3),
    spares: random.below(3),
    ringBytes: random.pick([1 << 13, 1 << 14, 1 << 16, 1 << 21]),
    lingerMs: random.pick([0, 0, 0, 2, 50]),
    hangTimeoutMs: random.pick([100, 1000, 10_000]),
    crashes: random.pick([0, 0.02, 0.05, 0.1]),
    workersBeyond: random.below(3),
    changes: random.pick([0, 0.01, 0.03, 0.1]),
  };
  const { params, crashes = drawn.crashes, changes = drawn.changes, ...given } = options;
  const workers = given.workers ?? drawn.workers;
  const run: RunOptions = {
    params,
    workers,
    maxWorkers: given.maxWorkers ?? workers + drawn.workersBeyond,
    spares: given.spares ?? drawn.spares,
    ringBytes: given.ringBytes ?? drawn.ringBytes,
    lingerMs: given.lingerMs ?? drawn.lingerMs,
    hangTimeoutMs: given.hangTimeoutMs ?? drawn.hangTimeoutMs,
    // The looks of the detector are tasks of their own: a run without them is the same as before there was one.
    stallTimeoutMs: given.stallTimeoutMs ?? 0,
    notices: false,
    outboxBytes: given.outboxBytes,
    stateBytes: given.stateBytes ?? STATE_BYTES_DEFAULT,
    fenceTimeoutMs: given.fenceTimeoutMs,
    shutdownTimeoutMs: given.shutdownTimeoutMs,
    backup: given.backup,
    supervision: { intensity: 1_000_000, ...given.supervision },
  };
  checkRunOptions(run, 'simulate()');
  const hang = run.hangTimeoutMs === 0 ? 0 : 3;
  const kinds = { exit: 8, throw: 4, zombie: 4, kill: 4, hang };
  return {
    seed,
    run,
    crashes: { rate: crashes, most: crashesMax, killers, kinds },
    changes: { rate: changes, most: changesMax },
    isChangeDrawn: options.changes === undefined,
    anywhere,
    stepsMax,
    virtualMsMax,
  };
}
