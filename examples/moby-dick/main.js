// @ts-check
// The main job: counts the words of Moby-Dick, read many times over, on all cores; and once more with one loop on one
// thread, on the same text in the same run, to compare. Fails if the two counts differ.
// With --crash workers are killed while they count, and the counts must not differ all the same.
//
//   npm start
//   npm start -- --passes 200 --workers 4
//   npm start -- --crash

import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { bookLines } from './book.js';
import { Drill } from './crash.js';
import flow from './flow.js';
import { countOnOneThread } from './single-thread.js';
import { Stopwatch } from './stopwatch.js';

const TOP_WORDS = 20;
const TOP_WORDS_CRASH = 5;
const LAP_MS = 60;
/** How often the book is read by default. */
const PASSES = 160;

const grouped = (/** @type {number} */ count) => count.toLocaleString('en-US');

function readOptions() {
  const { values } = parseArgs({
    options: {
      passes: { type: 'string' },
      workers: { type: 'string' },
      crash: { type: 'boolean', default: false },
    },
  });
  if (values.crash && values.passes !== undefined) {
    throw new Error('--crash reads the book until the last blow is overcome: leave out --passes');
  }
  const passes = Number(values.passes ?? PASSES);
  const workers = Number(values.workers ?? availableParallelism());
  if (!Number.isInteger(workers) || workers < 1)
    throw new Error(`--workers must be an integer from 1, got ${values.workers}`);
  if (!Number.isInteger(passes) || passes < workers) {
    throw new Error(`--passes must be an integer, at least one for each of ${workers} readers, got ${values.passes}`);
  }
  // With one row for some thirty words, counting takes little: one replica keeps up with many readers.
  return { passes, workers, crash: values.crash };
}

/** @typedef {ReturnType<typeof readOptions>} Options */

/** @typedef {Awaited<ReturnType<typeof flow.run>>} Job */

/** Each word's total, which the flow emits once, at the end. */
async function totalsOf(/** @type {Job} */ job) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for await (const { word, count } of job.output('totals')) {
    if (counts.has(word)) throw new Error(`'${word}' has two totals`);
    counts.set(word, count);
  }
  return counts;
}

/**
 * Counts on all cores.
 * @param {Options} options
 * @param {'aggregate' | 'process'} by
 * @param {number} readers
 * @param {number} counters
 * @param {Stopwatch} stopwatch
 */
async function countOnAllCores({ passes, workers }, by, readers, counters, stopwatch) {
  const job = await flow.run({ params: { passes, by, readers, counters, lines: bookLines().length }, workers });
  const timer = setInterval(() => {
    stopwatch.lap(job.reading().operators.find(({ name }) => name === 'split')?.tuplesOut ?? 0);
  }, LAP_MS);
  try {
    const counts = await totalsOf(job);
    stopwatch.end();
    await job.done;
    return counts;
  } finally {
    clearInterval(timer);
  }
}

