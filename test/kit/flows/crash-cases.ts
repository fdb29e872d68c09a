// Small flows, one for each thing that a crash could break: their actors are made to die at every store (test/actors/crash-anywhere.test.ts).
// Promises: what comes out for a key, and the state in the end, depend on each of its tuples and their order; so a tuple that
// is lost, repeated or out of place shows. Every closure asks `point` before it does anything: a dead thread does nothing.

import { collect as collected, count as counted, last, max, sum } from '../../../src/aggregates.ts';
import type { SinkDefinition } from '../../../src/flow/sink.ts';
import { type Dataflow, dataflow, outputs, t, table } from '../../../src/index.ts';
import { mix32 } from '../../../src/mailbox/hash.ts';
import { fromIterable, generate } from '../../../src/sources.ts';

export interface CrashParams {
  /** A point at which the thread may die. */
  readonly point: () => void;
  /** How many tuples the source gives. */
  readonly count: number;
  /** What a sink has written: it outlives the sink's actor. */
  readonly file: string[];
  /** What a tuple does that ends its worker. */
  readonly die?: () => void;
}

export type CrashFlow = Dataflow<CrashParams, unknown>;

/** A hash in which every value and its place count. */
export const mix = (state: number, value: number): number => mix32((Math.imul(state, 31) + value) | 0) >>> 0;

const numbers = { key: t.u32(), n: t.u32() };
const words = { word: t.string(), n: t.u32() };
const WORDS = ['whale', 'a sea that is too long for a cell', '海', '', 'ship'];
const wordOf = (n: number): string => WORDS[(n * 7) % WORDS.length];

export const chain: CrashFlow = dataflow(import.meta.url, 'chain', (flow, { point, count }) =>
  flow
    .source(
      'numbers',
      generate(numbers, (n) => ({ key: n % 3, n }), { count }),
    )
    .map('double', numbers, ({ key, n }) => {
      point();
      return { key, n: n * 2 };
    })
    .filter('drop', ({ n }) => {
      point();
      return n % 5 !== 0;
    })
    .flatMap('copies', numbers, ({ key, n }, emit) => {
      for (let copy = 0; copy < n % 4; copy++) {
        try {
          emit({ key, n: n * 10 + copy });
        } catch {
          // A closure may swallow what emit throws; its thread is dead all the same.
        }
        point();
      }
    })
    .map(
      'pass',
      { key: t.u32(), n: t.f64(), text: t.string(), flag: t.bool() },
      ({ key, n }) => {
        point();
        return { key, n: n / 7, text: WORDS[n % WORDS.length], flag: n % 2 === 0 };
      },
      { fuse: false },
    )
    .collect('out'),
);

/** Outputs in the middle of a chain, of which nobody reads one, and an aggregate that is combined behind another. */
export const sides: CrashFlow = dataflow(import.meta.url, 'sides', (flow, { point, count }) => {
  const { main, side } = flow
    .source(
      'numbers',
      generate(numbers, (n) => ({ key: n % 2, n }), { count }),
    )
    .flatMap(
      'fork',
      outputs({ main: numbers, side: { key: t.u32(), n: t.u32(), text: t.string() }, unread: { n: t.u32() } }),
      ({ key, n }, emit) => {
        point();
        emit.side({ key, n, text: wordOf(n) });
        emit.unread({ n });
        point();
        emit.main({ key, n: n * 2 });
        emit.main({ key, n: n * 2 + 1 });
      },
    );
  const { odd, even } = main.flatMap('part', outputs({ odd: numbers, even: numbers }), (tuple, emit) => {
    point();
    if (tuple.n % 2 === 1) emit.odd(tuple);
    else emit.even(tuple);
  });
  return [
    odd
      .keyBy('key')
      .aggregate('totals', { tuples: counted(), total: sum('n') })
      .collect('totals-out'),
    even.collect('even-out'),
    side.collect('side-out'),
  ];
});

export const counting: CrashFlow = dataflow(import.meta.url, 'counting', (flow, { point, count }) =>
  flow
    .source(
      'words',
      generate(words, (n) => ({ word: wordOf(n), n }), { count }),
    )
    .keyBy('word')
    .process(
      'count',
      { state: { count: t.u32(), hash: t.u32() }, output: { key: t.string(), count: t.u32(), hash: t.u32() } },
      ({ word, n }, state, emit) => {
        point();
        state.count += 1;
        state.hash = mix(state.hash, n);
        point();
        emit({ key: word, count: state.count, hash: state.hash });
      },
    )
    .map('behind', { key: t.string(), value: t.string() }, ({ key, count: counted, hash }) => {
      point();
      return { key, value: `${counted}/${hash}` };
    })
    .collect('out'),
);

