// Reads the events of the server, keeps what comes by and by, and begins anew when the connection breaks, or when a state is missed.
// Promises: what it hands on is of one run of a job; a new run begins empty. Attempts to connect are spread out in time.

import { changed } from './changes.js';

const EVENTS_KEPT = 200;
const LETTERS_KEPT = 50;
const POINTS_KEPT = 1200;
const RETRY_MS = 500;
const RETRY_MS_MAX = 4000;

/** @typedef {{ kind: 'hello' | 'state' | 'status', [name: string]: any }} Message */

export class Reader {
  #tell;
  #token = '';
  #attempt = 0;
  /** @type {AbortController | undefined} */
  #open;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #retry;
  /** @type {any} */
  #hello;
  /** @type {any} */
  #state;
  /** The state as the server has it, without what comes by and by. @type {any} */
  #figures;
  #version = 0;
  #status = 'connecting';

  /** @param {(message: Message) => void} tell */
  constructor(tell) {
    this.#tell = tell;
  }

  /** All that somebody needs who comes now. @returns {Message[]} */
  get sofar() {
    /** @type {Message[]} */
    const messages = [{ kind: 'status', status: this.#status }];
    if (this.#hello !== undefined) messages.push({ kind: 'hello', ...this.#hello });
    if (this.#state !== undefined) messages.push({ kind: 'state', ...this.#state });
    return messages;
  }

  /** @param {string} token */
  use(token) {
    if (token === this.#token) return;
    this.#token = token;
    this.stop();
    this.start();
  }

  start() {
    if (this.#open !== undefined || this.#retry !== undefined) return;
    void this.#connect();
  }

  stop() {
    this.#open?.abort();
    this.#open = undefined;
    clearTimeout(this.#retry);
    this.#retry = undefined;
  }

  /** @param {string} status */
  #say(status) {
    this.#status = status;
    this.#tell({ kind: 'status', status });
  }

  async #connect() {
    const open = new AbortController();
    this.#open = open;
    try {
      /** @type {Record<string, string>} */
      const headers = this.#token === '' ? {} : { authorization: `Bearer ${this.#token}` };
      const response = await fetch('/events', { headers, signal: open.signal, cache: 'no-store' });
      if (response.status === 401) {
        this.#open = undefined;
        this.#say('locked');
        return;
      }
      if (!response.ok || response.body === null) throw new Error(await response.text());
      this.#attempt = 0;
      await this.#read(/** @type {any} */ (response.body));
    } catch {
      // A server that is away, or has gone: it is tried again.
    }
    if (open.signal.aborted) return;
    this.#open = undefined;
    this.#say(this.#state?.isOver ? 'ended' : 'away');
    const wait = Math.min(RETRY_MS_MAX, RETRY_MS * 2 ** this.#attempt++) * (0.5 + Math.random());
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      void this.#connect();
    }, wait);
  }

  /** @param {ReadableStream<BufferSource>} body */
  async #read(body) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        text += value;
        const blocks = text.split('\n\n');
        text = blocks.pop() ?? '';
        for (const block of blocks) {
          const [, event, data] = /^event: (\w+)\ndata: (.*)$/.exec(block) ?? [];
          if (event !== undefined) this.#take(event, JSON.parse(data));
        }
      }
    } finally {
      void reader.cancel().catch(() => {});
    }
  }

  /**
   * @param {string} event
   * @param {any} data
   */
  #take(event, data) {
    if (event === 'hello') {
      // Whether the run is new or not, the server sends all that it keeps.
      this.#hello = data;
      this.#state = undefined;
      this.#figures = undefined;
      this.#tell({ kind: 'hello', ...data });
      return;
    }
    const { version, state, change, ...news } = data;
    if (state === undefined) {
      const isNext = version === this.#version || version === this.#version + 1;
      if (this.#figures === undefined || !isNext) throw new Error('a state is missing');
      this.#figures = changed(this.#figures, change);
    } else this.#figures = state;
    this.#version = version;
    const before = this.#state ?? { events: [], letters: [], points: [] };
    this.#state = {
      ...this.#figures,
      ...news,
      events: [...before.events, ...data.events].slice(-EVENTS_KEPT),
      letters: [...before.letters, ...data.letters].slice(-LETTERS_KEPT),
      points: [...before.points, ...data.points].slice(-POINTS_KEPT),
    };
    const status = data.isOver ? 'ended' : 'live';
    if (status !== this.#status) this.#say(status);
    this.#tell({ kind: 'state', ...this.#state });
  }
}
