// The flow of the `combining` results of the `recovery` suite: a source that combines its tuples for as long as the app says, and crashes
// when it says so. Results come at the end.

import { count, sum } from '../../src/aggregates.ts';
import { dataflow, t } from '../../src/index.ts';
import { generate } from '../../src/sources.ts';
import { keyedTuple } from '../workloads.ts';
import { CrashWords } from './crash-words.ts';

export interface CombinedParams {
  readonly keys: number;
  readonly ratePerSecond: number | undefined;
  readonly combineMs: number;
  /** The buffer of {@link CrashWords}. */
  readonly words: SharedArrayBuffer;
}

export const combinedFlow = dataflow(
  import.meta.url,
  'recovery-combined',
  (flow, { keys, ratePerSecond, combineMs, words: buffer }: CombinedParams) => {
    const keyed = keyedTuple(keys, 'ids');
    const words = new CrashWords(buffer);
    return flow
      .source(
        'source',
        generate(
          { index: t.u32(), key: t.u32(), value: t.f64() },
          (index) => {
            const { key, value } = keyed(index);
            return { index, key, value };
          },
          { ratePerSecond },
        ),
      )
      .filter('watch', ({ index }) => {
        if (words.see(index)) words.answer(index);
        return true;
      })
      .keyBy('key')
      .aggregate('totals', { count: count(), sum: sum('value') }, { combineMs })
      .collect('results');
  },
);