export const tables: CrashFlow = dataflow(import.meta.url, 'tables', (flow, { point, count }) =>
  flow
    .source(
      'numbers',
      generate(numbers, (n) => ({ key: n % 2, n }), { count }),
    )
    .keyBy('key')
    .process(
      'keep',
      {
        state: { text: t.string(), extra: t.json(), blob: t.bytes(), sum: t.f64() },
        tables: {
          parts: table({ part: t.string() }, { note: t.string(), n: t.u32() }),
          sums: table({ at: t.f64() }, { sum: t.u32() }),
        },
        output: { key: t.u32(), hash: t.u32() },
      },
      ({ key, n }, state, emit) => {
        point();
        state.text = `${state.text}${n},`.slice(-40);
        state.extra = { n, list: new Array(n % 4).fill('ж') };
        state.blob = new Uint8Array((n * 5) % 30).fill(n);
        state.sum += n / 3;
        const part = state.parts.upsert(`part ${n % 5} with a long name`);
        part.note = 'x'.repeat((n * 11) % 40);
        part.n = mix(part.n, n);
        state.sums.upsert(n / 2).sum += n;
        if (n % 4 === 3) state.parts.delete(`part ${(n + 2) % 5} with a long name`);
        if (n % 11 === 10) state.parts.clear();
        point();
        emit({ key, hash: mix(mix(part.n, state.parts.size), state.text.length + state.sums.size) });
      },
    )
    .collect('out'),
);

export const removing: CrashFlow = dataflow(import.meta.url, 'removing', (flow, { point, count }) =>
  flow
    .source(
      'words',
      generate(words, (n) => ({ word: WORDS[n === 1 ? 1 : 0], n }), { count }),
    )
    .keyBy('word')
    .process(
      'count',
      {
        state: { count: t.u32(), last: t.string() },
        tables: { seen: table({ n: t.u32() }, { note: t.string() }) },
        output: { key: t.string(), count: t.u32(), seen: t.u32() },
      },
      ({ word, n }, state, emit, context) => {
        point();
        state.count += 1;
        state.last = `the last tuple of ${word} is ${n}`;
        state.seen.upsert(n).note = `a note on ${n} that takes an extent`;
        emit({ key: word, count: state.count, seen: state.seen.size });
        if (state.count === 2) context.remove();
        point();
      },
    )
    .collect('out'),
);

/** Keys of one key group, so that its table grows soon; and a table that grows under one of them. */
export const growing: CrashFlow = dataflow(import.meta.url, 'growing', (flow, { point, count }) =>
  flow
    .source(
      'numbers',
      generate(numbers, (n) => ({ key: ONE_GROUP[n % 24], n }), { count }),
    )
    .keyBy('key')
    .process(
      'keep',
      {
        state: { hash: t.u32() },
        tables: { parts: table({ part: t.u32() }, { n: t.u32() }) },
        output: { key: t.u32(), hash: t.u32() },
      },
      ({ key, n }, state, emit) => {
        point();
        state.hash = mix(state.hash, n);
        if (key === ONE_GROUP[0]) for (let part = 0; part <= n; part += 4) state.parts.upsert(part).n += n;
        emit({ key, hash: state.hash });
      },
    )
    .collect('out'),
);

const ONE_GROUP = ((): number[] => {
  const keys: number[] = [];
  for (let key = 0; keys.length < 24; key++) if (mix32(key) >>> 24 === mix32(0) >>> 24) keys.push(key);
  return keys;
})();

/** So many fields that a segment has 64 slots, and that the 45th key of a group makes a second one. */
const WIDE = Object.fromEntries(Array.from({ length: 64 }, (_, i) => [`f${i}`, t.f64()]));
const ONE_GROUP_MORE = ((): number[] => {
  const keys: number[] = [];
  for (let key = 0; keys.length < 48; key++) if (mix32(key) >>> 24 === mix32(1) >>> 24) keys.push(key);
  return keys;
})();

/** Keys of one group in a table that becomes one of segments; from the 49th tuple on each key comes again. */
export const dividing: CrashFlow = dataflow(import.meta.url, 'dividing', (flow, { point, count }) =>
  flow
    .source(
      'numbers',
      generate(numbers, (n) => ({ key: ONE_GROUP_MORE[(n * 5) % 48], n }), { count }),
    )
    .keyBy('key')
    .process(
      'keep',
      { state: { hash: t.u32(), ...WIDE }, output: { key: t.u32(), hash: t.u32() } },
      ({ key, n }, state, emit) => {
        point();
        state.hash = mix(state.hash, n);
        emit({ key, hash: state.hash });
      },
    )
    .collect('out'),
);

