// The events of one job, on their way to whoever listens: listeners by type, and iterators.
// Promises: every event has its time; nobody who listens, and nothing that a listener throws, keeps another listener or the job from
// going on; the latest events are kept for whoever comes later, and no more.

import { errors } from '../../../errors.ts';
import { checkOptions } from '../../../options/check.ts';
import { type JobEvent, type JobEventType, LISTEN_OPTIONS, type ListenOptions, type Occurrence } from './job-event.ts';

/** Events that are kept: the latest. */
const KEPT_MAX = 1000;

/** True for every type of event: the compiler sees that none is missing. */
const TYPES: Readonly<Record<JobEventType, true>> = {
  started: true,
  operatorEnded: true,
  deadLetter: true,
  crash: true,
  adoption: true,
  restart: true,
  recovered: true,
  escalation: true,
  handOver: true,
  scaled: true,
  decision: true,
  moved: true,
  slow: true,
  stalled: true,
  stallEnded: true,
  backupFailed: true,
  spareFailed: true,
  failed: true,
  ended: true,
};

type Listener = (event: JobEvent) => void;

function tell(listener: Listener, event: JobEvent): void {
  try {
    listener(event);
  } catch (error) {
    // A listener's fault is the app's own, but it must not keep the job from ending.
    queueMicrotask(() => {
      throw error;
    });
  }
}

export class JobEvents {
  readonly #epochMs: () => number;
  readonly #listeners = new Set<{ readonly type: JobEventType | '*'; readonly listener: Listener }>();
  /** The latest events, but for dead letters, and how many were before them. */
  readonly #kept: JobEvent[] = [];
  #dropped = 0;
  /** Iterators that wait for an event. */
  #waiting: (() => void)[] = [];
  #isOver = false;

  /** @param epochMs the time since the epoch */
  constructor(epochMs: () => number) {
    this.#epochMs = epochMs;
  }

  /** @param occurrence made for this call: it becomes the event, so that what it reports of being read stays in it */
  announce(occurrence: Occurrence): void {
    const event: JobEvent = Object.assign(occurrence, { atMs: this.#epochMs() });
    // Dead letters wait in job.deadLetters.
    if (event.type !== 'deadLetter') this.#keep(event);
    for (const { type, listener } of [...this.#listeners])
      if (type === '*' || type === event.type) tell(listener, event);
  }

  #keep(event: JobEvent): void {
    this.#kept.push(event);
    if (this.#kept.length > KEPT_MAX) {
      this.#kept.shift();
      this.#dropped++;
    }
    if (event.type === 'ended') this.#isOver = true;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** @throws MillraceError UNKNOWN_NAME, BAD_OPTION */
  on(type: JobEventType | '*', listener: Listener, options: ListenOptions = {}): () => void {
    if (type !== '*' && !Object.hasOwn(TYPES, type))
      throw errors.unknownName('event', String(type), [...Object.keys(TYPES), '*']);
    if (typeof listener !== 'function') throw errors.badOption('listener', listener, 'a function');
    const entry = { type, listener };
    this.#listeners.add(entry);
    if (checkOptions('job.on()', LISTEN_OPTIONS, options).past)
      for (const event of [...this.#kept]) if (type === '*' || type === event.type) tell(listener, event);
    return () => void this.#listeners.delete(entry);
  }

  /** @throws MillraceError BAD_OPTION */
  iterate(options: ListenOptions = {}): AsyncIterableIterator<JobEvent> {
    const { past } = checkOptions('job.events()', LISTEN_OPTIONS, options);
    return this.#from(past ? 0 : this.#dropped + this.#kept.length);
  }

  /** @param next the number of the first event, counted from the job's start */
  async *#from(first: number): AsyncGenerator<JobEvent> {
    for (let next = first; ; ) {
      next = Math.max(next, this.#dropped);
      const event = this.#kept[next - this.#dropped];
      if (event !== undefined) {
        next++;
        yield event;
      } else if (this.#isOver) return;
      else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }
}
