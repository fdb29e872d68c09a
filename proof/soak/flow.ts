// The flow of the soak: a source that is far faster than its sink, with state and strings between them.

import { dataflow, t } from '../../src/index.ts';
import { generate } from '../../src/sources.ts';

const KEYS = 10_000;
const SLOW_EVERY_TUPLES = 1000;
const SLOW_MS = 2;

export const soak = dataflow(import.meta.url, 'soak', (flow) => {
  let seen = 0;
  flow
    .source(
      'fast',
      generate({ key: t.string(), value: t.f64() }, (i) => ({ key: `key-${i % KEYS}`, value: i })),
    )
    .keyBy('key')
    .process(
      'sum',
      { state: { sum: t.f64(), last: t.string() }, output: { key: t.string(), sum: t.f64() } },
      ({ key, value }, state, emit) => {
        state.sum += value;
        state.last = `${key} was ${value}`;
        emit({ key, sum: state.sum });
      },
    )
    .forEach(
      'slow',
      () => {
        seen++;
        if (seen % SLOW_EVERY_TUPLES !== 0) return;
        const until = performance.now() + SLOW_MS;
        while (performance.now() < until);
      },
      { fuse: false },
    );
});
