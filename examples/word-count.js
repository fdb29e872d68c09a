// @ts-check
// Word count: a file's lines are split into words, and each word has its count in state. The workers count in parallel with
// the splitting; `end` emits each word's total when the input has ended.
//
//   $ npx millrace run examples/word-count.js --file LICENSE | sort -k2 -nr | head -5
//   the     100
//   or      69
//   of      66
//   and     46
//   to      40

import { fileURLToPath } from 'node:url';
import { dataflow, t } from 'millrace';
import { readLines } from 'millrace/sources';

const readme = fileURLToPath(new URL('../README.md', import.meta.url));

export default dataflow(import.meta.url, 'word-count', (flow, /** @type {{ file?: string }} */ { file = readme }) =>
  flow
    .source('lines', readLines(file))
    .flatMap('split', { word: t.string() }, ({ line }, emit) => {
      for (const word of line.toLowerCase().match(/[a-z']+/g) ?? []) emit({ word });
    })
    .keyBy('word')
    .process(
      'count',
      { state: { count: t.u32() }, output: { word: t.string(), count: t.u32() } },
      (_, state) => {
        state.count += 1;
      },
      { end: ({ word }, { count }, emit) => emit({ word, count }) },
    )
    .collect('counts'),
);
