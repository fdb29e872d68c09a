// Lines of words, some of which end the worker of the operator that gets them.
// Workers import this module too: it declares, and runs nothing.

import { dataflow, t } from '../../../src/index.ts';
import { fromIterable } from '../../../src/sources.ts';

const WORD = { word: t.string() };

export const deadlyWords = dataflow(
  import.meta.url,
  'deadly-words',
  (flow, { fuse, deadly, times }: { fuse: boolean; deadly: readonly string[]; times: number }) =>
    flow
      .source(
        'lines',
        fromIterable({ line: t.string() }, () =>
          Array.from({ length: times }, () => [{ line: 'a b c d' }, { line: 'e x' }]).flat(),
        ),
      )
      .flatMap(
        'split',
        WORD,
        ({ line }, emit) => {
          for (const word of line.split(' ')) emit({ word });
        },
        { fuse },
      )
      .map(
        'upper',
        WORD,
        ({ word }) => {
          if (deadly.includes(word)) process.exit(1);
          return { word: word.toUpperCase() };
        },
        { fuse },
      )
      .collect('out'),
);
