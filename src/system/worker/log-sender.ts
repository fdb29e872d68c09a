// The way of a thread's log lines to the app's thread.
// Promises: a line that was logged is with the app, whatever becomes of the thread after that; lines of a thread keep their order.
// Relies on: a broadcast channel hands a message to the app's thread as it is posted.

import { inspect } from 'node:util';
import { BroadcastChannel } from 'node:worker_threads';
import { LOG_LEVELS } from '../../platform/log-levels.ts';
import type { LogLine, LogSink } from '../log.ts';

/** Of the lines of a system. */
export interface LogRules {
  /** The name of the system's channel. */
  readonly channel: string;
  /** The first of {@link LOG_LEVELS} that is told, by its place there; as many as there are for none. */
  readonly level: number;
}

/** Of this thread, by name: made when the first line is logged, and open as long as the thread. */
const channels = new Map<string, BroadcastChannel>();

function channelOf(name: string): BroadcastChannel {
  const known = channels.get(name);
  if (known !== undefined) return known;
  const channel = new BroadcastChannel(name);
  channel.unref();
  channels.set(name, channel);
  return channel;
}

/** Takes the lines of a thread's actors. */
export const logSender =
  ({ channel: name, level }: LogRules): LogSink =>
  (about) => {
    if (LOG_LEVELS.indexOf(about.level) < level) return;
    const line: LogLine = { ...about, atMs: Date.now() };
    const channel = channelOf(name);
    try {
      channel.postMessage(line);
    } catch {
      // Functions and the like cannot be copied. A line fails no message.
      channel.postMessage({ ...line, details: inspect(line.details) });
    }
  };
