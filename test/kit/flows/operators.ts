// Flows of the operator tests: one for each operator or way to combine them, small enough that a plain loop gives the
// expected result. `seen` in params is shared memory in which closures leave what they saw.

import { threadId } from 'node:worker_threads';
import { dataflow, type Field, type SinkDefinition, t, table } from '../../../src/index.ts';
import { writeLines } from '../../../src/sinks.ts';
import { generate, push } from '../../../src/sources.ts';

export const numberFields = { n: t.u32() };
export const pairFields = { key: t.u32(), n: t.u32() };

/** Tuple n of the keyed flows: keys come in an order that looks random. */
export const keyedTuple = (n: number, keys: number) => ({ key: (Math.imul(n, 2654435761) >>> 7) % keys, n });

export interface ChainParams {
  readonly count: number;
  readonly fuse: boolean;
}

export const tripled = (n: number): number => n * 3;
export const isWanted = (n: number): boolean => n % 2 === 0;
export const copiesOf = (n: number): number => n % 4;

export const chain = dataflow(import.meta.url, 'chain', (flow, { count, fuse }: ChainParams) =>
  flow
    .source(
      'numbers',
      generate(numberFields, (n) => ({ n }), { count }),
    )
    .map('triple', numberFields, ({ n }) => ({ n: tripled(n) }), { fuse })
    .filter('wanted', ({ n }) => isWanted(n), { fuse })
    .flatMap(
      'copies',
      { n: t.u32(), copy: t.u8() },
      ({ n }, emit) => {
        for (let copy = 0; copy < copiesOf(n); copy++) emit({ n, copy });
      },
      { fuse },
    )
    .collect('out'),
);

export interface KeyedParams {
  readonly count: number;
  readonly keys: number;
  readonly parallelism: number;
}

/** Emits for each tuple the count and sum of its key so far, and the thread that owns the key. */
export const runningSums = dataflow(
  import.meta.url,
  'running-sums',
  (flow, { count, keys, parallelism }: KeyedParams) =>
    flow
      .source(
        'numbers',
        generate(pairFields, (n) => keyedTuple(n, keys), { count }),
      )
      .keyBy('key')
      .process(
        'sum',
        {
          state: { count: t.u32(), sum: t.f64() },
          output: { key: t.u32(), n: t.u32(), count: t.u32(), sum: t.f64(), thread: t.u32() },
        },
        ({ key, n }, state, emit) => {
          state.count += 1;
          state.sum += n;
          emit({ key, n, count: state.count, sum: state.sum, thread: threadId });
        },
        { parallelism },
      )
      .collect('sums'),
);

/** Two keyed operators in a row, each with replicas of its own number. */
export const twoSums = dataflow(
  import.meta.url,
  'two-sums',
  (flow, { count, keys, first, second }: { count: number; keys: number; first: number; second: number }) =>
    flow
      .source(
        'numbers',
        generate(pairFields, (n) => keyedTuple(n, keys), { count }),
      )
      .keyBy('key')
      .process(
        'per-key',
        { state: { sum: t.f64() }, output: { key: t.u32(), parity: t.bool(), sum: t.f64() } },
        ({ key, n }, state, emit) => {
          state.sum += n;
          emit({ key, parity: key % 2 === 0, sum: state.sum });
        },
        { parallelism: first },
      )
      .keyBy('key')
      .process(
        'steps',
        { state: { last: t.f64(), steps: t.u32() }, output: { key: t.u32(), steps: t.u32(), rises: t.bool() } },
        ({ key, sum }, state, emit) => {
          const rises = sum >= state.last;
          state.last = sum;
          state.steps += 1;
          emit({ key, steps: state.steps, rises });
        },
        { parallelism: second },
      )
      .collect('steps-out'),
);

export type KeyKind = 'u8' | 'i32' | 'u32' | 'f64' | 'bool' | 'timestamp' | 'string' | 'dictionary';

/** The k-th key of a kind; some are awkward on purpose. */
export function keyOf(kind: KeyKind, k: number): unknown {
  switch (kind) {
    case 'u8':
      return k % 256;
    case 'i32':
      return k % 2 === 0 ? k : -k;
    case 'u32':
      return (0xffffffff - k) >>> 0;
    case 'f64':
      return [Number.NaN, 0, -0, Number.POSITIVE_INFINITY, 1e-300][k] ?? k / 7;
    case 'bool':
      return k % 2 === 0;
    case 'timestamp':
      return 1_700_000_000_000 + k;
    case 'string':
    case 'dictionary':
      return ['', 'é', '漢字', '\u{1f980}', 'a'.repeat(300)][k] ?? `key-${k}`;
  }
}

