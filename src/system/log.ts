// What actors log: lines of a level, which leave a handler at once.
// Promises: a line is told as soon as it is logged, whatever becomes of its message: what has failed, or has ended its thread, is what
// lines are for.

import { inspect } from 'node:util';
import type { LogLevel } from '../platform/log-levels.ts';

/** One line that an actor has logged. */
export interface LogLine {
  /** How urgent it is. */
  readonly level: LogLevel;
  /** What it says. */
  readonly text: string;
  /** What was logged besides; undefined if nothing was. What cannot be copied to another thread is text here. */
  readonly details: unknown;
  /** The name of the actor's definition. */
  readonly actor: string;
  /** The actor's name or key; its number if it has none. */
  readonly id: string;
  /** Of its reference: `system.ref(definition, address)`. */
  readonly address: string;
  /** When, in milliseconds since 1970; in a test by the clock of the test. */
  readonly atMs: number;
}

/** A function for each level: a text, and any value besides. */
export type ActorLog = {
  readonly [Level in LogLevel]: (text: string, details?: unknown) => void;
};

/** Who takes lines, without their time. */
export type LogSink = (line: Omit<LogLine, 'atMs'>) => void;

/** What a context has as `log`. @param about whose line it is; throws if the context is over */
export function actorLog(sink: LogSink, about: () => Pick<LogLine, 'actor' | 'id' | 'address'>): ActorLog {
  const at =
    (level: LogLevel) =>
    (text: string, details?: unknown): void =>
      sink({ level, text: typeof text === 'string' ? text : inspect(text), details, ...about() });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
