// Who is let in: decided from a request's head alone, for every path, before anything is looked up.
// Promises: a page of another origin can neither read nor act, also if its name has been made to resolve to this machine (DNS
// rebinding); a token is compared in constant time, and never taken from a URL.
// Relies on: browsers send Host and, with whatever could act, Origin; neither can be set by a script.

import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import { type CheckedAddress, isLoopback } from './page-options.ts';

/** The head of a request, as far as it is looked at. */
export interface RequestHead {
  readonly method: string;
  /** A header by its name in lower case. */
  header(name: string): string | undefined;
}

/** Why a request is refused: status code, and a sentence. */
export interface Refusal {
  readonly status: 401 | 403 | 405 | 415 | 421;
  readonly reason: string;
}

const HOST = /^(\[[0-9a-f:.]+\]|[^:[\]@/\\]+)(?::(\d+))?$/i;
const HTTP_PORT = 80;

/** The name and the port of a Host header; undefined if it is none. */
function hostOf(header: string | undefined): { name: string; port: number } | undefined {
  const [, name, port] = HOST.exec(header ?? '') ?? [];
  if (name === undefined) return undefined;
  return { name: name.replace(/^\[|\]$/g, '').toLowerCase(), port: port === undefined ? HTTP_PORT : Number(port) };
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

export class Guard {
  readonly #address: CheckedAddress;
  readonly #port: number;

  /** @param port that is listened on */
  constructor(address: CheckedAddress, port: number) {
    this.#address = address;
    this.#port = port;
  }

  /** Why a request is refused, whatever it asks for; undefined if it may go on. */
  refusal(head: RequestHead): Refusal | undefined {
    const host = hostOf(head.header('host'));
    const isOurs = host !== undefined && host.port === this.#port && this.#isOurName(host.name);
    if (!isOurs)
      return { status: 421, reason: `call this server by an IP address or as localhost, at port ${this.#port}` };
    const origin = head.header('origin');
    if (origin !== undefined && origin !== `http://${head.header('host')}`)
      return { status: 403, reason: 'pages of other origins have no access' };
    const site = head.header('sec-fetch-site');
    const isForeign = site === 'cross-site' || site === 'same-site';
    // A link to the page may stand anywhere.
    if (isForeign && head.header('sec-fetch-mode') !== 'navigate')
      return { status: 403, reason: 'pages of other origins have no access' };
    return undefined;
  }

  /** A name that resolves to this machine could be anybody's, but an address and localhost are what they are. */
  #isOurName(name: string): boolean {
    return name === 'localhost' || isIP(name) !== 0 || name === this.#address.host.toLowerCase();
  }

  /** Why a request may not read what the job does. */
  readRefusal(head: RequestHead): Refusal | undefined {
    return isLoopback(this.#address.host) ? undefined : this.#tokenRefusal(head);
  }

  /** Why a request of Prometheus is refused: a token that was given for it holds on loopback as well. */
  scrapeRefusal(head: RequestHead): Refusal | undefined {
    return this.#address.token === undefined ? undefined : this.#tokenRefusal(head);
  }

  /** Why a request may not change the job. */
  actionRefusal(head: RequestHead): Refusal | undefined {
    if (head.method !== 'POST') return { status: 405, reason: 'an action is a POST' };
    if (this.#address.token === undefined)
      return { status: 403, reason: "actions are off: give the option 'ui.token' to switch them on" };
    const type = head.header('content-type')?.split(';')[0].trim().toLowerCase();
    if (type !== 'application/json') return { status: 415, reason: 'an action is sent as application/json' };
    return this.#tokenRefusal(head);
  }

  #tokenRefusal(head: RequestHead): Refusal | undefined {
    const given = /^Bearer (\S+)$/i.exec(head.header('authorization') ?? '')?.[1] ?? '';
    return timingSafeEqual(digest(given), digest(this.#address.token ?? ''))
      ? undefined
      : { status: 401, reason: 'send the token as Authorization: Bearer …' };
  }
}
