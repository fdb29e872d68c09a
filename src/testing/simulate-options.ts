// Options of simulate(): defaults and checks in one place. What is not given is drawn from the seed.

import { errors } from '../errors.ts';
import type { Job, RunOptions } from '../supervisor/job/job-api.ts';
import { checkRunOptions } from '../supervisor/job/run-options.ts';
import { Random } from './random.ts';
import type { ChangeOptions } from './simulation/change-plan.ts';
import type { CrashOptions } from './simulation/crash-plan.ts';

type SimulatedRunOptions =
  | 'workers'
  | 'maxWorkers'
  | 'spares'
  | 'ringBytes'
  | 'outboxBytes'
  | 'stateBytes'
  | 'lingerMs'
  | 'hangTimeoutMs'
  | 'stallTimeoutMs'
  | 'fenceTimeoutMs'
  | 'shutdownTimeoutMs'
  | 'backup'
  | 'supervision';

/** What {@link simulate} takes besides a flow. Options of `run()` that are left out are drawn from the seed, where it says so. */
export interface SimulateOptions<Params = unknown> extends Pick<RunOptions, SimulatedRunOptions> {
  /** An integer from 0 on: the same seed gives the same run. */
  seed: number;
  /** What the flow's build function gets, as in `run()`. */
  params?: Params;
  /** What is pushed into the flow's `push` sources, by their names. One that is left out ends at once. */
  inputs?: Readonly<Record<string, Iterable<unknown>>>;
  /**
   * What the app does meanwhile, in its own thread: reads state, stops the job. It may await the job and `sleep`, which passes
   * virtual time; the run ends when it has ended, too.
   */
  app?: (job: Job, sleep: (ms: number) => Promise<void>) => Promise<void>;
  /** Chance that a turn of a worker's thread ends in a crash, from 0 to 0.5. By default drawn from the seed: up to 0.1. */
  crashes?: number;
  /** Most crashes of the run. Default 20. */
  crashesMax?: number;
  /**
   * True to let workers die in one tuple again and again, until the job leaves it out as a dead letter (`TUPLE_KILLED_WORKER`).
   * Default false.
   */
  killers?: boolean;
  /**
   * Chance that a turn of a worker's thread is followed by a change, from 0 to 0.5: an operator gets other replicas within its
   * range, its key groups are spread anew, or an actor moves to another worker. By default drawn from the seed for flows with
   * elastic operators: up to 0.1.
   */
  changes?: number;
  /** Most changes of the run. Default 20. */
  changesMax?: number;
  /** True for crashes at any store into shared memory, and not only between turns. Default true; false is some times as fast. */
  anywhere?: boolean;
  /** Turns of all threads after which the run is given up. Default 200,000. */
  stepsMax?: number;
  /** Virtual time after which the run is given up. Default an hour. */
  virtualMsMax?: number;
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
const SEED_MAX = 2 ** 32 - 1;
const CRASH_RATE_MAX = 0.5;
const CHANGE_RATE_MAX = 0.5;
const NAMES = [
  'seed',
  'params',
  'inputs',
  'app',
  'crashes',
  'crashesMax',
  'killers',
  'changes',
  'changesMax',
  'anywhere',
  'stepsMax',
  'virtualMsMax',
  'workers',
  'maxWorkers',
  'spares',
  'ringBytes',
  'outboxBytes',
  'stateBytes',
  'lingerMs',
  'hangTimeoutMs',
  'stallTimeoutMs',
  'fenceTimeoutMs',
  'shutdownTimeoutMs',
  'backup',
  'supervision',
];

function check(name: string, value: unknown, from: number, to: number, isInteger: boolean): void {
  const isValid = typeof value === 'number' && value >= from && value <= to && (!isInteger || Number.isInteger(value));
  if (!isValid) throw errors.badOption(name, value, `${isInteger ? 'an integer' : 'a number'} from ${from} to ${to}`);
}

/**
 * Fills in what is not given.
 * @throws MillraceError BAD_OPTION for an unknown option or a bad value
 */
export function checkSimulateOptions(options: SimulateOptions): CheckedSimulation {
  if (typeof options !== 'object' || options === null) throw errors.badOption('options', options, 'an object { seed }');
  for (const name of Object.keys(options)) {
    if (!NAMES.includes(name)) throw errors.unknownOption('simulate()', name, NAMES);
  }
  const {
    seed,
    inputs,
    crashesMax = 20,
    changesMax = 20,
    killers = false,
    anywhere = true,
    stepsMax = 200_000,
    virtualMsMax = 3_600_000,
  } = options;
  check('seed', seed, 0, SEED_MAX, true);
  check('crashesMax', crashesMax, 0, Number.MAX_SAFE_INTEGER, true);
  check('changesMax', changesMax, 0, Number.MAX_SAFE_INTEGER, true);
  check('stepsMax', stepsMax, 1, Number.MAX_SAFE_INTEGER, true);
  check('virtualMsMax', virtualMsMax, 1, Number.MAX_SAFE_INTEGER, false);
  if (typeof killers !== 'boolean') throw errors.badOption('killers', killers, 'true or false');
  if (typeof anywhere !== 'boolean') throw errors.badOption('anywhere', anywhere, 'true or false');
  if (options.app !== undefined && typeof options.app !== 'function')
    throw errors.badOption('app', options.app, 'a function');
  if (inputs !== undefined && (typeof inputs !== 'object' || inputs === null))
    throw errors.badOption('inputs', inputs, 'an object of iterables, by the names of push sources');
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
  check('crashes', crashes, 0, CRASH_RATE_MAX, false);
  check('changes', changes, 0, CHANGE_RATE_MAX, false);
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
  checkRunOptions(run);
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
