// A flow with a window of all items of each key, that triggers emit: fed by a test, or generated.

import { count, distinct, sum } from '../../../src/aggregates.ts';
import { dataflow, t } from '../../../src/index.ts';
import { generate, push } from '../../../src/sources.ts';
import { globalWindow } from '../../../src/windows.ts';
import { type GeneratedItems, ITEM, type Item, itemOf } from './windows.ts';

export interface TriggerParams {
  readonly count?: number;
  readonly everyMs?: number;
  /** Items whose numbers it divides trigger. */
  readonly divisor?: number;
  readonly purge: boolean;
  readonly rest: boolean;
  readonly how?: 'aggregate' | 'process';
  readonly parallelism?: number | { readonly start: number; readonly max: number };
  /** Pushed if it is left out. */
  readonly items?: GeneratedItems;
}

export const triggered = dataflow(import.meta.url, 'triggered', (flow, params: TriggerParams) => {
  const { items, divisor, how = 'aggregate', parallelism = 1, count: everyCount, everyMs, purge, rest } = params;
  const source =
    items === undefined
      ? flow.source('items', push(ITEM))
      : flow.source(
          'items',
          generate(ITEM, (i) => itemOf(i, items), {
            count: items.count,
            partitions: items.partitions,
            ...(items.ratePerSecond !== undefined && { ratePerSecond: items.ratePerSecond }),
          }),
        );
  const grouped = source.keyBy('key').window(
    globalWindow({
      ...(everyCount !== undefined && { count: everyCount }),
      ...(everyMs !== undefined && { everyMs }),
      ...(divisor !== undefined && { when: ({ n }: Pick<Item, 'n'>) => n % divisor === 0 }),
      purge,
      rest,
    }),
  );
  if (how === 'process') {
    const output = { key: t.string(), n: t.u32(), ns: t.string() };
    return grouped
      .process(
        'results',
        { output },
        ({ key, start, end }, rows, give) => give({ key, n: end - start, ns: rows.map(({ n }) => n).join() }),
        { parallelism },
      )
      .collect('out');
  }
  const aggregates = { n: count(), total: sum('n'), different: distinct('n') };
  return grouped.aggregate('results', aggregates, { parallelism }).collect('out');
});
