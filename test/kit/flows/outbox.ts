// Flows that emit far more than their rings hold: one tuple becomes many, or a few large ones.
// Workers import this module too: it declares, and runs nothing.

import { dataflow, t } from '../../../src/index.ts';
import { generate } from '../../../src/sources.ts';

/** Each of `count` tuples becomes `copies`, in an actor of its own or fused with the source. */
export const explode = dataflow(
  import.meta.url,
  'explode',
  (flow, { count, copies, fuse }: { count: number; copies: number; fuse: boolean }) =>
    flow
      .source(
        'numbers',
        generate({ n: t.u32() }, (n) => ({ n }), { count }),
      )
      .flatMap(
        'copies',
        { n: t.u32(), copy: t.u32() },
        ({ n }, emit) => {
          for (let copy = 0; copy < copies; copy++) emit({ n, copy });
        },
        { fuse, failure: 'stop' },
      )
      .map('pass', { n: t.u32(), copy: t.u32() }, ({ n, copy }) => ({ n, copy }), { fuse: false })
      .collect('out'),
);

/** Tuples of `characters` each, whose text tells their number. */
export const largeTuples = dataflow(
  import.meta.url,
  'large-tuples',
  (flow, { count, characters }: { count: number; characters: number }) =>
    flow
      .source(
        'numbers',
        generate({ n: t.u32() }, (n) => ({ n }), { count }),
      )
      .map(
        'texts',
        { text: t.string(), raw: t.bytes() },
        ({ n }) => ({ text: textOf(n, characters), raw: rawOf(n, characters) }),
        { fuse: false, failure: 'stop' },
      )
      .map('pass', { text: t.string(), raw: t.bytes() }, ({ text, raw }) => ({ text, raw }), { fuse: false })
      .collect('out'),
);

/** A keyed operator that emits `copies` tuples for each one, with the count of its key. */
export const explodeByKey = dataflow(
  import.meta.url,
  'explode-by-key',
  (flow, { count, copies, keys }: { count: number; copies: number; keys: number }) =>
    flow
      .source(
        'numbers',
        generate({ n: t.u32(), key: t.u32() }, (n) => ({ n, key: n % keys }), { count }),
      )
      .keyBy('key')
      .process(
        'copies',
        { state: { count: t.u32() }, output: { n: t.u32(), count: t.u32() } },
        ({ n }, state, emit) => {
          state.count += 1;
          for (let copy = 0; copy < copies; copy++) emit({ n, count: state.count });
        },
      )
      .collect('out'),
);

/** What `end` adds to the count of a key that it tells. */
export const ENDED = 1000;

/**
 * Each tuple has a key of its own, and fills its operator's ring several times. The keys at `poison` fail before they have changed
 * anything.
 */
export const keysInTurn = dataflow(
  import.meta.url,
  'keys-in-turn',
  (flow, { count, copies, poison }: { count: number; copies: number; poison: readonly number[] }) =>
    flow
      .source(
        'numbers',
        generate({ n: t.u32() }, (n) => ({ n }), { count }),
      )
      .keyBy('n')
      .process(
        'copies',
        { state: { count: t.u32() }, output: { n: t.u32(), count: t.u32() } },
        ({ n }, state, emit) => {
          if (poison.includes(n)) throw new Error(`${n} is poison`);
          state.count += 1;
          for (let copy = 0; copy < copies; copy++) emit({ n, count: state.count });
        },
        { end: ({ n }, { count }, emit) => emit({ n, count: ENDED + count }) },
      )
      .collect('out'),
);

export const textOf = (n: number, characters: number): string => `${n}:`.padEnd(characters, n % 2 === 0 ? 'x' : '漢');
export const rawOf = (n: number, characters: number): Uint8Array => new Uint8Array(characters).fill(n);
