// What a job tells the person who runs it where the app has wired nothing up: dead letters that nobody reads, a failure that nobody
// hears of, an output that was left while the job goes on, a process that ends before its job.
// Promises: says each once; what the app reads, awaits or listens to is not said. Keeps no process alive, and after the job's end
// leaves no timer and no listener of the process behind.

import { MillraceError } from '../../../errors.ts';
import type { Cancel, Clock } from '../../../platform/clock.ts';
import type { SlowEvent } from '../../recovery/hang-watch.ts';
import type { Occurrence } from '../events/job-event.ts';
import type { DeadLetter } from '../job-api.ts';
import type { Stall } from '../stalls/stall-detector.ts';
import { type Notices, stackText } from './notices.ts';
import { runningJobs } from './running-jobs.ts';
import { UnreadLetters } from './unread-letters.ts';

/** How long the app has to begin to read letters before the first ones are told. */
const LOOK_MS = 500;
/** A job that goes on for so long after an output of it was left may go on for ever. */
const LEFT_MS = 5000;

export interface NotedJob {
  readonly name: string;
  /** True if somebody awaits `done`, or has been thrown the failure. */
  isFailureHeard(): boolean;
  /** True while the app reads an output: it has yet to come to the failure, and to what it does behind the loop. */
  isReading(): boolean;
  stall(): Stall | undefined;
  /** Names of the operators and outputs that still take tuples. */
  otherEnds(): readonly string[];
}

export class JobNotices {
  private readonly clock: Clock;
  private readonly job: NotedJob;
  private readonly notices: Notices;
  private readonly letters: UnreadLetters;
  private readonly left = new Map<string, number>();
  private cancel: Cancel | undefined;
  private isErrorRead = false;
  /** Tells what is to be told at the end; undefined when that has been done, or there is nothing. */
  private ending: (() => void) | undefined;

  constructor(clock: Clock, job: NotedJob, notices: Notices) {
    this.clock = clock;
    this.job = job;
    this.notices = notices;
    this.letters = new UnreadLetters(job.name);
  }

  start(): void {
    if (this.notices.areOff) return;
    runningJobs.add(this, () => this.tellUnfinished());
    this.cancel = this.clock.every(LOOK_MS, () => this.look());
  }

  /** The app reads dead letters. */
  lettersRead(): void {
    this.letters.read();
  }

  /** The event of a letter: a listener that looks at the letter has read it. */
  letterEvent(letter: DeadLetter): Occurrence {
    if (this.notices.areOff) return { type: 'deadLetter', letter };
    this.letters.add(letter);
    const { letters } = this;
    return {
      type: 'deadLetter',
      get letter() {
        letters.read();
        return letter;
      },
    };
  }

  /** The event of a failure: a listener that looks at the error has heard of it. */
  failedEvent({ error, ...event }: Extract<Occurrence, { type: 'failed' }>): Occurrence {
    const heard = (): void => {
      this.isErrorRead = true;
    };
    return {
      ...event,
      get error() {
        heard();
        return error;
      },
    };
  }

  /** An output was left, and the job goes on. */
  outputLeft(name: string): void {
    this.left.set(name, this.clock.now());
  }

  slow({ operator, worker, position, forMs, limitMs }: Omit<SlowEvent, 'type'>): void {
    const who = operator === undefined ? `worker ${worker}, outside of any operator,` : `operator '${operator}'`;
    const at = position === undefined ? '' : ` at ${position}`;
    this.notices.tell(
      'slow',
      `${who} of job '${this.job.name}' has been in one call for ${forMs} ms${at}: after ${limitMs} ms it counts as hanging, and its worker is terminated. Make the closure return sooner, or raise 'hangTimeoutMs'`,
    );
  }

  /** A start takes long. */
  takesLong(text: string): void {
    this.notices.tell('starting', `flow '${this.job.name}' ${text}`);
  }

  stalled({ reason, forMs }: Stall): void {
    const seconds = Math.round(forMs / 100) / 10;
    this.notices.tell('stalled', `job '${this.job.name}' has stood still for ${seconds} s: ${reason}`);
  }

  /** The job has ended; `done` settles now. */
  async end(failure: unknown): Promise<void> {
    this.cancel?.();
    runningJobs.remove(this);
    if (this.notices.areOff || (failure === undefined && this.letters.summary() === undefined)) return;
    this.ending = () => this.tellEnd(failure);
    // An app that calls process.exit() as soon as the job is done.
    process.once('exit', this.ending);
    await this.tellUnlessRead();
  }

  /** The iterator of an output gives no more. */
  outputClosed(): void {
    if (this.ending !== undefined) void this.tellUnlessRead();
  }

  private async tellUnlessRead(): Promise<void> {
    // Whoever has read an output, or awaited `done`, and then reads letters or awaits `done`, has begun to by then.
    await this.clock.yield();
    await this.clock.yield();
    const { ending } = this;
    if (ending === undefined || this.job.isReading()) return;
    process.off('exit', ending);
    ending();
  }

  private tellEnd(failure: unknown): void {
    this.ending = undefined;
    const summary = this.letters.summary();
    if (summary !== undefined) this.notices.tell('deadLetters', summary.text, summary.stack);
    const isOwn = failure instanceof MillraceError && failure.code === 'JOB_CANCELLED';
    if (failure === undefined || isOwn || this.isErrorRead || this.job.isFailureHeard()) return;
    const error = failure instanceof Error ? failure : new Error(String(failure));
    const { code = error.name } = error as { code?: string };
    this.notices.tell(
      'failed',
      `job '${this.job.name}' has failed, and nobody awaits job.done: ${code}: ${error.message}. Await job.done, listen to the event 'failed', or run with notices: false`,
      stackText(error),
    );
  }

  private look(): void {
    for (const { text, stack } of this.letters.takeFirsts()) this.notices.tell('deadLetters', text, stack);
    const nowMs = this.clock.now();
    for (const [name, atMs] of this.left) {
      if (nowMs - atMs < LEFT_MS) continue;
      this.left.delete(name);
      const ends = this.job.otherEnds().map((end) => `'${end}'`);
      const why = ends.length > 0 ? ` for ${ends.join(', ')}` : ', since its state was asked for';
      this.notices.tell(
        'outputLeft',
        `output '${name}' of job '${this.job.name}' was left, and the job goes on${why}: what comes of the output is dropped. End the job by job.stop() or job.cancel()`,
      );
    }
  }

  private tellUnfinished(): void {
    const stall = this.job.stall();
    const why = stall === undefined ? '' : `. It stands still: ${stall.reason}`;
    this.notices.tell(
      'unfinished',
      `the process ends before job '${this.job.name}' has: nothing keeps it alive but a wait for the job, which makes exit code 13${why}`,
    );
  }
}
