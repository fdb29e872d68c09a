// Totals of all tuples, each in another way, with one key for all.

import { count, max, sum } from '../../../src/aggregates.ts';
import { dataflow, t, table } from '../../../src/index.ts';
import { generate } from '../../../src/sources.ts';
import { session, tumbling } from '../../../src/windows.ts';

const NUMBER = { n: t.u32(), at: t.f64() };

export interface TotalsParams {
  readonly tuples: number;
  readonly modulus: number;
  readonly combine?: boolean;
}

export const totals = dataflow(import.meta.url, 'totals', (flow, { tuples, modulus, combine = true }: TotalsParams) => {
  const numbers = flow
    .source(
      'numbers',
      generate(NUMBER, (i) => ({ n: i % modulus, at: i }), { count: tuples, partitions: 2 }),
      {
        parallelism: 2,
      },
    )
    .withEventTime('at', { outOfOrderMs: 1000 });
  return {
    aggregated: numbers
      .keyBy()
      .aggregate('aggregated', { tuples: count(), sum: sum('n'), most: max('n') }, { combine })
      .collect('aggregates'),
    processed: numbers
      .keyBy()
      .process(
        'processed',
        {
          state: { tuples: t.u32(), last: t.string() },
          tables: { seen: table({ n: t.u32() }, { times: t.u32() }) },
          output: { tuples: t.u32(), distinct: t.u32() },
        },
        ({ n }, state) => {
          state.tuples += 1;
          state.last = `a text that is longer than a cell: ${n}`;
          state.seen.upsert(n).times += 1;
        },
        {
          end: (key, { tuples: seen, seen: { size } }, emit) => {
            if (Object.keys(key).length > 0) throw new Error('the key has no fields');
            emit({ tuples: seen, distinct: size });
          },
        },
      )
      .collect('processes'),
    windowed: numbers
      .keyBy()
      .window(tumbling({ sizeMs: 1000 }))
      .aggregate('windowed', { tuples: count() }, { combine })
      .collect('windows'),
    sessions: numbers
      .keyBy()
      .window(session({ gapMs: 100 }))
      .process('sessions', { output: { tuples: t.u32() } }, (_window, rows, emit) => emit({ tuples: rows.length }))
      .collect('together'),
  };
});
