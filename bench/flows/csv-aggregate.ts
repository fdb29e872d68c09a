// The flow of the `csv-aggregate` suite: one CSV file, read in as many ranges as there are workers; count and sum of each key.

import { count, sum } from '../../src/aggregates.ts';
import { dataflow, t } from '../../src/index.ts';
import { readCsv } from '../../src/sources.ts';

export interface CsvAggregateParams {
  readonly path: string;
  readonly readers: number;
}

export const csvAggregateFlow = dataflow(
  import.meta.url,
  'csv-aggregate',
  (flow, { path, readers }: CsvAggregateParams) =>
    flow
      .source('records', readCsv(path, { user: t.string(), cents: t.f64() }, { header: true, ranges: 'auto' }), {
        parallelism: readers,
      })
      .keyBy('user')
      .aggregate('totals', { count: count(), sum: sum('cents') }, { parallelism: readers })
      .collect('results'),
);