/** Counts by a key of any type; the second key, if there is one, is a string. */
export const countByKind = dataflow(
  import.meta.url,
  'count-by-kind',
  (flow, params: { kind: KeyKind; pair: boolean; count: number; keys: number; parallelism: number }) => {
    const { kind, pair, count, keys, parallelism } = params;
    const key = t[kind]() as Field<unknown>;
    const keyed = flow.source(
      'numbers',
      generate({ key, tag: t.string() }, (n) => ({ key: keyOf(kind, n % keys), tag: `t${n % 3}` }), { count }),
    );
    return (pair ? keyed.keyBy('key', 'tag') : keyed.keyBy('key'))
      .process(
        'count',
        { state: { count: t.u32() }, output: { key, tag: t.string(), count: t.u32() } },
        ({ key, tag }, state, emit) => {
          state.count += 1;
          emit({ key, tag, count: state.count });
        },
        { parallelism },
      )
      .collect('counts');
  },
);

/** Every type of field in the state, and two tables: rows are inserted, changed, deleted, iterated and cleared. */
export const sessions = dataflow(
  import.meta.url,
  'sessions',
  (flow, { count, parallelism }: { count: number; parallelism: number }) =>
    flow
      .source(
        'views',
        generate(
          { user: t.string(), page: t.u32(), n: t.u32() },
          (n) => ({ user: `user-${n % 17}`, page: (n * 7) % 23, n }),
          {
            count,
          },
        ),
      )
      .keyBy('user')
      .process(
        'session',
        {
          state: {
            views: t.u32(),
            lastPage: t.i32(),
            path: t.string(),
            big: t.bool(),
            facts: t.json<number[]>(),
            raw: t.bytes(),
          },
          tables: {
            pages: table({ page: t.u32() }, { hits: t.u32(), title: t.string() }),
            moves: table({ from: t.u32(), to: t.u32() }, { times: t.u32() }),
          },
          output: { user: t.string(), summary: t.json<SessionSummary>() },
        },
        ({ page, n }, state) => {
          if (state.views > 0) state.moves.upsert(state.lastPage, page).times += 1;
          state.views += 1;
          state.lastPage = page;
          state.path = `${state.path}/${page}`.slice(-40);
          state.big = n > 1000;
          state.facts = [n, page];
          state.raw = Uint8Array.of(n & 255, page);
          const row = state.pages.upsert(page);
          row.hits += 1;
          row.title = `page ${page} seen ${row.hits} times`;
          if (n % 11 === 0) state.pages.delete((page + 1) % 23);
          if (n % 101 === 0) state.moves.clear();
        },
        {
          parallelism,
          end: ({ user }, state, emit) => {
            emit({
              user,
              summary: {
                views: state.views,
                lastPage: state.lastPage,
                path: state.path,
                big: state.big,
                facts: state.facts,
                raw: [...state.raw],
                pages: [...state.pages].map(({ page, hits, title }) => [page, hits, title] as const),
                moves: [...state.moves].map(({ from, to, times }) => [from, to, times] as const),
              },
            });
          },
        },
      )
      .collect('summaries'),
);

export interface SessionSummary {
  readonly views: number;
  readonly lastPage: number;
  readonly path: string;
  readonly big: boolean;
  readonly facts: number[];
  readonly raw: number[];
  readonly pages: (readonly [number, number, string])[];
  readonly moves: (readonly [number, number, number])[];
}

/** Two sources as one stream, counted by key. */
export const merged = dataflow(
  import.meta.url,
  'merged',
  (flow, { count, parallelism }: { count: number; parallelism: number }) => {
    const fields = { side: t.string(), n: t.u32() };
    const left = flow.source(
      'left',
      generate(fields, (n) => ({ side: 'left', n }), { count }),
    );
    const right = flow.source(
      'right',
      generate(fields, (n) => ({ side: 'right', n }), { count: count * 2 }),
    );
    return left
      .merge(right)
      .keyBy('side')
      .process(
        'order',
        { state: { next: t.u32() }, output: { side: t.string(), n: t.u32(), inOrder: t.bool() } },
        ({ side, n }, state, emit) => {
          emit({ side, n, inOrder: n === state.next });
          state.next = n + 1;
        },
        { parallelism },
      )
      .collect('out');
  },
);

/** One stream with four consumers, two of them outputs. */
export const branches = dataflow(
  import.meta.url,
  'branches',
  (flow, { count, seen }: { count: number; seen: SharedArrayBuffer }) => {
    const counts = new Int32Array(seen);
    const numbers = flow.source(
      'numbers',
      generate(numberFields, (n) => ({ n }), { count }),
    );
    const [squares, plain, times] = numbers.split(
      (numbers) => numbers.map('square', { square: t.f64() }, ({ n }) => ({ square: n * n })).collect('squares'),
      (numbers) => numbers.collect('plain'),
      (numbers) =>
        numbers
          .keyBy('n')
          .process(
            'once',
            { state: { times: t.u32() }, output: { n: t.u32(), times: t.u32() } },
            ({ n }, state, emit) => {
              state.times += 1;
              emit({ n, times: state.times });
            },
            { parallelism: 2 },
          )
          .collect('times'),
      (numbers) => {
        numbers.forEach('watch', ({ n }) => {
          Atomics.add(counts, 0, 1);
          Atomics.add(counts, 1, n);
        });
      },
    );
    return { squares, plain, times };
  },
);

