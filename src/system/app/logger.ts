// Where the lines go that actors log: standard error, or what the app has given as `logger`.
// Promises: lines of a thread keep their order; a logger that throws fails no actor, and its error comes up where the app sees it; all
// that was logged before stop() has resolved is told by then.

import { randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import { BroadcastChannel, receiveMessageOnPort } from 'node:worker_threads';
import { hasLogMethods, LOG_LEVELS, type LogLevel } from '../../platform/log-levels.ts';
import type { LogLine } from '../log.ts';
import type { LogRules } from '../worker/log-sender.ts';

/** An object with a method for each level, as `console` is. */
export type LogTarget = {
  readonly [Level in LogLevel]: (text: string, details?: unknown) => void;
};

/** Option `logger`: on standard error, nowhere, an object as `console` is, or a function. */
export type LoggerOption = boolean | LogTarget | ((line: LogLine) => void);

export const isLogger = (given: unknown): given is LoggerOption =>
  typeof given === 'boolean' || typeof given === 'function' || hasLogMethods(given);

/** What workers are told of a system's log. */
export const logRules = (logger: LoggerOption, logLevel: LogLevel): LogRules => ({
  channel: `millrace-log-${randomUUID()}`,
  level: logger === false ? LOG_LEVELS.length : LOG_LEVELS.indexOf(logLevel),
});

const who = ({ actor, id }: LogLine): string => `actor '${actor}' ${/^\d+$/.test(id) ? id : `'${id}'`}`;

/** A line on standard error. */
function write(line: LogLine): void {
  const { level, text, details } = line;
  const besides = details === undefined ? '' : ` ${inspect(details, { breakLength: Number.POSITIVE_INFINITY })}`;
  console.error(`${level} ${who(line)}: ${`${text}${besides}`.replaceAll('\n', ' ')}`);
}

/** Takes the lines of a system's threads. */
export class Logger {
  readonly #channel: BroadcastChannel;
  readonly #option: LoggerOption;
  #isOver = false;

  constructor({ channel }: LogRules, option: LoggerOption) {
    this.#option = option;
    this.#channel = new BroadcastChannel(channel);
    this.#channel.onmessage = ({ data }) => this.#take(data as LogLine);
    // The system's threads keep the process alive, as long as it is to be.
    this.#channel.unref();
  }

  #take(line: LogLine): void {
    const option = this.#option;
    if (option === true) write(line);
    if (typeof option === 'boolean') return;
    try {
      if (typeof option === 'function') option(line);
      else {
        const { level, text, details } = line;
        const said = `${who(line)}: ${text}`;
        if (details === undefined) option[level](said);
        else option[level](said, details);
      }
    } catch (error) {
      // As a listener's: it is the app's own fault.
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  /** Tells what has come and was not yet told, and takes no more. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const next = () => receiveMessageOnPort(this.#channel as never);
    for (let received = next(); received !== undefined; received = next()) this.#take(received.message as LogLine);
    this.#channel.close();
  }
}