/** Counts on all cores, while workers are killed, until the last of them is replaced. */
async function countUnderBlows(/** @type {Options} */ options) {
  const { passes, workers } = options;
  const readers = workers;
  const orders = new Int32Array(new SharedArrayBuffer(4));
  const params = {
    passes,
    by: /** @type {const} */ ('aggregate'),
    readers,
    counters: 1,
    lines: bookLines().length,
    orders,
  };
  const job = await flow.run({ params, workers });
  const drill = new Drill(job, orders);
  const [counts] = await Promise.all([totalsOf(job), drill.strike(), job.done]);
  // A source and the operators fused to it are one actor, with one count of the lines that it has read.
  const { operators } = job.reading();
  const readings = Array.from(
    { length: readers },
    (_, reader) => operators.find(({ name }) => name === `lines-${reader}`)?.tuplesOut ?? 0,
  );
  return { counts, readings, tookMs: drill.tookMs };
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

const mostFrequent = (/** @type {Map<string, number>} */ counts) => [...counts].sort(([, a], [, b]) => b - a);

async function crash(/** @type {Options} */ options) {
  console.log(`Moby-Dick, read over and over and counted by ${options.workers} workers, while they are killed\n`);
  const { counts, readings, tookMs } = await countUnderBlows(options);
  console.log('\nNow the same lines in one loop on one thread, which nobody kills …\n');
  const expected = countOnOneThread(readings);
  const columns = (/** @type {string[]} */ ...[word, ...cells]) =>
    console.log(word.padStart(8) + cells.map((cell) => cell.padStart(16)).join(''));
  columns('', 'killed workers', 'one thread');
  for (const [word, count] of mostFrequent(counts).slice(0, TOP_WORDS_CRASH)) {
    columns(word, grouped(count), grouped(expected.get(word) ?? 0));
  }
  const sum = (/** @type {Map<string, number>} */ all) => [...all.values()].reduce((so, count) => so + count, 0);
  columns('distinct', grouped(counts.size), grouped(expected.size));
  columns('words', grouped(sum(counts)), grouped(sum(expected)));
  compare(counts, expected);
  console.log('\nAll counts agree, word for word: nothing is lost, and nothing is counted twice.');
  const times = tookMs.map((ms) => ms.toFixed(1)).join(', ');
  console.log(
    `From the notice of a crash to the first commit after it: ${times} ms. ${cpus()[0].model}, Node.js ${process.version}`,
  );
}

async function main() {
  const options = readOptions();
  if (options.crash) return crash(options);
  const { passes, workers } = options;
  const lines = bookLines().length;
  let total = 0;
  countOnOneThread([lines], (words) => {
    total = words * passes;
  });
  const ours = new Stopwatch('aggregate', total);
  const counts = await countOnAllCores(options, 'aggregate', workers, 1, ours);
  const perWord = new Stopwatch('process', total);
  // Splitting and counting cost about the same, so each gets half of the workers.
  const halves = [Math.ceil(workers / 2), Math.max(1, Math.floor(workers / 2))];
  const countsPerWord = await countOnAllCores(options, 'process', halves[0], halves[1], perWord);
  const theirs = new Stopwatch('single thread', total);
  const expected = countOnOneThread([passes * lines], (words) => theirs.lap(words));
  theirs.end();
  compare(counts, expected);
  compare(countsPerWord, expected);

  const top = mostFrequent(counts).slice(0, TOP_WORDS);
  console.log(`\nThe ${TOP_WORDS} most frequent words of Moby-Dick, read ${passes} times`);
  for (const [word, count] of top) console.log(`${word.padStart(8)} ${grouped(count).padStart(12)}`);
  console.log(`\n${grouped(total)} words, ${grouped(counts.size)} distinct; all three counts agree`);
  const line = (/** @type {Stopwatch} */ { name, wordsPerSecond, seconds }, /** @type {string} */ how) =>
    console.log(
      `${name.padEnd(14)}${(wordsPerSecond / 1e6).toFixed(2).padStart(6)} M words/s  (${how}; ${seconds.toFixed(1)} s in all)`,
    );
  line(ours, `${workers} workers read, split and count; one of them merges`);
  line(perWord, `${halves[0]} × read and split, ${halves[1]} × count, word by word`);
  line(theirs, 'one loop, one Map');
  const ratio = (/** @type {Stopwatch} */ { wordsPerSecond }) => (wordsPerSecond / theirs.wordsPerSecond).toFixed(2);
  console.log(`\nratio to the single thread: ${ratio(ours)} (aggregate), ${ratio(perWord)} (process)`);
  console.log(`Speed is that of the last three quarters of the words. ${cpus()[0].model}, Node.js ${process.version}`);
}

try {
  await main();
} catch (error) {
  const { message, code } = /** @type {NodeJS.ErrnoException} */ (error);
  console.error(`moby-dick: ${message}${code === undefined ? '' : ` [${code}]`}`);
  process.exitCode = 1;
}
