// @ts-check
// The flow of the main job: the book is read over and over and split into words on every core, and the words are counted.
// With `aggregate` each core counts its own words and sends on what it has each second; with `process`, to compare, every word goes
// to the thread that counts it. Emits each word's total at the end.

import { dataflow, t } from 'millrace';
import { count } from 'millrace/aggregates';
import { generate } from 'millrace/sources';
import { bookLines, wordsOf } from './book.js';

/**
 * @typedef {object} Params
 * @property {number} lines of the book
 * @property {number} passes how often the book is read, at least once by each reader
 * @property {number} readers replicas that read and split
 * @property {'aggregate' | 'process'} by how words are counted
 * @property {number} counters replicas that count
 * @property {Int32Array} [orders] shared memory, for `npm start -- --crash`: 1 orders who splits the first reader's next line to die. With it the
 *   book is read until the job is stopped
 */

/** @typedef {import('millrace').FlowBuilder} FlowBuilder */
/** @template {import('millrace').Shape} Fields @typedef {import('millrace').Stream<Fields>} Stream */

const LINE = { line: t.string() };
const WORD = { word: t.string() };

/** @type {(tuple: { line: string }, emit: (tuple: { word: string }) => void) => void} */
const split = ({ line }, emit) => {
  for (const word of wordsOf(line)) emit({ word });
};

/** The words of a source whose partitions are read by several replicas. */
const allWords = (/** @type {FlowBuilder} */ flow, /** @type {Params} */ { lines, passes, readers }) =>
  flow
    .source(
      'lines',
      generate(LINE, (index) => ({ line: bookLines()[index % lines] }), { count: lines * passes, partitions: readers }),
      { parallelism: readers },
    )
    .flatMap('split', WORD, split);

/** The words of sources without an end, each of which counts the lines that it has read; with a fatal flaw. */
function wordsUntilStopped(
  /** @type {FlowBuilder} */ flow,
  /** @type {Params} */ { lines, readers },
  /** @type {Int32Array} */ orders,
) {
  // Spares build the flow too: whoever takes over from a dead source then has the book at hand.
  bookLines();
  const [first, ...others] = Array.from({ length: readers }, (_, reader) =>
    flow
      .source(
        `lines-${reader}`,
        generate(LINE, (index) => ({ line: bookLines()[index % lines] })),
      )
      .flatMap(`split-${reader}`, WORD, (tuple, emit) => {
        split(tuple, emit);
        if (reader === 0 && Atomics.load(orders, 0) === 1 && Atomics.exchange(orders, 0, 0) === 1) process.exit(1);
      }),
  );
  return first.merge(...others);
}

export default dataflow(import.meta.url, 'moby-dick', (flow, /** @type {Params} */ params) => {
  const { orders, by, counters } = params;
  const words = (orders === undefined ? allWords(flow, params) : wordsUntilStopped(flow, params, orders)).keyBy('word');
  const counted =
    by === 'aggregate'
      ? words.aggregate('count', { count: count() }, { parallelism: counters })
      : words.process(
          'count',
          { state: { count: t.f64() }, output: { word: t.string(), count: t.f64() } },
          (_, state) => {
            state.count += 1;
          },
          { parallelism: counters, end: ({ word }, state, emit) => emit({ word, count: state.count }) },
        );
  return counted.collect('totals');
});
