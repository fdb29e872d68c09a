// Options of testOperator(): defaults and checks in one place.

import { errors } from '../errors.ts';
import { type CheckedOptions, checkRunOptions } from '../supervisor/job/run-options.ts';

/** What {@link testOperator} takes besides a flow and the name of an operator. */
export interface TestOptions<Params = unknown> {
  /** What the flow's build function gets, as in `run()`: structured-cloned for each build. */
  params?: Params;
  /** True to roll every batch back once and run it again. Default true. */
  rollback?: boolean;
  /** True to take a snapshot after every tuple, and to go on from it in fresh memory with fresh closures. Default true. */
  restore?: boolean;
  /** True to leave out the operators that a job fuses behind the named one. Default false. */
  alone?: boolean;
  /** False to leave a sink closed: what would be written is only noted. Default true. */
  openSink?: boolean;
  /** Of a source with several partitions, the one that is read. Default 0. */
  partition?: number;
  /** Milliseconds of the test's clock that tuples wait for their commit. Default 0. */
  lingerMs?: number;
  /** Sizes of shared memory, as in `run()`; `stateBytes` is 64 MiB by default. */
  ringBytes?: number;
  outboxBytes?: number;
  stateBytes?: number;
}

export interface CheckedTestOptions
  extends Pick<CheckedOptions, 'lingerMs' | 'ringBytes' | 'outboxBytes' | 'stateBytes'> {
  readonly rollback: boolean;
  readonly restore: boolean;
  readonly alone: boolean;
  readonly openSink: boolean;
  readonly partition: number;
}

/** Memory is allocated anew for every tuple: address space for the state of a test, not of a job. */
const STATE_BYTES_DEFAULT = 1 << 26;

const FLAGS = { rollback: true, restore: true, alone: false, openSink: true } as const;
const NAMES = [...Object.keys(FLAGS), 'params', 'partition', 'lingerMs', 'ringBytes', 'outboxBytes', 'stateBytes'];

/**
 * Fills in defaults.
 * @throws MillraceError BAD_OPTION for an unknown option, a bad value, or params that cannot be cloned
 */
export function checkTestOptions(options: TestOptions): CheckedTestOptions {
  if (typeof options !== 'object' || options === null) throw errors.badOption('options', options, 'an object');
  for (const name of Object.keys(options)) {
    if (!NAMES.includes(name)) throw errors.unknownOption('testOperator()', name, NAMES);
  }
  const { params, partition = 0, lingerMs, ringBytes, outboxBytes, stateBytes = STATE_BYTES_DEFAULT } = options;
  const flags = { ...FLAGS } as Record<keyof typeof FLAGS, boolean>;
  for (const name of Object.keys(FLAGS) as (keyof typeof FLAGS)[]) {
    const value: unknown = options[name] ?? FLAGS[name];
    if (typeof value !== 'boolean') throw errors.badOption(name, value, 'true or false');
    flags[name] = value;
  }
  if (!Number.isInteger(partition) || partition < 0)
    throw errors.badOption('partition', partition, 'an integer from 0 on');
  const run = checkRunOptions({ params, lingerMs, ringBytes, outboxBytes, stateBytes });
  return {
    ...flags,
    partition,
    lingerMs: run.lingerMs,
    ringBytes: run.ringBytes,
    outboxBytes: run.outboxBytes,
    stateBytes: run.stateBytes,
  };
}
