// A reader that has something to find out before it knows where to begin, and does so while the job runs already.
// Promises: until then it stands at the start and has nothing; what it finds out is given up when it is closed.

import type { SourceContext, SourceReader, SourceStatus } from '../../flow/source.ts';
import type { SourceProgress } from '../../flow/source-progress.ts';

export class LaterReader<Tuple, Position> implements SourceReader<Tuple, Position> {
  readonly #start: Position;
  #reader: SourceReader<Tuple, Position> | undefined;
  #isEmpty = false;
  #closed = false;

  /**
   * @param begin resolves to the reader, or to undefined if there is nothing to read; asks `isClosed` now and then
   */
  constructor(
    { position, wake, fail }: Pick<SourceContext<Position>, 'position' | 'wake' | 'fail'>,
    begin: (isClosed: () => boolean) => Promise<SourceReader<Tuple, Position> | undefined>,
  ) {
    this.#start = position;
    begin(() => this.#closed).then(
      (reader) => {
        if (this.#closed) {
          reader?.close();
          return;
        }
        this.#reader = reader;
        this.#isEmpty = reader === undefined;
        wake();
      },
      (error: unknown) => {
        if (!this.#closed) fail(error);
      },
    );
  }

  get position(): Position {
    return this.#reader?.position ?? this.#start;
  }

  read(emit: (tuple: Tuple) => void, limit: number): SourceStatus {
    if (this.#isEmpty) return 'end';
    return this.#reader?.read(emit, limit) ?? 'wait';
  }

  progress(): SourceProgress | undefined {
    return this.#reader?.progress?.();
  }

  close(): void {
    this.#closed = true;
    this.#reader?.close();
  }
}

/** The reader of a part in which there is nothing. */
export const emptyReader = <Tuple, Position>(position: Position): SourceReader<Tuple, Position> => ({
  position,
  read: () => 'end',
  progress: () => ({ done: 0, total: 0 }),
  close() {},
});
