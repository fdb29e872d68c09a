// Options of testOperator(): one table.

import { checkOptions } from '../options/check.ts';
import { integer, toggle } from '../options/kinds.ts';
import { adapted, type Checked, type Given } from '../options/option.ts';
import { RUN_OPTIONS } from '../supervisor/job/run-options.ts';

/** Memory is allocated anew for every tuple: address space for the state of a test, not of a job. */
const STATE_BYTES_DEFAULT = 1 << 26;

export const TEST_OPTIONS = {
  /**
   * What the flow's build function gets as its second argument, on every thread: cloneable, since every worker gets a
   * copy: no functions or symbols.
   */
  params: RUN_OPTIONS.params,
  /** `true` rolls every batch back once and runs it again: true or false. Default: `true`. */
  rollback: toggle({ help: '`true` rolls every batch back once and runs it again', default: true }),
  /**
   * `true` takes a snapshot after every tuple, and goes on from it in fresh memory with fresh closures: true or false.
   * Default: `true`.
   */
  restore: toggle({
    help: '`true` takes a snapshot after every tuple, and goes on from it in fresh memory with fresh closures',
    default: true,
  }),
  /** `true` leaves out the operators that a job fuses behind the named one: true or false. Default: `false`. */
  alone: toggle({ help: '`true` leaves out the operators that a job fuses behind the named one', default: false }),
  /** `false` leaves a sink closed: what would be written is only noted: true or false. Default: `true`. */
  openSink: toggle({ help: '`false` leaves a sink closed: what would be written is only noted', default: true }),
  /** Of a source with several partitions, the one that is read: an integer from 0 on. Default: 0. */
  partition: integer({ help: 'of a source with several partitions, the one that is read', from: 0, default: 0 }),
  /**
   * Time of the test's clock that tuples wait for their commit: milliseconds from 0 to 60000. Default: 0. See
   * docs/mailboxes.md.
   */
  lingerMs: adapted(RUN_OPTIONS.lingerMs, {
    help: "time of the test's clock that tuples wait for their commit",
    flag: undefined,
  }),
  /**
   * Capacity of each ring, rounded up to a power of two: bytes, an integer from 4096 to 1073741824. Default: 2 MiB. See
   * docs/mailboxes.md.
   */
  ringBytes: adapted(RUN_OPTIONS.ringBytes, { flag: undefined }),
  /**
   * Most that one batch may emit beyond its ring's room: bytes, an integer from 4096 to 2147418112. Default: 256 MiB.
   * See docs/mailboxes.md.
   */
  outboxBytes: RUN_OPTIONS.outboxBytes,
  /**
   * Most that the state of one operator may take: bytes, an integer from 1048576 to 17179607040. Default: 64 MiB. See
   * docs/state.md.
   */
  stateBytes: adapted(RUN_OPTIONS.stateBytes, { absent: () => STATE_BYTES_DEFAULT, defaultText: '64 MiB' }),
};

/** What {@link testOperator} takes besides a flow and the name of an operator. */
export interface TestOptions<Params = unknown> extends Given<typeof TEST_OPTIONS> {
  params?: Params;
}

export type CheckedTestOptions = Checked<typeof TEST_OPTIONS>;

/**
 * Fills in defaults.
 * @throws MillraceError BAD_OPTION for an unknown option, a bad value, or params that cannot be cloned
 */
export const checkTestOptions = (options: TestOptions): CheckedTestOptions =>
  checkOptions('testOperator()', TEST_OPTIONS, options);
