// Options of operators that await: `mapAsync`, `flatMapAsync`.

import { integer, number, value } from '../../options/kinds.ts';
import type { Given } from '../../options/option.ts';
import { OPERATOR_OPTIONS } from '../operator-options.ts';

const isOrder = (given: unknown): given is boolean | 'key' => typeof given === 'boolean' || given === 'key';

export const ASYNC_OPTIONS = {
  ...OPERATOR_OPTIONS,
  /**
   * Requests in flight at most in each replica, with the results that wait for their turn: an integer from 1 to 16384.
   * Default: 256. See docs/async.md#capacity.
   */
  capacity: integer({
    help: 'requests in flight at most in each replica, with the results that wait for their turn',
    from: 1,
    to: 16_384,
    default: 256,
    page: 'async.md#capacity',
  }),
  /**
   * `false` lets results leave as they come; `'key'` keeps the order of each key, of which one request is in flight at
   * a time: true, false or 'key'. Default: `true`. See docs/async.md#order.
   */
  ordered: value("true, false or 'key'", isOrder, {
    help: "`false` lets results leave as they come; `'key'` keeps the order of each key, of which one request is in flight at a time",
    default: true,
    page: 'async.md#order',
  }),
  /**
   * How long one attempt may take: milliseconds above 0, at most 2147483647. Default: as long as it likes. See
   * docs/async.md#timeouts-and-retries.
   */
  timeoutMs: number({
    help: 'how long one attempt may take',
    unit: 'milliseconds',
    above: 0,
    to: 2 ** 31 - 1,
    defaultText: 'as long as it likes',
    page: 'async.md#timeouts-and-retries',
  }),
  /**
   * Attempts after the first one, if that fails or takes too long: an integer from 0 to 1000. Default: 0. See
   * docs/async.md#timeouts-and-retries.
   */
  retries: integer({
    help: 'attempts after the first one, if that fails or takes too long',
    from: 0,
    to: 1000,
    default: 0,
    page: 'async.md#timeouts-and-retries',
  }),
  /**
   * The pause before the first retry; each further one is twice as long, up to a minute: milliseconds from 0 to 60000.
   * Default: 100. See docs/async.md#timeouts-and-retries.
   */
  backoffMs: number({
    help: 'the pause before the first retry; each further one is twice as long, up to a minute',
    unit: 'milliseconds',
    from: 0,
    to: 60_000,
    default: 100,
    page: 'async.md#timeouts-and-retries',
  }),
};

/** Options of `mapAsync` and `flatMapAsync`. */
export interface AsyncOptions extends Given<typeof ASYNC_OPTIONS> {}
