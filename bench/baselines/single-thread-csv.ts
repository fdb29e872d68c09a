// Baselines of the `csv` suite: a loop over the lines of the whole file as text, cut by split(',') or by papaparse, whose
// fields become numbers. A thread's entry; see solo.ts.

import { readFileSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import Papa from 'papaparse';
import { type CsvOrder, sumOf } from '../flows/csv.ts';
import { lineOf } from '../linear-road/records.ts';
import { Meter } from '../meter.ts';

export type CsvParserName = 'split' | 'papaparse';

export interface CsvSoloOrder extends CsvOrder {
  readonly parser: CsvParserName;
}

function parse(order: CsvSoloOrder) {
  const meter = new Meter(order);
  const text = readFileSync(order.path, 'latin1');
  if (order.parser === 'split') {
    for (let at = 0; at < text.length; ) {
      const end = text.indexOf('\n', at);
      meter.add(sumOf(lineOf(text.substring(at, end).split(','))));
      at = end + 1;
    }
  } else {
    const step = ({ data }: { data: string[] }) => void meter.add(sumOf(lineOf(data)));
    Papa.parse(text, { fastMode: true, delimiter: ',', newline: '\n', skipEmptyLines: true, step });
  }
  return meter.report();
}

parentPort?.on('message', (order: CsvSoloOrder) => parentPort?.postMessage(parse(order)));
