// Word count in TypeScript: the types of tuples and state come from the schemas, so `word` is a string and `count` a number
// without being declared. Emits a word's count each time it changes. Runs on Node.js 22.18 and newer.
//
//   $ npx millrace run examples/word-count.ts --file LICENSE | tail -3
//   under   9
//   the     100
//   license 35

import { dataflow, t } from 'millrace';
import { readLines } from 'millrace/sources';

export default dataflow(import.meta.url, 'word-count', (flow, params: { file: string }) =>
  flow
    .source('lines', readLines(params.file))
    .flatMap('split', { word: t.string() }, ({ line }, emit) => {
      for (const word of line.toLowerCase().match(/[a-z']+/g) ?? []) emit({ word });
    })
    .keyBy('word')
    .process(
      'count',
      { state: { count: t.u32() }, output: { word: t.string(), count: t.u32() } },
      ({ word }, state, emit) => {
        state.count += 1;
        emit({ word, count: state.count });
      },
    )
    .collect('counts'),
);
