// Flows that once made recovery loop, stall or leak. What they did is counted in shared memory.
// Workers import this module too: it declares, and runs nothing.

import { openSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import type { SourceContext, SourceReader, SourceStatus } from '../../../src/flow/source.ts';
import { dataflow, t } from '../../../src/index.ts';
import { fromIterable, generate } from '../../../src/sources.ts';

/** Cells of `cells`: runs of what fails; orders of the app; what was blocked; sources that were closed. */
export const Cell = { ran: 0, order: 1, blocked: 2, closed: 3 } as const;

export const newCells = (): Int32Array<SharedArrayBuffer> => new Int32Array(new SharedArrayBuffer(16));

interface Counted {
  readonly cells: SharedArrayBuffer;
}

/** An iterable of `count` numbers, with a fused operator that throws at one of them, or ends its worker. */
export const farAlong = dataflow(
  import.meta.url,
  'far-along',
  (flow, { cells, count, bad, exits }: Counted & { count: number; bad: number; exits: boolean }) => {
    const counts = new Int32Array(cells);
    function* numbers(): Generator<{ n: number }> {
      for (let n = 0; n < count; n++) yield { n };
    }
    flow.source('numbers', fromIterable({ n: t.u32() }, numbers)).forEach('fails', ({ n }) => {
      if (n !== bad) return;
      Atomics.add(counts, Cell.ran, 1);
      if (exits) process.exit(7);
      throw new Error('bad');
    });
  },
);

/** One tuple that becomes many: their last frame is written only as the batch commits. */
export const copies = dataflow(import.meta.url, 'copies', (flow, { cells, emitted }: Counted & { emitted: number }) => {
  const counts = new Int32Array(cells);
  return flow
    .source(
      'one',
      generate({ n: t.u32() }, (n) => ({ n }), { count: 1 }),
    )
    .flatMap(
      'copied',
      { n: t.u32() },
      (_, emit) => {
        Atomics.add(counts, Cell.ran, 1);
        for (let n = 0; n < emitted; n++) emit({ n });
      },
      { fuse: false },
    )
    .collect('out');
});

/** Its end-of-stream closure always throws, and its supervisor is to deal with that. */
export const endThrows = dataflow(import.meta.url, 'end-throws', (flow) =>
  flow
    .source(
      'numbers',
      generate({ n: t.u32() }, (n) => ({ n }), { count: 100 }),
    )
    .keyBy('n')
    .process(
      'count',
      { state: { times: t.u32() }, output: { n: t.u32() } },
      (_, state) => {
        state.times++;
      },
      {
        failure: 'escalate',
        end: () => {
          throw new Error('no end');
        },
      },
    )
    .forEach('sink', () => {}),
);

/** Every tuple is a dead letter. */
export const allBad = dataflow(import.meta.url, 'all-bad', (flow, { count }: { count: number }) =>
  flow
    .source(
      'numbers',
      generate({ n: t.u32() }, (n) => ({ n }), { count }),
    )
    .forEach(
      'fails',
      () => {
        throw new Error('bad');
      },
      { fuse: false },
    ),
);

/** Many operators, each of which announces its end. */
export const manyOperators = dataflow(import.meta.url, 'many-operators', (flow, { sources }: { sources: number }) => {
  for (let i = 0; i < sources; i++)
    flow
      .source(
        `n${i}`,
        generate({ n: t.u32() }, (n) => ({ n }), { count: 1 }),
      )
      .forEach(`f${i}`, () => {});
});

/** Endless. A worker that loads the flow when it is ordered to opens a pipe, which blocks it until the other end is opened. */
export const blocksOnLoad = dataflow(
  import.meta.url,
  'blocks-on-load',
  (flow, { cells, pipe }: Counted & { pipe: string }) => {
    const orders = new Int32Array(cells);
    if (!isMainThread && Atomics.exchange(orders, Cell.order, 0) === 1) {
      Atomics.store(orders, Cell.blocked, 1);
      openSync(pipe, 'r');
    }
    flow
      .source(
        'numbers',
        generate({ n: t.u32() }, (n) => ({ n }), { ratePerSecond: 1000 }),
      )
      .forEach('sink', () => {});
  },
);

/** What a source of numbers does; `read` is all that differs. */
const reader = (
  open: (context: SourceContext) => (self: { position: number }, emit: (n: number) => void) => SourceStatus,
  close = (): void => {},
) => ({
  fields: { n: t.u32() },
  kind: 'reader' as const,
  open(context: SourceContext): SourceReader<{ n: number }> {
    const read = open(context);
    return {
      position: context.position,
      read(emit) {
        return read(this, (n) => emit({ n }));
      },
      close,
    };
  },
});

/** A source that pauses before every tenth tuple, and asks for the next read while it is still in this one. */
export const wakesInRead = dataflow(
  import.meta.url,
  'wakes-in-read',
  (flow, { count, bad }: { count: number; bad: number }) => {
    const source = reader(({ wake }) => {
      let pausedAt = -1;
      return (self, emit) => {
        if (self.position % 10 === 0 && pausedAt !== self.position) {
          pausedAt = self.position;
          wake();
          return 'wait';
        }
        if (self.position === count) return 'end';
        emit(self.position++);
        return 'more';
      };
    });
    flow.source('numbers', source).forEach('fails', ({ n }) => {
      if (n === bad) throw new Error('bad');
    });
  },
);

/** A source that waits, and whose timer loops for ever the first time that it fires; the next time it ends the source. */
export const loopsWhileParked = dataflow(import.meta.url, 'loops-while-parked', (flow, { cells }: Counted) => {
  const counts = new Int32Array(cells);
  const source = reader(({ wake }) => {
    let isOver = false;
    setTimeout(() => {
      if (Atomics.add(counts, Cell.ran, 1) === 0) for (;;);
      isOver = true;
      wake();
    }, 50);
    return () => (isOver ? 'end' : 'wait');
  });
  flow.source('numbers', source).forEach('sink', () => {});
});

/** A source that counts its closings, and a sink in another worker that loops for ever at tuple 500. */
export const loopsInSink = dataflow(import.meta.url, 'loops-in-sink', (flow, { cells }: Counted) => {
  const counts = new Int32Array(cells);
  const source = reader(
    () => (self, emit) => {
      if (self.position >= 1000) return 'wait';
      emit(self.position++);
      return 'more';
    },
    () => void Atomics.add(counts, Cell.closed, 1),
  );
  flow.source('numbers', source).forEach(
    'sink',
    ({ n }) => {
      if (n < 500) return;
      Atomics.store(counts, Cell.blocked, 1);
      for (;;);
    },
    { fuse: false },
  );
});
