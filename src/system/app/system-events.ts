// What a system tells the app of mail that nobody handled, and of actors that failed.
// Promises: each is counted; a listener that throws fails nobody else; who listens to nothing gets a few lines on standard error, and
// the number of those that were left out.

import { errors } from '../../errors.ts';
import type { Clock } from '../../platform/clock.ts';
import { type NoticeOption, notice } from '../../supervisor/job/notices/notices.ts';

/** What each event tells, by its type. */
export interface SystemOccurrences {
  /** Mail that nobody has handled. */
  readonly deadLetter: {
    /** The message's name. */
    readonly message: string;
    /** Whom it was for. */
    readonly to: string;
    /** Who sent it: an actor, or the app. */
    readonly from: string;
    /** Why nobody has handled it. */
    readonly reason: string;
  };
  /** An actor has failed: its handler threw, or could not be run. */
  readonly actorFailed: {
    /** Which one. */
    readonly actor: string;
    /** With what; its `cause` is what the handler threw. */
    readonly error: Error;
    /** What is done: 'restart', 'resume', 'stop', or 'ask' where its parent decides. */
    readonly decision: string;
  };
  /** Actors have moved from one worker to another: those of some key groups. */
  readonly moved: {
    /** The worker that had them. */
    readonly from: number;
    /** The worker that has them now. */
    readonly to: number;
    /** How many of the 256 key groups. */
    readonly groups: number;
    /** From the request to the end, in milliseconds. */
    readonly tookMs: number;
  };
  /** An answer has come that nobody waits for: its ask was given up, or has been answered. Nothing is written of it. */
  readonly lateAnswer: {
    /** Who has answered. */
    readonly from: string;
    /** Who had asked: an actor, or the app. */
    readonly to: string;
  };
}

/** What `system.on()` takes: the types of events. */
export type SystemEventType = keyof SystemOccurrences;

/** Lines of one kind within the time below. */
const LINES = 3;
const EVERY_MS = 1000;

interface Told {
  lines: number;
  more: number;
}

export class SystemEvents {
  readonly counts = { deadLetter: 0, actorFailed: 0, moved: 0, lateAnswer: 0 };
  private readonly clock: Pick<Clock, 'after'>;
  private readonly option: NoticeOption;
  private readonly listeners = new Map<SystemEventType, Set<(event: never) => void>>();
  private readonly told = new Map<SystemEventType, Told>();

  constructor(clock: Pick<Clock, 'after'>, option: NoticeOption) {
    this.clock = clock;
    this.option = option;
  }

  /** @throws MillraceError BAD_OPTION */
  on(type: SystemEventType, listener: (event: never) => void): () => void {
    if (!Object.hasOwn(this.counts, type))
      throw errors.badOption('type', type, "'deadLetter', 'actorFailed', 'moved' or 'lateAnswer'", 'system.on()');
    if (typeof listener !== 'function') throw errors.badOption('listener', listener, 'a function', 'system.on()');
    const listeners = this.listeners.get(type) ?? new Set();
    this.listeners.set(type, listeners);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }

  /** @param text for people, where nobody listens; none if it is nothing to be told of */
  announce<Type extends SystemEventType>(type: Type, event: SystemOccurrences[Type], text?: () => string): void {
    this.counts[type]++;
    const listeners = this.listeners.get(type);
    if (text !== undefined && (listeners === undefined || listeners.size === 0)) this.tell(type, text);
    for (const listener of listeners ?? []) {
      try {
        listener(event as never);
      } catch (error) {
        // As an event emitter's: it is the app's own fault, and comes up where the app sees it.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  private tell(type: SystemEventType, text: () => string): void {
    if (this.option === false) return;
    let told = this.told.get(type);
    if (told === undefined) {
      told = { lines: 0, more: 0 };
      this.told.set(type, told);
    }
    if (told.lines >= LINES) {
      told.more++;
      return;
    }
    told.lines++;
    this.write(text());
    if (told.lines === 1) this.clock.after(EVERY_MS, () => this.summarise(type, told));
  }

  private summarise(type: SystemEventType, told: Told): void {
    const { more } = told;
    told.more = 0;
    if (this.told.get(type) === told) this.told.delete(type);
    if (more > 0) this.write(`and ${more} more ${type === 'deadLetter' ? 'dead letters' : 'failures of actors'}`);
  }

  private write(text: string): void {
    if (typeof this.option !== 'function') notice(text);
    else {
      try {
        this.option({ kind: 'deadLetters', job: 'actor-system', text, stack: undefined });
      } catch {
        // A notice fails nobody.
      }
    }
  }

  /** Tells what was left out. */
  end(): void {
    for (const [type, told] of [...this.told]) this.summarise(type, told);
  }
}
