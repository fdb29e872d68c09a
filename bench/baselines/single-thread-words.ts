// Baseline `single-thread` of word-count: one loop splits lines and counts words in a Map. A thread's entry; see solo.ts.
// The Map holds objects: one look-up per word, where numbers would need a get and a set.

import { parentPort } from 'node:worker_threads';
import { bookLines, wordsOf } from '../book.ts';
import type { WordCountParams } from '../flows/word-count.ts';
import { Meter } from '../meter.ts';

function count(params: WordCountParams) {
  const lines = bookLines();
  const meter = new Meter(params);
  const rows = new Map<string, { count: number }>();
  for (let pass = 0; pass < params.passes; pass++) {
    for (const line of lines) {
      for (const word of wordsOf(line)) {
        const row = rows.get(word);
        if (row === undefined) rows.set(word, { count: 1 });
        else row.count += 1;
        meter.add(1);
      }
    }
  }
  return {
    counts: new Map(Array.from(rows, ([word, row]) => [word, row.count])),
    wordsPerSecond: ((params.count - params.warm) * 1000) / meter.report().elapsedMs,
  };
}

parentPort?.on('message', (params: WordCountParams) => parentPort?.postMessage(count(params)));
