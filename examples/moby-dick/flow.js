// @ts-check
// The flow of the main job: sources that read the book over and over and split it into words, and replicas that count them.
// `sources` and `counters` say over how many actors each half of the work is spread. Emits each word's total at the end.

import { dataflow, t } from 'millrace';
import { generate } from 'millrace/sources';
import { bookLines, wordsOf } from './book.js';

/**
 * @typedef {object} Params
 * @property {number} lines of the book
 * @property {number} passes how often the book is read, at least once by each source
 * @property {number} sources
 * @property {number} counters
 * @property {Int32Array} [orders] shared memory, for `npm start -- --crash`: 1 orders whoever counts the next word to die.
 *   With it the book is read until the job is stopped
 */

/** The passes of one of the sources: together they make all. */
const share = (/** @type {Params} */ { passes, sources }, /** @type {number} */ source) =>
  Math.floor((passes * (source + 1)) / sources) - Math.floor((passes * source) / sources);

/** Counts one word: `state` is the word's row. */
const countOne = (/** @type {unknown} */ _, /** @type {{ count: number }} */ state) => {
  state.count += 1;
};

/** The same, by a closure with a fatal flaw: once it is ordered to, it ends its thread in the middle of its work. */
const countUntilOrdered =
  (/** @type {Int32Array} */ orders) => (/** @type {unknown} */ _, /** @type {{ count: number }} */ state) => {
    state.count += 1;
    if (Atomics.load(orders, 0) === 1 && Atomics.exchange(orders, 0, 0) === 1) process.exit(1);
  };

export default dataflow(import.meta.url, 'moby-dick', (flow, /** @type {Params} */ params) => {
  // Spares build the flow too: whoever takes over from a dead source then has the book at hand.
  if (params.orders !== undefined) bookLines();
  const [first, ...others] = Array.from({ length: params.sources }, (_, source) =>
    flow
      .source(
        `lines-${source}`,
        generate({ line: t.string() }, (index) => ({ line: bookLines()[index % params.lines] }), {
          count: params.orders === undefined ? params.lines * share(params, source) : Number.POSITIVE_INFINITY,
        }),
      )
      .flatMap(`split-${source}`, { word: t.string() }, ({ line }, emit) => {
        for (const word of wordsOf(line)) emit({ word });
      }),
  );
  return first
    .merge(...others)
    .keyBy('word')
    .process(
      'count',
      { state: { count: t.u32() }, output: { word: t.string(), count: t.u32() } },
      params.orders === undefined ? countOne : countUntilOrdered(params.orders),
      { parallelism: params.counters, end: ({ word }, { count }, emit) => emit({ word, count }) },
    )
    .collect('totals');
});
