// One reader of server-sent events: gets what a job is, and then how it stands for as long as it listens.
// Promises: nothing is queued for a reader that does not keep up: the next state waits until the last one has left. One that takes
// nothing for a while is let go, and one that has gone is forgotten at once.
// Relies on: write() returns false from the moment on at which the socket has taken no more.

import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Feed } from './feed.ts';

/** A reader may take so long for one state. */
const PATIENCE_MS = 15_000;

/** @param data JSON */
const textOf = (event: string, data: string): string => `event: ${event}\ndata: ${data}\n\n`;

/** Resolves when the job has ended, or the reader has gone. */
export async function streamTo(response: ServerResponse, feed: Feed, gone: AbortSignal): Promise<void> {
  const write = async (event: string, data: string): Promise<void> => {
    if (gone.aborted || response.write(textOf(event, data))) return;
    const slow = setTimeout(() => response.destroy(), PATIENCE_MS).unref();
    await once(response, 'drain', { signal: gone }).catch(() => {});
    clearTimeout(slow);
  };
  const left = new Promise<void>((resolve) => gone.addEventListener('abort', () => resolve(), { once: true }));
  await write('hello', JSON.stringify(await feed.hello()));
  const place = feed.place();
  for (;;) {
    const isLast = feed.isOver;
    await write('state', feed.frame(place));
    if (isLast || gone.aborted) break;
    await Promise.race([feed.next(), left]);
    if (gone.aborted) break;
  }
  response.end();
}
