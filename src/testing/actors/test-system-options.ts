// Options of testSystem() and testActor(): one table each.

import { integer, number, toggle } from '../../options/kinds.ts';
import { adapted, type Given } from '../../options/option.ts';
import { SYSTEM_OPTIONS } from '../../system/system-options.ts';
import { TEST_OPTIONS } from '../test-options.ts';

export const TEST_SYSTEM_OPTIONS = {
  /**
   * Spreads the actors over three replicas, and draws whose turn it is: mail of several senders comes in another order
   * for each seed, and in the same one for the same seed: an integer from 0 on. Default: one replica, and the order of
   * sending.
   */
  seed: integer({
    help: 'spreads the actors over three replicas, and draws whose turn it is: mail of several senders comes in another order for each seed, and in the same one for the same seed',
    from: 0,
    defaultText: 'one replica, and the order of sending',
  }),
  /** What the clock of the test shows at first: milliseconds from 0 on. Default: 0. */
  startMs: number({ help: 'what the clock of the test shows at first', unit: 'milliseconds', from: 0, default: 0 }),
  /**
   * `true` has all actors adopted by a new thread after each message, from their rows and with modules that are
   * imported anew: true or false. Default: `false`.
   */
  restartAfterEachMessage: toggle({
    help: '`true` has all actors adopted by a new thread after each message, from their rows and with modules that are imported anew',
    default: false,
  }),
  /** `true` has each message handled, rolled back and handled again, and compares: true or false. Default: `false`. */
  rollback: toggle({
    help: '`true` has each message handled, rolled back and handled again, and compares',
    default: false,
  }),
  /**
   * How long, in real time, what a handler awaits from outside is waited for before the test goes on: milliseconds from
   * 0 to 86400000. Default: 1,000.
   */
  outsideMs: number({
    help: 'how long, in real time, what a handler awaits from outside is waited for before the test goes on',
    unit: 'milliseconds',
    from: 0,
    to: 86_400_000,
    default: 1000,
  }),
  /**
   * Steps after which a test that does not come to rest is given up with `NOT_SETTLED`: an integer from 1 on. Default:
   * 1,000,000.
   */
  stepsMax: integer({
    help: 'steps after which a test that does not come to rest is given up with `NOT_SETTLED`',
    from: 1,
    default: 1_000_000,
  }),
  /**
   * How actors without a parent are supervised; each counts its own failures: an object. Default: `{ strategy:
   * one_for_one, directive: restart, intensity: 3, periodMs: 5,000, backoffMs: 0 }`. See docs/actors.md#supervision.
   */
  supervision: SYSTEM_OPTIONS.supervision,
  /**
   * How long an async handler may take before it counts as failed: 0 for never, or milliseconds from 1 to 86400000.
   * Default: 30,000. See docs/actors.md#handlers-that-await.
   */
  handlerTimeoutMs: SYSTEM_OPTIONS.handlerTimeoutMs,
  /**
   * Capacity of each ring, rounded up to a power of two: bytes, an integer from 4096 to 1073741824. Default: 2 MiB. See
   * docs/mailboxes.md.
   */
  ringBytes: TEST_OPTIONS.ringBytes,
  /**
   * Most mail that waits for room in a ring, of each worker: bytes, an integer from 1048576 to 2147418112. Default: 256
   * MiB. See docs/actors.md#where-it-stops.
   */
  outboxBytes: adapted(SYSTEM_OPTIONS.outboxBytes, { flag: undefined }),
  /**
   * Most that the state of one operator may take: bytes, an integer from 1048576 to 17179607040. Default: 64 MiB. See
   * docs/state.md.
   */
  stateBytes: TEST_OPTIONS.stateBytes,
};

/** Options of `testSystem()`. */
export interface TestSystemOptions extends Given<typeof TEST_SYSTEM_OPTIONS> {}

/** Options of `testActor()`. */
export interface TestActorOptions<Args = never> extends TestSystemOptions {
  /** What its `start` gets: fields as its definition declares them. */
  readonly args?: Args;
  /** By which it is found. */
  readonly name?: string;
  /** Makes it the virtual actor with this key. */
  readonly key?: string;
  /** When it begins again, as of `spawn()`. */
  readonly restart?: 'transient' | 'permanent' | 'temporary';
}