/** Each tuple becomes more than the smallest ring holds. */
export const spilling: CrashFlow = dataflow(import.meta.url, 'spilling', (flow, { point, count }) =>
  flow
    .source(
      'numbers',
      generate(numbers, (n) => ({ key: n % 2, n }), { count }),
    )
    .keyBy('key')
    .process(
      'explode',
      { state: { hash: t.u32() }, output: { key: t.u32(), copy: t.u32(), text: t.string() } },
      ({ key, n }, state, emit) => {
        point();
        state.hash = mix(state.hash, n);
        for (let copy = 0; copy < 4; copy++) emit({ key, copy, text: `${state.hash}/${copy}:`.padEnd(700, 'x') });
      },
    )
    .map(
      'pass',
      { key: t.u32(), copy: t.u32(), text: t.string() },
      (tuple) => {
        point();
        return tuple;
      },
      { fuse: false },
    )
    .collect('out'),
);

/** Keys of one group, and of others; one of them has no end that works. */
export const ending: CrashFlow = dataflow(import.meta.url, 'ending', (flow, { point, count }) =>
  flow
    .source(
      'numbers',
      generate(numbers, (n) => ({ key: ONE_GROUP[n % 3] + (n % 2), n }), { count }),
    )
    .keyBy('key')
    .process(
      'sum',
      {
        state: { sum: t.u32(), isTold: t.bool() },
        tables: { parts: table({ part: t.u32() }, { n: t.u32() }) },
        output: { key: t.u32(), sum: t.u32() },
      },
      ({ n }, state) => {
        point();
        state.sum = mix(state.sum, n);
        state.parts.upsert(n % 2).n += n;
      },
      {
        end: ({ key }, state, emit) => {
          point();
          for (const { part, n } of state.parts) state.sum = mix(state.sum, part + n);
          state.isTold = true;
          state.parts.clear();
          point();
          emit({ key, sum: state.sum });
          emit({ key, sum: 0 });
          if (key === ONE_GROUP[1] + 1) throw new RangeError(`bad end of ${key}`);
        },
      },
    )
    .map('behind', { key: t.u32(), sum: t.u32() }, ({ key, sum }) => {
      point();
      return { key, sum };
    })
    .collect('out'),
);

/** Two replicas that read one ring and share arenas; what they write is read by one. */
export const replicas: CrashFlow = dataflow(import.meta.url, 'replicas', (flow, { point, count }) =>
  flow
    .source(
      'words',
      generate(words, (n) => ({ word: `w${(n * 7) % 5}`, n }), { count }),
    )
    .keyBy('word')
    .process(
      'count',
      { state: { hash: t.u32(), text: t.string() }, output: { key: t.string(), hash: t.u32() } },
      ({ word, n }, state, emit) => {
        point();
        state.hash = mix(state.hash, n);
        state.text = `${word} was last seen at ${n}`;
        emit({ key: word, hash: state.hash });
      },
      { parallelism: 2 },
    )
    .map(
      'pass',
      { key: t.string(), hash: t.u32() },
      (tuple) => {
        point();
        return tuple;
      },
      { fuse: false },
    )
    .collect('out'),
);

/** Two replicas that keep the order of their input together: all tuples have one key. */
export const inOrder: CrashFlow = dataflow(import.meta.url, 'in-order', (flow, { point, count }) =>
  flow
    .source(
      'numbers',
      generate(numbers, (n) => ({ key: 0, n }), { count }),
    )
    .ordered()
    .flatMap(
      'copies',
      numbers,
      ({ key, n }, emit) => {
        point();
        for (let copy = 0; copy < (n * 3) % 4; copy++) emit({ key, n: n * 10 + copy });
        point();
      },
      { parallelism: 2 },
    )
    .keyBy('key')
    .process(
      'count',
      { state: { count: t.u32(), hash: t.u32() }, output: { key: t.u32(), n: t.u32(), count: t.u32(), hash: t.u32() } },
      ({ key, n }, state, emit) => {
        point();
        state.count += 1;
        state.hash = mix(state.hash, n);
        emit({ key, n, count: state.count, hash: state.hash });
      },
    )
    .collect('out'),
);

