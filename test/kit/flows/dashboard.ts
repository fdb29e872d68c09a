// Flows that a page shows: with names, tuples and errors that are hard to show.
// Workers import this module too: it declares, and runs nothing.

import { dataflow, t } from '../../../src/index.ts';
import { push } from '../../../src/sources.ts';

export const MARKUP = '<img src=x onerror="globalThis.hacked=1"></script><script>globalThis.hacked=1</script>';

/** Names that a label or a page may stumble over. */
export const ODD_NAMES = [
  'a"b',
  'a\\b',
  'a\nb',
  MARKUP,
  `long ${'x'.repeat(10_000)} 1`,
  `long ${'x'.repeat(10_000)} 2`,
];

/** Counts by key in an elastic operator; a tuple whose word begins with a `!` is failed at. */
export const watched = dataflow(import.meta.url, 'watched', (flow) =>
  flow
    .source('words', push({ word: t.string() }))
    .map('check', { word: t.string() }, ({ word }) => {
      if (word.startsWith('!')) throw new TypeError(`cannot take ${word.slice(0, 2000)}`);
      return { word };
    })
    .keyBy('word')
    .process(
      'count',
      { state: { count: t.u32() }, output: { word: t.string(), count: t.u32() } },
      ({ word }, state, emit) => {
        state.count += 1;
        emit({ word, count: state.count });
      },
      { parallelism: { min: 1, max: 3 } },
    )
    .collect('counts'),
);

/** A chain of operators with odd names. */
export const oddNames = dataflow(import.meta.url, `odd ${MARKUP}`, (flow) => {
  let stream = flow.source('words', push({ word: t.string() }));
  for (const name of ODD_NAMES) {
    stream = stream.map(name, { word: t.string() }, ({ word }) => ({ word }), { fuse: false });
  }
  return stream.collect('words out');
});

/** A tree of operators, many of them. */
export const wide = dataflow(import.meta.url, 'wide', (flow) => {
  const words = flow.source('words', push({ word: t.string() }));
  for (let branch = 0; branch < 8; branch++) {
    let stream = words;
    for (let step = 0; step < 6; step++)
      stream = stream.map(`step ${branch}.${step}`, { word: t.string() }, ({ word }) => ({ word }));
    stream.forEach(`end ${branch}`, () => {});
  }
});
