// Suite `word-count`: Moby-Dick, read several times over, split and counted on two threads against one loop on one.
// Both sides split with the same expression, and every word's count is checked after each run.

import { openSolo } from '../baselines/solo.ts';
import { bookLines, wordsOf } from '../book.ts';
import type { By, Effort } from '../effort.ts';
import { type WordCountParams, wordCountFlow } from '../flows/word-count.ts';
import type { Contender, Experiment } from '../harness.ts';

const ROUNDS: By<number> = { quick: 1, usual: 5, full: 5 };
const WARM_SHARE = 0.3;
const PASSES: By<number> = { quick: 2, usual: 40, full: 40 };

interface Report {
  readonly counts: ReadonlyMap<string, number>;
  readonly elapsedMs: number;
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
  params: WordCountParams,
  expected: ReadonlyMap<string, number>,
  run: () => Promise<Report>,
  close: () => Promise<void>,
): Contender {
  return {
    name,
    async run() {
      const { counts, elapsedMs } = await run();
      if (counts.size !== expected.size) {
        throw new Error(`${name}: expected ${expected.size} different words, got ${counts.size}`);
      }
      for (const [word, inOnePass] of expected) {
        if (counts.get(word) !== inOnePass * params.passes) {
          throw new Error(`${name}: expected '${word}' ${inOnePass * params.passes} times, got ${counts.get(word)}`);
        }
      }
      return { words: ((params.count - params.warm) * 1000) / elapsedMs };
    },
    close,
  };
}

async function runMillrace(params: WordCountParams): Promise<Report> {
  const job = await wordCountFlow.run({ params, workers: 2 });
  const counts = new Map<string, number>();
  let elapsedMs = Number.NaN;
  for await (const tuple of job.output('counts')) {
    if (tuple.word === '') elapsedMs = tuple.elapsedMs;
    else counts.set(tuple.word, tuple.count);
  }
  await job.done;
  return { counts, elapsedMs };
}

export function wordCount(effort: Effort): Experiment[] {
  const expected = bookCounts();
  const passes = PASSES[effort];
  const count = passes * Array.from(expected.values()).reduce((sum, each) => sum + each, 0);
  const params: WordCountParams = { passes, count, warm: Math.ceil(count * WARM_SHARE) };
  return [
    {
      results: ['words'],
      unit: 'words/s',
      better: 'higher',
      rounds: ROUNDS[effort],
      ours: async () =>
        contender(
          'millrace',
          params,
          expected,
          () => runMillrace(params),
          async () => {},
        ),
      baselines: [
        async () => {
          const thread = openSolo<WordCountParams, Report>('./single-thread-words.js');
          return contender('single-thread', params, expected, () => thread.run(params), thread.close);
        },
      ],
    },
  ];
}
