// Suite `word-count`: Moby-Dick, read several times over, split and counted on two threads against one loop on one: by an aggregate
// on both threads, and word by word from one thread to the other.
// Both sides split with the same expression, and every word's count is checked after each run.

import { openSolo } from '../baselines/solo.ts';
import { bookLines, wordsOf } from '../book.ts';
import type { By, Effort } from '../effort.ts';
import { type WordCountParams, wordCountFlow } from '../flows/word-count.ts';
import type { Contender, Experiment } from '../harness.ts';
import { Laps } from '../laps.ts';

const ROUNDS: By<number> = { quick: 1, usual: 3, full: 5 };
const WARM_SHARE = 0.3;
const PASSES: By<number> = { quick: 10, usual: 80, full: 120 };

interface Report {
  readonly counts: ReadonlyMap<string, number>;
  readonly wordsPerSecond: number;
}

/** How often each word is in the book. */
function bookCounts(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of bookLines()) {
    for (const word of wordsOf(line)) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return counts;
}

function contender(
  name: string,
  result: string,
  params: WordCountParams,
  expected: ReadonlyMap<string, number>,
  run: () => Promise<Report>,
  close: () => Promise<void>,
): Contender {
  return {
    name,
    async run() {
      const { counts, wordsPerSecond } = await run();
      if (counts.size !== expected.size) {
        throw new Error(`${name}: expected ${expected.size} different words, got ${counts.size}`);
      }
      for (const [word, inOnePass] of expected) {
        if (counts.get(word) !== inOnePass * params.passes) {
          throw new Error(`${name}: expected '${word}' ${inOnePass * params.passes} times, got ${counts.get(word)}`);
        }
      }
      return { [result]: wordsPerSecond };
    },
    close,
  };
}

async function runMillrace(params: WordCountParams): Promise<Report> {
  const job = await wordCountFlow.run({ params, workers: 2 });
  const laps = new Laps(job, 'split', params.warm);
  const counts = new Map<string, number>();
  let wordsPerSecond = Number.NaN;
  for await (const { word, count } of job.output('counts')) {
    if (counts.size === 0) wordsPerSecond = laps.end(params.count);
    counts.set(word, count);
  }
  await job.done;
  return { counts, wordsPerSecond };
}

const RESULTS: readonly { readonly result: string; readonly by: WordCountParams['by'] }[] = [
  { result: 'words', by: 'aggregate' },
  { result: 'process', by: 'process' },
];

export function wordCount(effort: Effort): Experiment[] {
  const expected = bookCounts();
  const passes = PASSES[effort];
  const count = passes * Array.from(expected.values()).reduce((sum, each) => sum + each, 0);
  return RESULTS.map(({ result, by }) => {
    const params: WordCountParams = { by, passes, count, warm: Math.ceil(count * WARM_SHARE) };
    return {
      results: [result],
      unit: 'words/s',
      better: 'higher',
      rounds: ROUNDS[effort],
      ours: async () =>
        contender(
          'millrace',
          result,
          params,
          expected,
          () => runMillrace(params),
          async () => {},
        ),
      baselines: [
        async () => {
          const thread = openSolo<WordCountParams, Report>('./single-thread-words.js');
          return contender('single-thread', result, params, expected, () => thread.run(params), thread.close);
        },
      ],
    };
  });
}
