// A source and a sink as a user writes them: with nothing but what the package exports. The tuples arrive when they like, in two
// partitions, and some records are none; the sink keeps lines and their count in shared memory.
// Workers import this module too: it declares, and runs nothing.

import {
  dataflow,
  type SinkDefinition,
  type SourceContext,
  type SourceDefinition,
  type SourceReader,
  type TupleOf,
  t,
} from 'millrace';

const EVENT = { partition: t.u8(), number: t.u32(), name: t.string() };
type Event = TupleOf<typeof EVENT>;

const PARTITIONS = 2;
/** Every so many records one is spoilt. */
export const SPOILT_EVERY = 100;
const ARRIVING_MAX = 7;

export interface OwnParams {
  /** Records of each partition. */
  readonly count: number;
  /** Int32: the lines that the sink has taken, committed or not, by their numbers. */
  readonly lines: SharedArrayBuffer;
}

/** A partition of a queue that delivers a few records at a time, whenever it likes. */
class Subscription implements SourceReader<Event> {
  position: number;
  readonly #count: number;
  readonly #partition: number;
  readonly #reject: (record: unknown, error: Error, position: number) => void;
  readonly #timer: NodeJS.Timeout;
  #arrived = 0;

  constructor(count: number, { position, partition, reject, wake }: SourceContext) {
    this.#count = count;
    this.#partition = partition;
    this.#reject = reject;
    this.position = position;
    this.#timer = setInterval(() => {
      this.#arrived += 1 + (this.#arrived % ARRIVING_MAX);
      wake();
    }, 1);
  }

  read(emit: (event: Event) => void, limit: number): 'more' | 'wait' | 'end' {
    const partition = this.#partition;
    for (let left = limit; left > 0; left--) {
      if (this.position === this.#count) return 'end';
      if (this.#arrived === 0) return 'wait';
      this.#arrived--;
      const number = this.position;
      this.position++;
      if (number % SPOILT_EVERY === SPOILT_EVERY - 1)
        this.#reject({ partition, number }, new RangeError(`record ${number} is spoilt`), this.position);
      else emit({ partition, number, name: `${partition}/${number}` });
    }
    return 'more';
  }

  close(): void {
    clearInterval(this.#timer);
  }
}

const subscribe = (count: number): SourceDefinition<typeof EVENT> => ({
  kind: 'reader',
  fields: EVENT,
  partitions: PARTITIONS,
  // As a connection that takes its time.
  open: (context) => new Promise((resolve) => setTimeout(() => resolve(new Subscription(count, context)), 1)),
});

/** Keeps what it took: one cell for each line. Its position is the number of lines. */
const keep = (memory: SharedArrayBuffer): SinkDefinition<Event> => ({
  open({ position }) {
    const cells = new Int32Array(memory);
    let pending: Event[] = [];
    let written = position;
    const cut = (from: number): void => void cells.fill(0, from);
    cut(position);
    return {
      write: (event) => void pending.push(event),
      flush() {
        for (const { partition, number } of pending) cells[written++] = (partition << 24) | (number + 1);
        pending = [];
        return written;
      },
      rollback(committed) {
        pending = [];
        cut(committed);
        written = committed;
      },
      close() {},
    };
  },
});

export const own = dataflow(import.meta.url, 'own', (flow, { count, lines }: OwnParams) =>
  flow
    .source('events', subscribe(count), { parallelism: 2 })
    .filter('named', ({ name }) => name !== '', { fuse: false })
    .to('kept', keep(lines), { fuse: false }),
);
