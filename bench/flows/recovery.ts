// The flow of the `recovery` suite: a source, and count and sum of each key in state on another worker, which crashes when
// the app says so.
// What leaves it: a tuple for each one that the app wants to hear of, with its index; and at the end, when the rows of all
// keys have been added up, what they amount to.

import { dataflow, t } from '../../src/index.ts';
import { generate } from '../../src/sources.ts';
import { keyedTuple, Totals } from '../workloads.ts';
import { CrashWords } from './crash-words.ts';

export interface RecoveryParams {
  readonly keys: number;
  /** Without it as many as the pipeline takes. */
  readonly ratePerSecond: number | undefined;
  /** The buffer of {@link CrashWords}. */
  readonly words: SharedArrayBuffer;
}

const fields = { index: t.u32(), key: t.u32(), value: t.f64() };
const report = { index: t.u32(), keys: t.u32(), count: t.f64(), sum: t.f64() };

/** Where this module is: a variant of the library has its own. */
export const recoveryModule = import.meta.url;

/** What a tuple takes in a ring: its fields, and the hash of its key. */
export const TUPLE_BYTES = 4 + 4 + 8 + 4;

export const recoveryFlow = dataflow(import.meta.url, 'recovery', (flow, params: RecoveryParams) => {
  const { keys, ratePerSecond } = params;
  const keyed = keyedTuple(keys, 'ids');
  const words = new CrashWords(params.words);
  const totals = new Totals();
  const make = (index: number): { index: number; key: number; value: number } => {
    if (index === 0) words.passGate();
    const { key, value } = keyed(index);
    return { index, key, value };
  };
  return flow
    .source('source', generate(fields, make, { ratePerSecond }))
    .keyBy('key')
    .process(
      'count',
      { state: { count: t.u32(), sum: t.f64() }, output: report },
      ({ index, value }, state, emit) => {
        state.count += 1;
        state.sum += value;
        if (words.see(index) && words.answer(index)) emit({ index, keys: 0, count: 0, sum: 0 });
      },
      {
        end: ({ key }, state, emit) => {
          totals.add(key, state.count, state.sum);
          if (totals.keys === keys) emit({ index: 0, ...totals.report() });
        },
      },
    )
    .collect('reports');
});
