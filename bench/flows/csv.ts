// The flow of the `csv` suite: readCsv into a meter in the same actor, so on one thread.

import { dataflow, t } from '../../src/index.ts';
import { readCsv } from '../../src/sources.ts';
import { LINE_COLUMNS, type Line, lineFields } from '../linear-road/records.ts';
import { Meter, type Order } from '../meter.ts';

export interface CsvOrder extends Order {
  readonly path: string;
}

/** What every contender does with a line: each field of the schema is used. */
export const sumOf = (line: Line): number =>
  line.type +
  line.time +
  line.vid +
  line.speed +
  line.xway +
  line.lane +
  line.direction +
  line.segment +
  line.position +
  line.query +
  line.day;

export const csvFlow = dataflow(import.meta.url, 'csv', (flow, order: CsvOrder) => {
  const meter = new Meter(order);
  return flow
    .source('lines', readCsv(order.path, lineFields, { columns: LINE_COLUMNS }))
    .flatMap('meter', { seen: t.f64(), sum: t.f64(), elapsedMs: t.f64() }, (line, emit) => {
      if (meter.add(sumOf(line))) emit(meter.report());
    })
    .collect('report');
});
