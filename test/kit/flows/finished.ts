// A small job with state and an output, which ends in one of several ways.
// Workers import this module too: it declares, and runs nothing.

import { dataflow, t } from '../../../src/index.ts';
import { generate } from '../../../src/sources.ts';

export interface FinishedParams {
  readonly keys: number;
  /** Those that the app ends itself do not come to an end before. */
  readonly way: 'done' | 'cancel' | 'fail' | 'kill';
}

export const finished = dataflow(import.meta.url, 'finished', (flow, { keys, way }: FinishedParams) => {
  const isEndless = way === 'cancel' || way === 'kill';
  return flow
    .source(
      'numbers',
      generate({ k: t.u32() }, (i) => ({ k: i % keys }), { count: isEndless ? 1e9 : keys }),
    )
    .keyBy('k')
    .process(
      'count',
      { state: { n: t.u32() }, output: { k: t.u32(), n: t.u32() } },
      ({ k }, state, emit) => {
        if (way === 'fail' && k === keys - 1) throw new Error('it is to fail');
        state.n += 1;
        emit({ k, n: state.n });
      },
      { failure: 'stop' },
    )
    .collect('out');
});
