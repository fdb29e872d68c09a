// Flows whose operators are right, for the tests of the kit. Nothing runs them on a worker.

import { dataflow, t, table } from '../../../src/index.ts';
import { generate, push } from '../../../src/sources.ts';

/** A chain that a job runs in two actors: `shorten` to `words`, and `count` to `long`. */
export const wordCount = dataflow(import.meta.url, 'word-count', (flow, { longest = 10 }: { longest?: number } = {}) =>
  flow
    .source('lines', push({ line: t.string() }))
    .map('shorten', { line: t.string() }, ({ line }) => ({ line: line.slice(0, 100) }))
    .flatMap('words', { word: t.dictionary() }, ({ line }, emit) => {
      for (const word of line.split(' ')) if (word !== '') emit({ word });
    })
    .filter('short', ({ word }) => word.length <= longest)
    .keyBy('word')
    .process(
      'count',
      { state: { times: t.u32() }, output: { word: t.string(), times: t.u32() } },
      ({ word }, state, emit) => {
        if (word === 'poison') throw new Error('a poisonous word');
        state.times += 1;
        emit({ word, times: state.times });
      },
      { parallelism: 3, end: ({ word }, state, emit) => emit({ word, times: -0 + state.times * 1000 }) },
    )
    .map('shout', { word: t.string(), times: t.u32() }, ({ word, times }) => ({ word: word.toUpperCase(), times }))
    .filter('long', ({ word }) => word.length > 1)
    .collect('counts'),
);

/** Each key has a table, a text, a json value and bytes; every third tuple removes a row, every tenth the key. */
export const ledger = dataflow(import.meta.url, 'ledger', (flow) =>
  flow
    .source(
      'entries',
      generate({ who: t.string(), n: t.u32(), at: t.u32() }, (n) => ({ who: `k${n % 3}`, n, at: n % 2 })),
    )
    .keyBy('who', 'at')
    .process(
      'book',
      {
        state: { sum: t.f64(), note: t.string(), all: t.json<number[]>(), raw: t.bytes() },
        tables: { recent: table({ place: t.u32() }, { n: t.u32(), text: t.string() }) },
        output: { who: t.string(), sum: t.f64(), rows: t.json<[number, number][]>() },
      },
      ({ who, n }, state, emit, context) => {
        state.sum += n;
        state.note = `${who}:${'x'.repeat(n % 50)}`;
        state.all = [...(state.all ?? []), n].slice(-3);
        state.raw = Uint8Array.from({ length: n % 20 }, (_, i) => (n + i) & 255);
        const row = state.recent.upsert(n % 7);
        row.n = n;
        row.text = `${n}`;
        if (n % 3 === 0) state.recent.delete((n + 1) % 7);
        const rows = [...state.recent].map(({ place, n: other }): [number, number] => [place, other]);
        emit({ who, sum: state.sum, rows: rows.sort(([a], [b]) => a - b) });
        if (n % 10 === 9) context.remove();
      },
    )
    .collect('booked'),
);