/** Emits one tuple for each key, at the end. */
export const totals = dataflow(import.meta.url, 'totals', (flow, { count, keys, parallelism }: KeyedParams) =>
  flow
    .source(
      'numbers',
      generate(pairFields, (n) => keyedTuple(n, keys), { count }),
    )
    .keyBy('key')
    .process(
      'total',
      { state: { sum: t.f64() }, output: { key: t.u32(), sum: t.f64() } },
      ({ n }, state) => {
        state.sum += n;
      },
      { parallelism, end: ({ key }, state, emit) => emit({ key, sum: state.sum }) },
    )
    .map('doubled', { key: t.u32(), sum: t.f64() }, ({ key, sum }) => ({ key, sum: 2 * sum }))
    .collect('totals'),
);

/** A keyed operator without an output, and replicas of a stateless one. */
export const keyedSinks = dataflow(
  import.meta.url,
  'keyed-sinks',
  (flow, { count, parallelism, seen }: { count: number; parallelism: number; seen: SharedArrayBuffer }) => {
    const counts = new Int32Array(seen);
    const numbers = flow.source(
      'numbers',
      generate(pairFields, (n) => keyedTuple(n, 50), { count }),
    );
    numbers.keyBy('key').process(
      'state-only',
      { state: { count: t.u32() } },
      (_, state) => {
        state.count += 1;
        Atomics.add(counts, 0, state.count);
      },
      { parallelism },
    );
    numbers.keyBy('key').forEach('watch', () => void Atomics.add(counts, 1, 1), { parallelism });
    numbers
      .keyBy('key')
      .map('shared-map', numberFields, ({ n }) => ({ n: n + 1 }), { parallelism })
      .forEach('sum', ({ n }) => void Atomics.add(counts, 2, n));
  },
);

/** A sink that counts in shared memory what it was told, as a file would keep it. */
export function recordingSink(seen: SharedArrayBuffer): SinkDefinition<{ n: number }> {
  const cells = new Int32Array(seen);
  return {
    open: ({ position }) => {
      let pending: number[] = [];
      let at = position;
      return {
        write: ({ n }) => void pending.push(n),
        flush() {
          for (const n of pending) cells[8 + at++] = n;
          pending = [];
          Atomics.add(cells, 0, 1);
          return at;
        },
        rollback(committed) {
          pending = [];
          at = committed;
          Atomics.add(cells, 1, 1);
        },
        close: () => void Atomics.add(cells, 2, 1),
      };
    },
  };
}

export const intoSink = dataflow(
  import.meta.url,
  'into-sink',
  (flow, { count, fuse, seen }: { count: number; fuse: boolean; seen: SharedArrayBuffer }) =>
    flow
      .source(
        'numbers',
        generate(numberFields, (n) => ({ n }), { count }),
      )
      .to('record', recordingSink(seen), { fuse }),
);

/** A stream into a file. */
export const intoFile = dataflow(
  import.meta.url,
  'into-file',
  (flow, { count, fuse, path }: { count: number; fuse: boolean; path: string }) =>
    flow
      .source(
        'numbers',
        generate(numberFields, (n) => ({ n }), { count }),
      )
      .to(
        'file',
        writeLines(path, ({ n }) => `line ${n}`),
        { fuse },
      ),
);

/** A sink that cannot be opened. */
export const brokenSink = dataflow(import.meta.url, 'broken-sink', (flow) =>
  flow
    .source(
      'numbers',
      generate(numberFields, (n) => ({ n }), { count: 5 }),
    )
    .to('broken', {
      open: () => {
        throw new RangeError('this sink does not open');
      },
    }),
);

/** A slow operator and the app's own quick one, which share a worker. */
export const slowNeighbour = dataflow(import.meta.url, 'slow-neighbour', (flow, { slowMs }: { slowMs: number }) => {
  const nap = new Int32Array(new SharedArrayBuffer(4));
  flow
    .source(
      'endless',
      generate(numberFields, (n) => ({ n })),
    )
    .forEach('slow', () => void Atomics.wait(nap, 0, 0, slowMs), { fuse: false });
  return flow
    .source('app', push(numberFields))
    .map('quick', numberFields, ({ n }) => ({ n }))
    .collect('out');
});

/** Keeps a text for each of very many keys. */
export const hoarder = dataflow(import.meta.url, 'hoarder', (flow, { count }: { count: number }) =>
  flow
    .source(
      'numbers',
      generate(numberFields, (n) => ({ n }), { count }),
    )
    .keyBy('n')
    .process('hoard', { state: { text: t.string() } }, ({ n }, state) => {
      state.text = `${n}`.repeat(100);
    }),
);

/** Many operators in a row, each in an actor of its own. */
export const longChain = dataflow(
  import.meta.url,
  'long-chain',
  (flow, { count, hops }: { count: number; hops: number }) => {
    let stream = flow.source(
      'numbers',
      generate(numberFields, (n) => ({ n }), { count }),
    );
    for (let hop = 0; hop < hops; hop++) {
      stream = stream.map(`hop-${hop}`, numberFields, ({ n }) => ({ n: n + 1 }), { fuse: false });
    }
    return stream.collect('out');
  },
);
