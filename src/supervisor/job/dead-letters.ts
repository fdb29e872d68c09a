// The app's end of dead letters: reads those of all actors as they are committed.
// Promises: each letter once. If nobody iterates, the latest are kept and older ones dropped, and counted; while somebody
// does, none is dropped: actors wait instead.
// Relies on: one small ring per actor (src/actors/failures/dead-letters.ts).

import type { ActorDescriptor } from '../../actors/actor-descriptor.ts';
import { type LetterTuple, letterReader, openLetter } from '../../actors/failures/dead-letters.ts';
import { errors, fromRecord } from '../../errors.ts';
import type { TupleReader } from '../../mailbox/tuple-reader.ts';
import type { AppHost } from './app-host.ts';
import type { DeadLetter, DeadLetters } from './job-api.ts';

/** Letters that wait for a reader. */
export const LETTERS_KEPT_MAX = 1000;

export class CollectedLetters implements DeadLetters {
  private readonly host: AppHost;
  private readonly arrived: (letter: DeadLetter) => void;
  private readonly read: () => void;
  private readonly readers: readonly TupleReader<LetterTuple>[];
  private readonly kept: DeadLetter[] = [];
  private counted = 0;
  private readonly countedOf = new Map<string, number>();
  private droppedOnes = 0;
  private takenOnes = 0;
  private isRead = false;
  private isTaken = false;
  private ended = false;
  private wakeReader: () => void = () => {};

  /**
   * @param arrived told of each letter
   * @param read told when the app reads letters, or asks how many there are
   */
  constructor(
    descriptors: readonly ActorDescriptor[],
    host: AppHost,
    arrived: (letter: DeadLetter) => void,
    read: () => void,
  ) {
    this.host = host;
    this.arrived = arrived;
    this.read = read;
    this.readers = descriptors.map(({ letters }) => letterReader(letters).readOn(host.id));
  }

  get count(): number {
    this.read();
    return this.counted;
  }

  /** Those of one operator. */
  countOf(operator: string): number {
    return this.countedOf.get(operator) ?? 0;
  }

  /** What the stall detector looks at; the app reads nothing by it. */
  get flow(): { readonly count: number; readonly taken: number; readonly isHeld: boolean } {
    return { count: this.counted, taken: this.takenOnes, isHeld: !this.hasRoom };
  }

  get dropped(): number {
    return this.droppedOnes;
  }

  /** Takes what is committed, and waits for more, until the host is closed or the letters have ended. */
  start(): void {
    void (async () => {
      while (!this.ended && !this.host.isClosed) {
        this.take(false);
        await this.host.waitFor({ announce: () => {}, check: () => this.ended || this.canTake() });
      }
    })();
  }

  /** Takes what is still there: no actor writes any more. */
  end(): void {
    if (this.ended) return;
    this.take(true);
    this.ended = true;
    this.host.close();
    this.wakeReader();
  }

  private get hasRoom(): boolean {
    return !this.isRead || this.kept.length < LETTERS_KEPT_MAX;
  }

  private canTake(): boolean {
    return this.hasRoom && this.readers.some((reader) => reader.hasInput());
  }

  private take(isLast: boolean): void {
    for (const reader of this.readers) {
      while (isLast || this.hasRoom) {
        const letters = reader.next();
        if (letters === undefined) break;
        for (const letter of letters) this.keep(letter);
      }
      reader.release(this.host.wakeWords);
    }
  }

  private keep({ operator, replica, body }: LetterTuple): void {
    const { key, tuple, error, position } = openLetter(body);
    const letter = { operator, replica, key, tuple, error: fromRecord(error), position };
    this.counted++;
    this.countedOf.set(operator, this.countOf(operator) + 1);
    this.kept.push(letter);
    if (!this.isRead && this.kept.length > LETTERS_KEPT_MAX) {
      this.kept.shift();
      this.droppedOnes++;
    }
    this.wakeReader();
    this.arrived(letter);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<DeadLetter> {
    if (this.isTaken) throw errors.outputTaken('deadLetters');
    this.isTaken = true;
    this.isRead = true;
    this.read();
    try {
      for (;;) {
        const letter = this.kept.shift();
        if (letter !== undefined) {
          this.takenOnes++;
          // Actors may be waiting for this very place.
          if (this.kept.length === LETTERS_KEPT_MAX - 1) this.host.wakeWords.wakeUnconditionally(this.host.id);
          yield letter;
        } else if (this.ended) return;
        else
          await new Promise<void>((resolve) => {
            this.wakeReader = resolve;
          });
      }
    } finally {
      this.isRead = false;
      this.host.wakeWords.wakeUnconditionally(this.host.id);
    }
  }
}