/** Two inputs; and a stream that two operators read. */
export const merging: CrashFlow = dataflow(import.meta.url, 'merging', (flow, { point, count }) => {
  const left = flow.source(
    'left',
    generate(numbers, (n) => ({ key: n % 2, n }), { count }),
  );
  const right = flow.source(
    'right',
    generate(numbers, (n) => ({ key: 10 + (n % 2), n: n * 3 }), { count: count >> 1 }),
  );
  const merged = flow.merge(left, right);
  merged
    .keyBy('key')
    .process(
      'hash',
      { state: { hash: t.u32() }, output: { key: t.u32(), hash: t.u32() } },
      ({ key, n }, state, emit) => {
        point();
        state.hash = mix(state.hash, n);
        emit({ key, hash: state.hash });
      },
    )
    .collect('out');
  return left
    .map(
      'copy',
      numbers,
      ({ key, n }) => {
        point();
        return { key, n: n + 1 };
      },
      { fuse: false },
    )
    .collect('copies');
});

export const dictionaries: CrashFlow = dataflow(import.meta.url, 'dictionaries', (flow, { point, count }) =>
  flow
    .source(
      'words',
      generate({ key: t.dictionary(), n: t.u32() }, (n) => ({ key: WORDS[(n * n) % 5], n }), { count }),
    )
    .keyBy('key')
    .process(
      'count',
      {
        state: { count: t.u32(), last: t.dictionary() },
        output: { key: t.dictionary(), before: t.dictionary(), count: t.u32() },
      },
      ({ key, n }, state, emit) => {
        point();
        state.count += 1;
        const before = state.last;
        state.last = `${key}${n % 3}`;
        emit({ key, before, count: state.count });
      },
    )
    .collect('out'),
);

/** Keys whose tuples are combined where they are made: by two sources, and behind a keyed operator. */
export const aggregates: CrashFlow = dataflow(import.meta.url, 'aggregates', (flow, { point, count }) => {
  const told = { key: t.string(), n: t.u32() };
  const sourceOf = (name: string, first: number) =>
    flow
      .source(
        name,
        generate(words, (n) => ({ word: wordOf(n), n: first + n }), { count }),
      )
      .map(`${name}-told`, told, ({ word, n }) => {
        point();
        return { key: `${name} ${word}`, n };
      });
  sourceOf('left', 0)
    .merge(sourceOf('right', 100))
    .keyBy('key')
    .aggregate('gather', { tuples: counted(), list: collected('n', 100), last: last('n') }, { combineMs: 0.05 })
    .map('behind', { key: t.string(), n: t.u32(), text: t.string() }, ({ key, tuples, list, last: n }) => {
      point();
      return { key: key.slice(0, 6), n, text: `${tuples}: ${list.join()}` };
    })
    .keyBy('key')
    .aggregate('all', { tuples: counted(), text: max('text'), sum: sum('n') })
    .collect('out');
});

/** Tuples that no operator can process: in a source, fused behind it, in a keyed closure, and behind that. */
export const poisoned: CrashFlow = dataflow(import.meta.url, 'poisoned', (flow, { point, count }) =>
  flow
    .source(
      'numbers',
      generate(
        numbers,
        (n) => {
          if (n === 2) throw new RangeError('no third tuple');
          return { key: n % 2, n };
        },
        { count },
      ),
    )
    .map('check', numbers, (tuple) => {
      point();
      if (tuple.n === 1) throw new RangeError(`bad ${tuple.n}`);
      return tuple;
    })
    .keyBy('key')
    .process(
      'sum',
      {
        state: { hash: t.u32(), text: t.string() },
        output: { key: t.u32(), hash: t.u32() },
      },
      ({ key, n }, state, emit) => {
        point();
        state.hash = mix(state.hash, n);
        state.text = `${n} is too long for a cell as well`;
        emit({ key, hash: state.hash });
        if (n === 3) throw new RangeError(`bad ${n}`);
      },
    )
    .map('behind', { key: t.u32(), hash: t.u32() }, (tuple) => {
      point();
      if (tuple.hash % 3 === 0) throw new RangeError(`bad hash ${tuple.hash}`);
      return tuple;
    })
    .collect('out'),
);

