// Goal: the page that a run ends with shows every result, in the order of the questions, with baseline and spread.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Effort } from '../../bench/effort.ts';
import type { Result } from '../../bench/harness.ts';
import { page } from '../../bench/page/page.ts';
import { questions } from '../../bench/page/questions.ts';
import { suiteReport } from '../../bench/report.ts';
import { suites } from '../../bench/suites.ts';
import { fixedMachine } from './fixed-machine.ts';

const words: Result = {
  name: 'words',
  unit: 'words/s',
  value: 12.9e6,
  min: 12.1e6,
  max: 13.4e6,
  runs: 5,
  vs: {
    'single-thread': { value: 12.4e6, min: 12e6, max: 12.5e6, ratio: 1.04, ratioMin: 0.98, ratioMax: 1.102 },
    'other-loop': { value: 6.2e6, min: 6e6, max: 6.5e6, ratio: 2.08, ratioMin: 2, ratioMax: 2.1 },
  },
};
const plain = (name: string, unit: string, value: number, target?: string): Result => ({
  name,
  unit,
  value,
  min: value,
  max: value,
  runs: 1,
  vs: {},
  ...(target !== undefined && { target }),
});

const reports = [
  suiteReport('recovery', fixedMachine, [{ ...plain('crash-to-commit-p50', 'ms', 9.4), min: 8, max: 30, runs: 60 }]),
  suiteReport('elasticity', fixedMachine, [plain('speedup-2', '×', 1.95, '≥ 1.7')]),
  suiteReport('word-count', fixedMachine, [words]),
  suiteReport('brand-new', fixedMachine, [plain('first', 'ns', 3.5)]),
];
const order = { machine: fixedMachine, effort: 'usual', tookMs: 432_100, reports } as const;

test('the page of fixed results', () => {
  assert.equal(
    page(order),
    `The machine
Test CPU, 2 cores, Node v20.0.0, 8 GiB; load average before the run 0.25
  single thread  12.3 M words/s             one loop: a book split into words, counted in a Map
  wake-up        13.1 µs p50, 40.0 µs p99   there and back between two parked threads: Atomics.wait
                 17.3 µs p50, 51.0 µs p99   the same: Atomics.waitAsync, as workers wait
                 25.0 µs p50, 100.0 µs p99  the same: postMessage
  copy           9.5 GB/s, cold 4.3 GB/s    shared memory to shared memory, 1 MiB at a time
  random read    95 ns                      from 64 MiB

The results: medians; above 1 × Millrace is the better one
                                              Millrace        min..max  against                theirs  ours is    min..max  moves with

Is it faster than my loop?
  a book split and counted, 2 threads   12.9 M words/s  12.1 M..13.4 M  single-thread  12.4 M words/s   1.04 ×  0.98..1.10  single thread, cores
                                                                        other-loop     6.20 M words/s   2.08 ×  2.00..2.10

Does it scale?
  2 replicas over 1, 2 µs a tuple               1.95 ×                  wanted: ≥ 1.7                                       cores

What does a crash cost?
  from a crash to the next commit, p50         9.40 ms      8.00..30.0                                                      wake-up, single thread

And also
  brand-new/first                              3.50 ns

recovery, elasticity, word-count, brand-new: 432 s in all. Fewer and shorter runs than --full, which published figures come from.`,
  );
});

test('what is wanted of a result stands below its baselines', () => {
  const report = suiteReport('word-count', fixedMachine, [{ ...words, target: '≥ 1 ×' }]);
  const lines = page({ ...order, reports: [report] }).split('\n');
  const at = lines.findIndex((line) => line.includes('other-loop'));
  assert.match(lines[at + 1], /^ +wanted: ≥ 1 ×$/);
  assert.equal(lines[at].indexOf('other-loop'), lines[at + 1].indexOf('wanted'));
});

test('what a run is worth is said below it', () => {
  const last = (effort: Effort): string =>
    page({ ...order, effort })
      .split('\n')
      .at(-1) ?? '';
  assert.match(last('quick'), /too short for these figures to mean much\.$/);
  assert.match(last('full'), /432 s in all\.$/);
});

test('no result answers two questions', () => {
  const named = questions.flatMap(({ answers }) => answers.map(({ of }) => of));
  assert.deepEqual(named, [...new Set(named)]);
  for (const of of named) assert.ok(Object.hasOwn(suites, of.split('/')[0]), of);
});

test('what suites compare is named on the page', () => {
  const named = new Set(questions.flatMap(({ answers }) => answers.map(({ of }) => of)));
  const unnamed = Object.entries(suites).flatMap(([suite, make]) =>
    make('full')
      .flatMap((each) => ('results' in each ? each.results : []))
      .flatMap((name) => {
        const of = `${suite}/${name}`;
        return named.has(of) ? [] : [of];
      }),
  );
  assert.deepEqual(unnamed, []);
});
