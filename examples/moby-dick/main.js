// @ts-check
// The main job: counts the words of Moby-Dick, read many times over, on all cores; and once more with one loop on one
// thread, on the same text in the same run, to compare. Fails if the two counts differ.
//
//   npm start
//   npm start -- --passes 200 --workers 4

import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { bookLines } from './book.js';
import flow from './flow.js';
import { countOnOneThread } from './single-thread.js';
import { Stopwatch } from './stopwatch.js';

const TOP_WORDS = 20;
const LAP_MS = 60;

const grouped = (/** @type {number} */ count) => count.toLocaleString('en-US');

function readOptions() {
  const { values } = parseArgs({
    options: {
      passes: { type: 'string', default: '160' },
      workers: { type: 'string', default: String(availableParallelism()) },
    },
  });
  const passes = Number(values.passes);
  const workers = Number(values.workers);
  if (!Number.isInteger(workers) || workers < 1)
    throw new Error(`--workers must be an integer from 1, got ${values.workers}`);
  // Splitting and counting cost about the same, so each gets half of the workers.
  const sources = Math.ceil(workers / 2);
  if (!Number.isInteger(passes) || passes < sources) {
    throw new Error(`--passes must be an integer, at least one for each of ${sources} sources, got ${values.passes}`);
  }
  return { passes, workers, sources, counters: Math.max(1, workers - sources) };
}

/** @typedef {ReturnType<typeof readOptions>} Options */

/** Counts on all cores. */
async function countOnAllCores(/** @type {Options} */ { workers, ...shape }, /** @type {Stopwatch} */ stopwatch) {
  const job = await flow.run({ params: { ...shape, lines: bookLines().length }, workers });
  const timer = setInterval(() => {
    stopwatch.lap(job.metrics().operators.find(({ name }) => name === 'count')?.tuplesIn ?? 0);
  }, LAP_MS);
  /** @type {Map<string, number>} */
  const counts = new Map();
  try {
    for await (const { word, count } of job.output('totals')) {
      if (counts.has(word)) throw new Error(`'${word}' has two totals`);
      counts.set(word, count);
    }
    stopwatch.end();
    await job.done;
  } finally {
    clearInterval(timer);
  }
  return counts;
}

/** Fails loudly if a word has another count on one side than on the other. */
function compare(/** @type {Map<string, number>} */ ours, /** @type {Map<string, number>} */ theirs) {
  for (const word of new Set([...ours.keys(), ...theirs.keys()])) {
    if (ours.get(word) !== theirs.get(word)) {
      throw new Error(
        `the counts differ: '${word}' is ${ours.get(word)} on all cores, and ${theirs.get(word)} on one thread`,
      );
    }
  }
}

async function main() {
  const options = readOptions();
  const { passes, workers, sources, counters } = options;
  let total = 0;
  countOnOneThread(1, (_, words) => {
    total = words * passes;
  });
  const ours = new Stopwatch('millrace', total);
  const counts = await countOnAllCores(options, ours);
  const theirs = new Stopwatch('single thread', total);
  const expected = countOnOneThread(passes, (_, words) => theirs.lap(words));
  theirs.end();
  compare(counts, expected);

  const top = [...counts].sort(([, a], [, b]) => b - a).slice(0, TOP_WORDS);
  console.log(`\nThe ${TOP_WORDS} most frequent words of Moby-Dick, read ${passes} times`);
  for (const [word, count] of top) console.log(`${word.padStart(8)} ${grouped(count).padStart(12)}`);
  console.log(`\n${grouped(total)} words, ${grouped(counts.size)} distinct; both counts agree`);
  const line = (/** @type {Stopwatch} */ { name, wordsPerSecond, seconds }, /** @type {string} */ how) =>
    console.log(
      `${name.padEnd(14)}${(wordsPerSecond / 1e6).toFixed(2).padStart(6)} M words/s  (${how}; ${seconds.toFixed(1)} s in all)`,
    );
  line(ours, `${workers} workers: ${sources} × lines and split, ${counters} × count`);
  line(theirs, 'one loop, one Map');
  console.log(`${'ratio'.padEnd(14)}${(ours.wordsPerSecond / theirs.wordsPerSecond).toFixed(2).padStart(6)}`);
  console.log(`Speed is that of the last three quarters of the words. ${cpus()[0].model}, Node.js ${process.version}`);
}

try {
  await main();
} catch (error) {
  const { message, code } = /** @type {NodeJS.ErrnoException} */ (error);
  console.error(`moby-dick: ${message}${code === undefined ? '' : ` [${code}]`}`);
  process.exitCode = 1;
}
