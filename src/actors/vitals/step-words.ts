// What each host is doing, in shared memory: which actor it steps now, that it moves on, and what its thread gets of a processor.
// Promises: after a thread's exit the words tell what it died in; while it runs they tell whether it makes progress.
// Relies on: one thread writes a host's words at a time; every value is one aligned int32.

import { allocateShared } from '../../mailbox/shared-memory.ts';
import { LINE_I32 } from '../../mailbox/views.ts';
import type { ProcessorTime } from '../../platform/processor-time.ts';

const STEPPING = 0;
const TURNS = 1;
const COMPUTED_US = 2;
const QUEUED_US = 3;
const METERED_AT_US = 4;
const IS_METERED = 5;

/** The words of all hosts of a job, in one shared buffer. */
export class StepWords {
  readonly buffer: SharedArrayBuffer;
  private readonly words: Int32Array;

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.words = new Int32Array(buffer);
  }

  static allocate(hosts: number): SharedArrayBuffer {
    return allocateShared({ of: 'the words of the workers' }, hosts * LINE_I32 * Int32Array.BYTES_PER_ELEMENT);
  }

  /** A new thread takes the host's number: it steps nothing yet. */
  reset(host: number): void {
    this.end(host);
    Atomics.store(this.words, host * LINE_I32 + IS_METERED, 0);
  }

  /** The host tells its thread's processor time now and then. */
  meter(host: number, { atUs, computedUs, queuedUs }: ProcessorTime): void {
    Atomics.store(this.words, host * LINE_I32 + METERED_AT_US, atUs);
    Atomics.store(this.words, host * LINE_I32 + COMPUTED_US, computedUs);
    Atomics.store(this.words, host * LINE_I32 + QUEUED_US, queuedUs);
    Atomics.store(this.words, host * LINE_I32 + IS_METERED, 1);
  }

  /** What the host has told last; undefined where the platform has no such measure. */
  processorTime(host: number): ProcessorTime | undefined {
    const at = host * LINE_I32;
    if (Atomics.load(this.words, at + IS_METERED) === 0) return undefined;
    return {
      atUs: Atomics.load(this.words, at + METERED_AT_US),
      computedUs: Atomics.load(this.words, at + COMPUTED_US),
      queuedUs: Atomics.load(this.words, at + QUEUED_US),
    };
  }

  /** The host begins to step an actor. */
  begin(host: number, actor: number): void {
    Atomics.store(this.words, host * LINE_I32 + STEPPING, actor + 1);
  }

  /** The step is over. */
  end(host: number): void {
    Atomics.store(this.words, host * LINE_I32 + STEPPING, 0);
  }

  /** The host's loop has come round once more. */
  turn(host: number): void {
    Atomics.add(this.words, host * LINE_I32 + TURNS, 1);
  }

  /** The actor that the host steps, or stepped when its thread died; undefined if none. */
  stepping(host: number): number | undefined {
    const word = Atomics.load(this.words, host * LINE_I32 + STEPPING);
    return word === 0 ? undefined : word - 1;
  }

  /** Changes whenever the host's loop comes round. */
  turns(host: number): number {
    return Atomics.load(this.words, host * LINE_I32 + TURNS);
  }
}
