// What a job tells a logger of the app's: its events as lines of a level, and what people are told.
// Promises: a logger that throws fails no job, and its error comes up where the app sees it. Dead letters are told of by number, as there
// may be as many as tuples.

import { hasLogMethods, type LogLevel } from '../../../platform/log-levels.ts';
import type { Notice, NoticeKind, NoticeOption } from '../notices/notices.ts';
import { eventText } from './event-text.ts';
import type { JobEvent, JobEventType } from './job-event.ts';

/** What a logger is told. */
export interface JobLogLine {
  /** How urgent it is. */
  readonly level: LogLevel;
  /** What it says: one line. */
  readonly text: string;
  /** The flow's name. */
  readonly job: string;
  /** What has happened; undefined of what is told to people and is no event. */
  readonly event: JobEvent | undefined;
}

/** An object with a method for each level, as `console` and pino have. */
type LogMethods = { readonly [Level in LogLevel]: (text: string) => void };

/** Option `logger` of `run()`: an object with a method for each level, or a function. */
export type JobLogger = LogMethods | ((line: JobLogLine) => void);

const LEVELS: Readonly<Record<JobEventType, LogLevel | undefined>> = {
  started: 'info',
  operatorEnded: 'debug',
  // A notice counts them.
  deadLetter: undefined,
  crash: 'warn',
  adoption: 'debug',
  restart: 'info',
  recovered: 'info',
  escalation: 'warn',
  handOver: 'debug',
  scaled: 'info',
  decision: 'info',
  moved: 'info',
  slow: 'warn',
  stalled: 'warn',
  stallEnded: 'info',
  backupFailed: 'warn',
  spareFailed: 'warn',
  failed: 'error',
  ended: 'info',
};

/** What is an event as well. */
const IN_EVENTS: ReadonlySet<NoticeKind> = new Set(['failed', 'slow', 'stalled']);

/** Whatever calls it has to write `new`. */
const isClass = (given: object): boolean => Object.getOwnPropertyDescriptor(given, 'prototype')?.writable === false;

export const isJobLogger = (given: unknown): given is JobLogger =>
  (typeof given === 'function' && !isClass(given)) || hasLogMethods(given);

function tell(logger: JobLogger, line: JobLogLine): void {
  try {
    if (typeof logger === 'function') logger(line);
    else logger[line.level](`${line.job}: ${line.text}`);
  } catch (error) {
    // As a listener's: it is the app's own fault.
    queueMicrotask(() => {
      throw error;
    });
  }
}

/** A listener of a job's events that tells a logger. */
export const logging =
  (logger: JobLogger, job: string) =>
  (event: JobEvent): void => {
    const level = LEVELS[event.type];
    if (level === undefined) return;
    const text = eventText(event, ({ operator, replica }) => `'${operator}/${replica}'`);
    tell(logger, { level, text, job, event });
  };

/** Where notices go: to the app's logger, if it has one and they would be on standard error otherwise. */
export function noticesTo(notices: NoticeOption, logger: JobLogger | undefined): NoticeOption {
  if (notices !== true || logger === undefined) return notices;
  return ({ kind, job, text }: Notice) => {
    if (!IN_EVENTS.has(kind)) tell(logger, { level: 'warn', text, job, event: undefined });
  };
}
