// Flows with operators that have several outputs by name, and what must come out of them.

import { dataflow, outputs, t } from '../../../src/index.ts';
import { generate } from '../../../src/sources.ts';

const N = { key: t.u32(), n: t.u32() };
const VALID = { key: t.u32(), n: t.u32(), half: t.f64() };
const BROKEN = { n: t.u32(), reason: t.string() };
const SEEN = { key: t.u32(), n: t.u32(), nth: t.u32() };

export const KEYS = 7;
const numbers = (count: number) => generate(N, (n) => ({ key: n % KEYS, n }), { count });

export interface ParsedParams {
  readonly count: number;
  /** False to give each operator an actor of its own. */
  readonly fuse: boolean;
  /** Every so many tuples an operator throws after it has emitted; 0 for never. */
  readonly poisonEvery: number;
  readonly parallelism: number;
}

export const isBroken = (n: number): boolean => n % 5 === 0;
export const isPoison = (every: number, n: number): boolean => every > 0 && n % every === every - 1;

/**
 * Three operators with several outputs in a row: in the source's chain, behind one that is fused, and with state. Each throws only after
 * it has emitted into two outputs.
 */
export const parsed = dataflow(import.meta.url, 'parsed', (flow, params: ParsedParams) => {
  const { count, fuse, poisonEvery, parallelism } = params;
  const { valid, broken } = flow.source('numbers', numbers(count)).flatMap(
    'parse',
    outputs({ valid: VALID, broken: BROKEN, unread: { n: t.u32() } }),
    ({ key, n }, emit) => {
      emit.unread({ n });
      if (isBroken(n)) emit.broken({ n, reason: `no ${n}` });
      else emit.valid({ key, n, half: n / 2 });
      if (isPoison(poisonEvery, n)) throw new Error(`poison ${n}`);
    },
    { fuse },
  );
  const { doubled, noted } = valid
    .map('plain', VALID, (tuple) => tuple, { fuse })
    .flatMap(
      'double',
      outputs({ noted: { n: t.u32() }, doubled: VALID }),
      ({ key, n, half }, emit) => {
        emit.noted({ n });
        emit.doubled({ key, n, half });
        emit.doubled({ key, n: n + 1_000_000, half });
        if (isPoison(poisonEvery, n + 1)) throw new Error(`poison ${n}`);
      },
      { fuse },
    );
  const { odd, even, ends } = doubled.keyBy('key').process(
    'count',
    { state: { seen: t.u32() }, output: outputs({ odd: SEEN, even: SEEN, ends: { key: t.u32(), seen: t.u32() } }) },
    ({ key, n }, state, emit) => {
      state.seen++;
      emit[n % 2 === 1 ? 'odd' : 'even']({ key, n, nth: state.seen });
      emit.odd({ key, n: n + 2_000_000, nth: state.seen });
      if (isPoison(poisonEvery, n + 2)) throw new Error(`poison ${n}`);
    },
    { parallelism, end: ({ key }, { seen }, emit) => emit.ends({ key, seen }) },
  );
  return [
    odd.collect('odd'),
    // Two streams of one operator as one.
    even.merge(odd).collect('all'),
    ends.collect('ends'),
    noted.collect('noted'),
    ...broken.split(
      (stream) => stream.collect('broken'),
      (stream) => stream.map('reason', { text: t.string() }, ({ reason }) => ({ text: reason })).collect('reasons'),
    ),
  ];
});

interface Seen {
  readonly key: number;
  readonly n: number;
  readonly nth: number;
}

/** The same in plain loops. */
export function expectedOf({ count, poisonEvery }: ParsedParams) {
  const all = Array.from({ length: count }, (_, n) => ({ key: n % KEYS, n }));
  const given = all.filter(({ n }) => !isPoison(poisonEvery, n));
  const broken = given.filter(({ n }) => isBroken(n)).map(({ n }) => ({ n, reason: `no ${n}` }));
  const noted = given.filter(({ n }) => !isBroken(n) && !isPoison(poisonEvery, n + 1));
  const ends = new Map<number, number>();
  const odd: Seen[] = [];
  const even: Seen[] = [];
  for (const { key, n } of noted.flatMap(({ key, n }) => [n, n + 1_000_000].map((each) => ({ key, n: each })))) {
    if (isPoison(poisonEvery, n + 2)) continue;
    const nth = (ends.get(key) ?? 0) + 1;
    ends.set(key, nth);
    (n % 2 === 1 ? odd : even).push({ key, n, nth });
    odd.push({ key, n: n + 2_000_000, nth });
  }
  return {
    odd,
    all: [...even, ...odd],
    ends: [...ends].map(([key, seen]) => ({ key, seen })),
    noted: noted.map(({ n }) => ({ n })),
    broken,
    reasons: broken.map(({ reason }) => ({ text: reason })),
    unread: given.length,
  };
}

/** An operator with one named output that is read, and one that is not. */
export const unheard = dataflow(import.meta.url, 'unheard', (flow, { count }: { count: number }) => {
  const { main } = flow
    .source('numbers', numbers(count))
    .flatMap('talk', outputs({ main: { n: t.u32() }, aside: { n: t.u32(), text: t.string() } }), ({ n }, emit) => {
      emit.aside({ n, text: 'nobody hears this' });
      if (n % 1000 === 0) emit.main({ n });
    });
  return main.collect('out');
});

/** Two outputs, of which a test reads one, or both. */
export const twoSides = dataflow(import.meta.url, 'two-sides', (flow, { count }: { count: number }) => {
  const { left, right } = flow
    .source('numbers', numbers(count))
    .flatMap('part', outputs({ left: { n: t.u32() }, right: { n: t.u32() } }), ({ n }, emit) => {
      if (n % 2 === 0) emit.left({ n });
      else emit.right({ n });
    });
  return [left.map('plain', { n: t.u32() }, (tuple) => tuple).collect('lefts'), right.collect('rights')];
});

/** What a program without types may write. */
export const misspelt = dataflow(
  import.meta.url,
  'misspelt',
  (flow, { where }: { where: 'emit' | 'stream' | 'nowhere' }) => {
    const made = flow
      .source('numbers', numbers(10))
      .flatMap('parse', outputs({ valid: { n: t.u32() }, broken: { n: t.u32() } }), ({ n }, emit) => {
        emit.valid({ n });
        if (where === 'emit') (emit as unknown as Record<string, (tuple: object) => void>).brokne({ n });
      });
    if (where === 'stream') (made as unknown as Record<string, { collect(name: string): void }>).brokne.collect('out');
    if (where !== 'nowhere') made.valid.collect('valid');
  },
);
