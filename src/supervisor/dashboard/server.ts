// The server of one address: routes, and what each of them may be asked.
// Promises: every path goes by the guard first; no answer allows another origin anything; nothing changes by a GET. The server keeps
// no process alive, and its port is free once close() is called.
// Relies on hono and its server for Node.js, which are loaded by jobs that have a page or metrics only.

import { setMaxListeners } from 'node:events';
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { HttpBindings } from '@hono/node-server';
import type { Context, Hono } from 'hono';
import { errors } from '../../errors.ts';
import type { JobReporter } from '../inspect/job-report.ts';
import { jsonOf } from '../inspect/report-json.ts';
import { refused } from './action-request.ts';
import { act } from './actions.ts';
import { ASSET_PATHS, assetAt } from './assets.ts';
import { streamTo } from './event-stream.ts';
import type { Feed } from './feed.ts';
import { Guard, type Refusal, type RequestHead } from './guard.ts';
import type { Exposition } from './metrics/exposition.ts';
import type { CheckedAddress } from './page-options.ts';
import { profiled } from './profiling.ts';
import { questionOf, statePage } from './state-pages.ts';
import type { WatchedJob } from './watched-job.ts';

const JSON_TYPE = 'application/json; charset=utf-8';
const READERS_MAX = 32;
const BODY_BYTES_MAX = 4096;
/** What readers have to take the last state, after the job's end. */
const FAREWELL_MS = 250;

const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cache-control': 'no-store',
};

/** What is served: metrics, and the page if there is a feed for it. */
export interface Served {
  readonly job: WatchedJob;
  readonly exposition: Exposition;
  readonly reporter: JobReporter;
  readonly feed: Feed | undefined;
}

type Bindings = { Bindings: HttpBindings };
type Request = Context<Bindings>;

const headOf = ({ req }: Request): RequestHead => ({ method: req.method, header: (name) => req.header(name) });

export class PageServer {
  readonly #address: CheckedAddress;
  readonly #showsState: boolean;
  readonly #server: Server;
  readonly #gone = new AbortController();
  #guard: Guard | undefined;
  #served: Served | undefined;
  #readers = 0;

