// Goal: a comparison keeps the spread of its ratios, and tables and JSON show what was measured, on which machine.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Contender, type Experiment, runExperiment } from '../../bench/harness.ts';
import { suiteReport, toJson, toTable } from '../../bench/report.ts';
import { fixedMachine } from './fixed-machine.ts';

/** A contender whose runs give these figures, the first of them in the run beforehand. */
function scripted(name: string, figures: readonly number[]): () => Promise<Contender> {
  let run = 0;
  return async () => ({
    name,
    run: async () => ({ rate: figures[run++] }),
    async close() {},
  });
}

const experiment = (better: Experiment['better']): Experiment => ({
  results: ['rate'],
  unit: 'tuples/s',
  better,
  rounds: 3,
  ours: scripted('millrace', [1, 4e6, 6e6, 2e6]),
  baselines: [scripted('loop', [1e9, 2e6, 2e6, 2e6])],
});

test('a ratio is the median of rounds, between the least and the greatest one', async () => {
  const [higher] = await runExperiment(experiment('higher'), () => {});
  assert.deepEqual(higher, {
    name: 'rate',
    unit: 'tuples/s',
    value: 4e6,
    min: 2e6,
    max: 6e6,
    runs: 3,
    vs: { loop: { value: 2e6, min: 2e6, max: 2e6, ratio: 2, ratioMin: 1, ratioMax: 3 } },
  });
  const [lower] = await runExperiment(experiment('lower'), () => {});
  const { ratio, ratioMin, ratioMax } = lower.vs.loop;
  assert.deepEqual([ratio, ratioMin, ratioMax], [0.5, 1 / 3, 1]);
});

test('an experiment whose time is up has two rounds, and one whose time is not has all', async () => {
  const lines: string[] = [];
  const note = (line: string): void => void lines.push(line);
  const [short] = await runExperiment(experiment('higher'), note, 0);
  assert.deepEqual([short.runs, short.value], [2, 5e6]);
  assert.equal(lines.at(-1), 'the time is up after 2 of 3 rounds');
  const [long] = await runExperiment(experiment('higher'), note, Number.POSITIVE_INFINITY);
  assert.equal(long.runs, 3);
});

test('a result has the unit and the target of its own, and what is missing is told first', async () => {
  const lines: string[] = [];
  const two = (name: string) => async (): Promise<Contender> => ({
    name,
    run: async () => ({ rate: 1e6, late: 3 }),
    async close() {},
  });
  const [rate, late] = await runExperiment(
    {
      ...experiment('lower'),
      results: ['rate', 'late'],
      units: { late: 'ms' },
      targets: { late: '≤ 5 ms' },
      note: 'without a baseline',
      rounds: 1,
      ours: two('millrace'),
      baselines: [two('loop')],
    },
    (line) => void lines.push(line),
  );
  assert.deepEqual([rate.unit, rate.target], ['tuples/s', undefined]);
  assert.deepEqual([late.unit, late.target], ['ms', '≤ 5 ms']);
  assert.equal(lines[0], 'without a baseline');
  assert.match(lines.at(-1) ?? '', /^round 1 of 1 +loop +rate 1\.00 M tuples\/s, late 3\.00 ms$/);
});

test('the table of a suite names the machine', async () => {
  const report = suiteReport('test', fixedMachine, await runExperiment(experiment('higher'), () => {}));
  assert.equal(
    toTable(report),
    `test on Test CPU, 2 cores, Node v20.0.0; median of 3 runs

result  contender           median        min..max  ours is
-----------------------------------------------------------
rate    millrace   4.00 M tuples/s  2.00 M..6.00 M
        loop       2.00 M tuples/s  2.00 M..2.00 M   2.00 ×`,
  );
});

test('the JSON of a suite holds the machine and the results, that of several is an array', async () => {
  const report = suiteReport('test', fixedMachine, await runExperiment(experiment('higher'), () => {}));
  assert.deepEqual(JSON.parse(toJson([report])), {
    suite: 'test',
    node: 'v20.0.0',
    cpu: 'Test CPU',
    cores: 2,
    machine: fixedMachine,
    results: report.results,
  });
  assert.equal(JSON.parse(toJson([report, report])).length, 2);
});