/** Tuples that end the worker, in a source, fused behind it, in a keyed closure, behind that, and at the end. */
export const lethal: CrashFlow = dataflow(import.meta.url, 'lethal', (flow, { point, count, die = () => {} }) =>
  flow
    .source(
      'numbers',
      generate(
        numbers,
        (n) => {
          if (n === 3) die();
          return { key: n % 2, n };
        },
        { count },
      ),
    )
    .map('check', numbers, (tuple) => {
      point();
      if (tuple.n === 1) die();
      return tuple;
    })
    .keyBy('key')
    .process(
      'sum',
      { state: { hash: t.u32(), text: t.string() }, output: { key: t.u32(), n: t.u32(), hash: t.u32() } },
      ({ key, n }, state, emit) => {
        point();
        state.hash = mix(state.hash, n);
        emit({ key, n, hash: state.hash });
        if (n === 5) die();
      },
      {
        end: ({ key }, state, emit) => {
          state.text = `the end of ${key} is too long for a cell`;
          emit({ key, n: 0, hash: state.hash });
          if (key === 1) die();
        },
      },
    )
    .map('behind', { key: t.u32(), hash: t.u32() }, ({ key, n, hash }) => {
      point();
      if (n === 6) die();
      return { key, hash };
    })
    .collect('out'),
);

/** What stands before a line that is prepared, and does not count yet. */
const PREPARED = '~';

/** A sink whose lines are written one by one, and not at once: prepared before the commit, and committed after it. */
function linesTo(file: string[], point: () => void): SinkDefinition<{ key: number; n: number }> {
  const cut = (position: number): void => {
    point();
    if (file.length < position) throw new Error(`${file.length} lines, but ${position} have been committed`);
    file.length = position;
  };
  return {
    open({ position }) {
      cut(position);
      let lines: string[] = [];
      return {
        write({ key, n }) {
          point();
          lines.push(`${key}: ${n}`);
        },
        flush() {
          for (const line of lines) {
            point();
            file.push(`${PREPARED}${line}`);
          }
          lines = [];
          return file.length;
        },
        commit(to) {
          for (let i = 0; i < to; i++) {
            if (!file[i].startsWith(PREPARED)) continue;
            point();
            file[i] = file[i].slice(PREPARED.length);
          }
        },
        rollback(to) {
          lines = [];
          cut(to);
          if (file.some((line) => line.startsWith(PREPARED))) throw new Error('a line is committed, and not told so');
        },
        close: () => point(),
      };
    },
  };
}

/** A source with positions, which opens later, and a sink with positions. Every seventh line cannot be written. */
export const files: CrashFlow = dataflow(import.meta.url, 'files', (flow, { point, count, file }) =>
  flow
    .source(
      'lines',
      fromIterable(numbers, function* () {
        for (let n = 0; n < count; n++) {
          point();
          yield { key: n % 2, n };
        }
      }),
    )
    .map('check', numbers, (tuple) => {
      point();
      if (tuple.n === 5) throw new RangeError(`bad ${tuple.n}`);
      return tuple;
    })
    .map(
      'pass',
      numbers,
      (tuple) => {
        if (tuple.n === 7) throw new RangeError(`bad ${tuple.n}`);
        return tuple;
      },
      { fuse: false },
    )
    .to('sink', linesTo(file, point)),
);

/** Results come at once, after some turns of the event loop's microtasks, or never: then a retry brings them. */
export const asking: Dataflow<CrashParams & { readonly ordered?: boolean; readonly parallelism?: number }, unknown> =
  dataflow(import.meta.url, 'asking', (flow, { point, count, ordered, parallelism }) => {
    const source = flow.source(
      'numbers',
      generate(numbers, (n) => ({ key: n % 3, n }), { count }),
    );
    return (parallelism === undefined ? source : source.keyBy('key'))
      .flatMapAsync(
        'ask',
        numbers,
        ({ key, n }, { attempt, idempotencyKey }) => {
          point();
          if (typeof idempotencyKey !== 'string') throw new Error('a request has a key');
          if (n % 5 === 1 && attempt === 1) throw new Error('not now');
          if (n % 7 === 3) throw new Error(`never ${n}`);
          const answers = Array.from({ length: n % 3 }, (_, i) => ({ key, n: n * 10 + i }));
          return n % 4 === 0 ? answers : late(answers, (n * 5) % 7);
        },
        { capacity: 3, ordered, parallelism, retries: 1, backoffMs: 0 },
      )
      .map('behind', numbers, ({ key, n }) => {
        point();
        if (n % 11 === 0) throw new Error(`poison ${n}`);
        return { key, n: n + 1 };
      })
      .collect('out');
  });

/** Resolves after so many turns of the microtasks. */
export async function late<Value>(value: Value, turns: number): Promise<Value> {
  for (let i = 0; i < turns; i++) await null;
  return value;
}
