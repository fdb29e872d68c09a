// A table that grows to many keys and shrinks again, while whatever the test wants happens.

import { dataflow, t } from '../../../src/index.ts';
import { generate } from '../../../src/sources.ts';

export interface GrowingParams {
  /** Keys that come: each twice. All but each third go when they come again. */
  readonly keys: number;
}

/** Scattered over all key groups. */
const keyOf = (index: number): number => Math.imul(index, 2654435761) >>> 0;

export const noteOf = (key: number): string => (key % 5 === 0 ? `a note of ${key} that is no short text` : `${key}`);
export const keysLeft = (keys: number): number[] =>
  Array.from({ length: keys }, (_, i) => i)
    .filter((i) => i % 3 === 0)
    .map(keyOf);

const TUPLE = { key: t.u32(), stays: t.bool() };

export const growing = dataflow(import.meta.url, 'growing', (flow, { keys }: GrowingParams) =>
  flow
    .source(
      'keys',
      generate(TUPLE, (i) => ({ key: keyOf(i % keys), stays: (i % keys) % 3 === 0 }), { count: 2 * keys }),
    )
    .keyBy('key')
    .process(
      'table',
      { state: { times: t.u32(), note: t.string() }, output: { key: t.u32(), times: t.u32() } },
      ({ key, stays }, state, emit, context) => {
        state.times++;
        state.note = noteOf(key);
        if (state.times > 1) emit({ key, times: state.times });
        if (state.times > 1 && !stays) context.remove();
      },
      { parallelism: { start: 1, max: 2 } },
    )
    .collect('again'),
);
