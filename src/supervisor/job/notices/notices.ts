// Notices: what the library tells the person who runs an app, on standard error. Nothing else of src/supervisor writes there.
// Promises: one line a notice, marked as Millrace's, and below it the stack of an error if there is one; a standard error that is
// closed or broken never fails the app, and neither does a function of the app that takes notices and throws.
// Relies on: console.error ignores errors of its stream.

import { MillraceError } from '../../../errors.ts';

/** What a notice is about. */
export type NoticeKind =
  | 'starting'
  | 'deadLetters'
  | 'failed'
  | 'stalled'
  | 'slow'
  | 'outputLeft'
  | 'unfinished'
  | 'inspect';

/** What a person who has wired nothing up should know of a job. */
export interface Notice {
  /** What it is about. */
  readonly kind: NoticeKind;
  /** Name of the flow. */
  readonly job: string;
  /** One line: what happened, and the remedy. */
  readonly text: string;
  /** Of the error that it is about, if there is one. */
  readonly stack: string | undefined;
}

/** Option `notices` of `run()`: on standard error, nowhere, or to a function. */
export type NoticeOption = boolean | ((notice: Notice) => void);

/** Tells one thing: a sentence that names what it is about and the remedy, without a full stop. */
export function notice(text: string, stack?: string): void {
  const below = stack === undefined ? '' : `\n${stack.replace(/^/gm, '    ')}`;
  console.error(`millrace: ${text.replaceAll('\n', ' ')}${below}`);
}

/** Errors that Millrace finds outside of any closure. */
const FOUND_OUTSIDE: ReadonlySet<string> = new Set([
  'TUPLE_KILLED_WORKER',
  'WORKER_HUNG',
  'WORKER_DIED',
  'WORKER_STUCK',
]);

/** The stack of an error of the app's code; undefined if there is none. An error of ours that something caused leads to its cause. */
export function stackText(error: Error): string | undefined {
  if (error instanceof MillraceError) {
    if (error.cause instanceof Error) return stackText(error.cause);
    return FOUND_OUTSIDE.has(error.code) ? undefined : error.stack;
  }
  const own = error.stack ?? `${error.name}: ${error.message}`;
  const below = error.cause instanceof Error ? stackText(error.cause) : undefined;
  return below === undefined ? own : `${own}\ncaused by ${below}`;
}

/** The notices of one job, on their way to whoever takes them. */
export class Notices {
  readonly #job: string;
  readonly #option: NoticeOption;

  constructor(job: string, option: NoticeOption) {
    this.#job = job;
    this.#option = option;
  }

  /** True if nobody takes them. */
  get areOff(): boolean {
    return this.#option === false;
  }

  tell(kind: NoticeKind, text: string, stack?: string): void {
    const option = this.#option;
    if (option === true) notice(text, stack);
    if (typeof option !== 'function') return;
    try {
      option({ kind, job: this.#job, text: text.replaceAll('\n', ' '), stack });
    } catch (error) {
      // The app's own fault, as that of a listener: it must not keep the job from going on.
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}
