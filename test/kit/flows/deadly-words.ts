// Lines of words, some of which end the worker of the operator that gets them.
// Workers import this module too: it declares, and runs nothing.

import { dataflow, t } from '../../../src/index.ts';
import { fromIterable } from '../../../src/sources.ts';

const WORD = { word: t.string() };

export const deadlyWords = dataflow(
  import.meta.url,
  'deadly-words',
  (flow, { fuse, deadly }: { fuse: boolean; deadly: readonly string[] }) =>
    flow
      .source(
        'lines',
        fromIterable({ line: t.string() }, () => [
          { line: 'a b c d' },
          { line: 'e x' },
          { line: 'a b c d' },
          { line: 'e x' },
        ]),
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
