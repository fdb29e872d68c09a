// The options `ui` and `metrics` of run(): where a job shows itself, and to whom.
// Promises: an address that other machines reach is refused without a token.

import { isIPv4 } from 'node:net';
import { errors } from '../../errors.ts';
import { checkOptions } from '../../options/check.ts';
import { integer, toggle, value } from '../../options/kinds.ts';
import { type Checked, type Given, type OptionTable, ownEntry } from '../../options/option.ts';

const PORT_MAX = 65_535;
const UI_PORT = 7575;
const METRICS_PORT = 9464;
const TOKEN_CHARACTERS_MIN = 16;

const HOST_RULE = 'a host name or an IP address';
const TOKEN_RULE = `a string of ${TOKEN_CHARACTERS_MIN} printable ASCII characters or more`;

const isHost = (given: unknown): given is string => typeof given === 'string' && /^[\w.:-]+$/.test(given);

const isToken = (given: unknown): given is string =>
  typeof given === 'string' && given.length >= TOKEN_CHARACTERS_MIN && /^[\x21-\x7e]+$/.test(given);

export const UI_OPTIONS = {
  /** Port of the page that shows the job: an integer from 0 to 65535. Default: 7575; 0 for one that is free. */
  port: integer({
    help: 'port of the page that shows the job',
    from: 0,
    to: PORT_MAX,
    default: UI_PORT,
    defaultText: '7575; 0 for one that is free',
    flag: 'ui [PORT]',
  }),
  /**
   * Address that is listened on; one that is not loopback needs a `token`: a host name or an IP address. Default:
   * `127.0.0.1`.
   */
  host: value(HOST_RULE, isHost, {
    help: 'address that is listened on; one that is not loopback needs a `token`',
    default: '127.0.0.1',
  }),
  /**
   * What a person has to give before the page may scale, move and kill; without one it cannot: a string of 16 printable
   * ASCII characters or more. Default: none.
   */
  token: value(TOKEN_RULE, isToken, {
    help: 'what a person has to give before the page may scale, move and kill; without one it cannot',
    defaultText: 'none',
  }),
  /** Lets the page show keyed state, row by row: true or false. Default: `false`. */
  state: toggle({ help: 'lets the page show keyed state, row by row', default: false }),
};

export const METRICS_OPTIONS = {
  /** Port of `/metrics`, for Prometheus: an integer from 0 to 65535. Default: 9464; 0 for one that is free. */
  port: integer({
    help: 'port of `/metrics`, for Prometheus',
    from: 0,
    to: PORT_MAX,
    default: METRICS_PORT,
    defaultText: '9464; 0 for one that is free',
    flag: 'metrics [PORT]',
  }),
  /**
   * Address that is listened on; one that is not loopback needs a `token`: a host name or an IP address. Default:
   * `127.0.0.1`.
   */
  host: value(HOST_RULE, isHost, {
    help: 'address that is listened on; one that is not loopback needs a `token`',
    default: '127.0.0.1',
  }),
  /**
   * What a scraper has to send as `Authorization: Bearer …`: a string of 16 printable ASCII characters or more.
   * Default: none.
   */
  token: value(TOKEN_RULE, isToken, {
    help: 'what a scraper has to send as `Authorization: Bearer …`',
    defaultText: 'none',
  }),
};

/** Where a page or an endpoint is, and who may reach it. See docs/dashboard.md. */
export interface UiOptions extends Given<typeof UI_OPTIONS> {}

/** Where `/metrics` is, and who may reach it. See docs/metrics.md. */
export interface MetricsOptions extends Given<typeof METRICS_OPTIONS> {}

/** The same, complete. */
export type CheckedAddress = Checked<typeof METRICS_OPTIONS>;

/** The same of a page. */
export type CheckedUi = Checked<typeof UI_OPTIONS>;

/** True for addresses that only this machine reaches. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));

const addressEntry = <Options, Complete extends CheckedAddress>(
  table: OptionTable & typeof METRICS_OPTIONS,
  words: { readonly help: string; readonly page: string; readonly rule: string },
) =>
  ownEntry<Options, Complete | undefined>({
    ...words,
    defaultText: 'none',
    within: table,
    read(given, { where, name }) {
      const checked = checkOptions(where, table, given as never, name) as unknown as Complete;
      const { token, host } = checked;
      if (token === undefined && !isLoopback(host))
        throw errors.badOption(`${name}.token`, undefined, `${TOKEN_RULE}, as other machines reach '${host}'`, where);
      return checked;
    },
    absent: () => undefined,
  });

/** The entry `ui` of run()'s table. */
export const UI_OPTION = addressEntry<UiOptions, CheckedUi>(UI_OPTIONS, {
  help: 'a page that shows the job',
  page: 'dashboard.md',
  rule: 'an object { port, host, token, state }',
});

/** The entry `metrics` of run()'s table. */
export const METRICS_OPTION = addressEntry<MetricsOptions, CheckedAddress>(METRICS_OPTIONS, {
  help: 'an endpoint for Prometheus',
  page: 'metrics.md',
  rule: 'an object { port, host, token }',
});
