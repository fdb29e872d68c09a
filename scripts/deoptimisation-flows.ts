// The flows that the deoptimisation check runs: each step function kind under a steady load.

import { dataflow, t } from '../src/index.ts';
import { generate } from '../src/sources.ts';

interface Params {
  readonly count: number;
}

const WORDS = Array.from({ length: 20_000 }, (_, i) => `word${i}`);
const scatter = (i: number): number => Math.imul(i, 0x9e3779b1) >>> 0;

/** Writes a line when half of the tuples have passed: what V8 reports before it is warm-up. */
function halfWay(count: number): () => void {
  let seen = 0;
  return () => {
    seen++;
    if (seen === count >>> 1) process.stdout.write('STEADY\n');
  };
}

export const hop = dataflow(import.meta.url, 'hop', (flow, { count }: Params) => {
  const mark = halfWay(count);
  flow
    .source(
      'numbers',
      generate({ key: t.u32(), ts: t.f64(), value: t.f64() }, (i) => ({ key: i & 1023, ts: i, value: i / 2 }), {
        count,
      }),
    )
    .map('scale', { key: t.u32(), value: t.f64() }, ({ key, ts, value }) => ({ key, value: ts * value }), {
      fuse: false,
    })
    .filter('some', ({ key }) => key !== 7)
    .forEach('sum', ({ value }) => {
      if (value < 0) throw new RangeError('no product of these is negative');
      mark();
    });
});

export const keyed = dataflow(import.meta.url, 'keyed', (flow, { count }: Params) => {
  const mark = halfWay(count);
  return flow
    .source(
      'numbers',
      generate({ key: t.u32(), value: t.f64() }, (i) => ({ key: scatter(i) % 100_000, value: i }), { count }),
    )
    .keyBy('key')
    .process('total', { state: { count: t.u32(), sum: t.f64() } }, ({ value }, state) => {
      state.count += 1;
      state.sum += value;
      mark();
    });
});

export const words = dataflow(import.meta.url, 'words', (flow, { count }: Params) => {
  const mark = halfWay(count);
  return flow
    .source(
      'words',
      generate(
        { word: t.string(), tag: t.dictionary() },
        (i) => ({ word: WORDS[scatter(i) % 20_000], tag: WORDS[i % 100] }),
        { count },
      ),
    )
    .keyBy('word')
    .process(
      'count',
      { state: { count: t.u32() }, output: { word: t.string(), tag: t.dictionary(), count: t.u32() } },
      ({ word, tag }, state, emit) => {
        state.count += 1;
        emit({ word, tag, count: state.count });
      },
    )
    .forEach('sink', mark, { fuse: false });
});