  private constructor(address: CheckedAddress, hasPage: boolean, library: Library) {
    this.#address = address;
    this.#showsState = 'state' in address && address.state === true;
    setMaxListeners(READERS_MAX + 1, this.#gone.signal);
    const app = new library.Hono<Bindings>();
    this.#routes(app, hasPage, library);
    // Whoever embeds Millrace keeps the Request and Response that Node.js has.
    this.#server = library.createAdaptorServer({ fetch: app.fetch, overrideGlobalObjects: false }) as Server;
    this.#server.unref();
  }

  /**
   * Begins to listen.
   * @param option whose address it is, as error texts name it
   * @throws MillraceError LISTEN_FAILED
   */
  static async listen(address: CheckedAddress, option: 'ui' | 'metrics'): Promise<PageServer> {
    const made = new PageServer(address, option === 'ui', await loadLibrary());
    const server = made.#server;
    const { host, port } = address;
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause) => reject(errors.listenFailed(option, host, port, cause)));
      server.listen(port, host, resolve);
    });
    server.on('error', () => {});
    made.#guard = new Guard(address, made.port);
    return made;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Where it is, without a slash at the end. */
  get url(): string {
    const { host } = this.#address;
    return `http://${host.includes(':') ? `[${host}]` : host}:${this.port}`;
  }

  /** From now on requests are answered. */
  serve(served: Served): void {
    this.#served = served;
  }

  /** Takes no more requests; readers get the last state. */
  close(): void {
    this.#server.close();
    setTimeout(() => {
      this.#gone.abort();
      this.#server.closeAllConnections();
    }, FAREWELL_MS).unref();
  }

  #routes(app: Hono<Bindings>, hasPage: boolean, { bodyLimit, RESPONSE_ALREADY_SENT }: Library): void {
    const refuse = (context: Request, { status, reason }: Refusal): Response => context.text(`${reason}\n`, status);
    app.use('*', async (context, next) => {
      const refusal = this.#guard?.refusal(headOf(context));
      if (refusal === undefined) await next();
      else context.res = refuse(context, refusal);
      for (const [name, value] of Object.entries(HEADERS)) context.res.headers.set(name, value);
    });
    app.get('/metrics', async (context) => {
      const head = headOf(context);
      const refusal = hasPage ? this.#guard?.readRefusal(head) : this.#guard?.scrapeRefusal(head);
      if (refusal !== undefined) return refuse(context, refusal);
      if (this.#served === undefined) return context.text('the job is starting\n', 503);
      const { exposition } = this.#served;
      const text = await exposition.text();
      return context.body(text, 200, { 'content-type': exposition.contentType });
    });
    app.get('/jobs', (context) => {
      const head = headOf(context);
      const refusal = hasPage ? this.#guard?.readRefusal(head) : this.#guard?.scrapeRefusal(head);
      if (refusal !== undefined) return refuse(context, refusal);
      if (this.#served === undefined) return context.text('the job is starting\n', 503);
      return context.body(jsonOf([this.#served.reporter.report()]), 200, { 'content-type': JSON_TYPE });
    });
    if (hasPage) {
      for (const path of ASSET_PATHS) {
        app.get(path, async (context) => {
          const { type, body } = await assetAt(path);
          return context.body(body, 200, { 'content-type': type });
        });
      }
      app.get('/events', (context) => {
        const refusal = this.#guard?.readRefusal(headOf(context));
        if (refusal !== undefined) return refuse(context, refusal);
        const feed = this.#served?.feed;
        if (feed === undefined || this.#readers >= READERS_MAX)
          return context.text(feed === undefined ? 'the job is starting\n' : 'too many pages are open\n', 503);
        void this.#stream(context.env.outgoing, feed);
        return RESPONSE_ALREADY_SENT;
      });
      app.get('/operator', (context) => {
        const refusal = this.#guard?.readRefusal(headOf(context));
        if (refusal !== undefined) return refuse(context, refusal);
        const feed = this.#served?.feed;
        if (feed === undefined) return context.text('the job is starting\n', 503);
        const details = feed.details(new URL(context.req.url).searchParams.get('name') ?? '');
        return details === undefined ? context.text('there is no such operator\n', 404) : context.json(details);
      });
      app.get('/state', async (context) => {
        const refusal = this.#guard?.readRefusal(headOf(context));
        if (refusal !== undefined) return refuse(context, refusal);
        if (!this.#showsState) return context.text("state is not shown: give the option 'ui.state' to show it\n", 403);
        if (this.#served === undefined) return context.text('the job is starting\n', 503);
        const question = questionOf(new URL(context.req.url).searchParams);
        if (question === undefined) return context.text('give an operator, and if you like a group or a key\n', 400);
        try {
          return context.json(await statePage(this.#served.job, question));
        } catch (error) {
          const { status, text } = refused(error);
          return context.text(`${text}\n`, status);
        }
      });
      app.all('/action', bodyLimit({ maxSize: BODY_BYTES_MAX }), async (context) => {
        const refusal = this.#guard?.actionRefusal(headOf(context));
        if (refusal !== undefined) return refuse(context, refusal);
        if (this.#served === undefined) return context.text('the job is starting\n', 503);
        const given: unknown = await context.req.json().catch(() => undefined);
        const { status, text } = await act(this.#served.job, given);
        return context.text(`${text}\n`, status);
      });
      app.all('/profile', bodyLimit({ maxSize: BODY_BYTES_MAX }), async (context) => {
        const refusal = this.#guard?.actionRefusal(headOf(context));
        if (refusal !== undefined) return refuse(context, refusal);
        if (this.#served === undefined) return context.text('the job is starting\n', 503);
        const given: unknown = await context.req.json().catch(() => undefined);
        const { status, text, profile } = await profiled(this.#served.job, given);
        return profile === undefined ? context.text(`${text}\n`, status) : context.json(profile);
      });
    }
    app.all('*', (context) =>
      context.req.method === 'GET' || context.req.method === 'HEAD'
        ? context.text('there is nothing here\n', 404)
        : context.text('read by GET\n', 405),
    );
    app.onError((error, context) =>
      'getResponse' in error ? error.getResponse() : context.text('this has failed\n', 500),
    );
  }

  async #stream(response: ServerResponse, feed: Feed): Promise<void> {
    const left = new AbortController();
    const leave = (): void => left.abort();
    response.on('close', leave).on('error', leave);
    this.#gone.signal.addEventListener('abort', leave, { once: true });
    this.#readers++;
    try {
      response.writeHead(200, { ...HEADERS, 'content-type': 'text/event-stream; charset=utf-8' });
      await streamTo(response, feed, left.signal);
    } catch {
      response.destroy();
    } finally {
      this.#readers--;
      this.#gone.signal.removeEventListener('abort', leave);
    }
  }
}

type Library = Awaited<ReturnType<typeof loadLibrary>>;

async function loadLibrary() {
  const [{ Hono }, { bodyLimit }, { createAdaptorServer }, { RESPONSE_ALREADY_SENT }] = await Promise.all([
    import('hono'),
    import('hono/body-limit'),
    import('@hono/node-server'),
    import('@hono/node-server/utils/response'),
  ]);
  return { Hono, bodyLimit, createAdaptorServer, RESPONSE_ALREADY_SENT };
}
