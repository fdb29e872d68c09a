// Goal: an operator that was busy all the time on one thread is named with the option that shares it out; where none would, it is not.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildGraph } from '../../src/flow/dataflow.ts';
import { planOf } from '../../src/flow/plan.ts';
import { dataflow, type FlowBuilder, t } from '../../src/index.ts';
import { generate, readLines } from '../../src/sources.ts';
import type { OperatorReading } from '../../src/supervisor/readings/job-reading.ts';
import { loadHintsOf } from '../../src/supervisor/readings/load-hints.ts';

const SHAPE = { n: t.u32() };
const numbers = (partitions = 1) => generate(SHAPE, (n) => ({ n }), { count: 9, partitions });
const same = ({ n }: { n: number }): { n: number } => ({ n });

/** The hints of a flow in which these operators were busy for a share of 10 s. */
function hintsFor(
  build: (flow: FlowBuilder) => unknown,
  busy: Readonly<Record<string, number>>,
  { elapsedMs = 10_000, workers = 2 } = {},
): readonly [string, string][] {
  const plan = planOf(buildGraph(dataflow(import.meta.url, 'loaded', build), {} as never));
  const operators = plan.graph.operators.map(
    ({ name }) => ({ name, replicas: [{ busyMs: (busy[name] ?? 0) * elapsedMs }] }) as unknown as OperatorReading,
  );
  const hints = loadHintsOf(plan, { elapsedMs, operators }, workers);
  return hints.map(({ option, text }) => [option, text]);
}

const keyed = (parallelism: number) => (flow: FlowBuilder) =>
  flow
    .source('numbers', numbers())
    .keyBy('n')
    .process('count', { state: { n: t.u32() }, output: SHAPE }, ({ n }, _, emit) => emit({ n }), { parallelism })
    .collect('out');

test('a keyed operator', () => {
  assert.deepEqual(hintsFor(keyed(1), { count: 0.987 }), [
    ['parallelism', "process 'count' was busy 98 % of the time on one thread. Give it the option 'parallelism'"],
  ]);
});

test('no hint for one that was less busy, has replicas, ran shortly, or has no other thread', () => {
  assert.deepEqual(hintsFor(keyed(1), { count: 0.89 }), []);
  assert.deepEqual(hintsFor(keyed(2), { count: 1 }), []);
  assert.deepEqual(hintsFor(keyed(1), { count: 1 }, { elapsedMs: 2999 }), []);
  assert.deepEqual(hintsFor(keyed(1), { count: 1 }, { workers: 1 }), []);
  assert.deepEqual(hintsFor(keyed(1), { out: 1 }), []);
});

test('an operator without a key', () => {
  const build = (flow: FlowBuilder) =>
    flow.source('numbers', numbers()).map('split', SHAPE, same, { fuse: false }).collect('out');
  assert.deepEqual(hintsFor(build, { split: 0.95 }), [
    [
      'parallelism',
      "map 'split' was busy 95 % of the time on one thread. Give it the option 'parallelism' behind ordered(), or behind unordered() if the order of its tuples does not matter",
    ],
  ]);
});

test('one key for all is shared by no option', () => {
  const build = (flow: FlowBuilder) =>
    flow
      .source('numbers', numbers())
      .keyBy()
      .process('sum', { state: { n: t.u32() }, output: SHAPE }, ({ n }, _, emit) => emit({ n }))
      .collect('out');
  assert.deepEqual(hintsFor(build, { sum: 1 }), []);
});

test('sources that replicas can read, and what runs in the actor of one that they cannot', () => {
  const options = (build: (flow: FlowBuilder) => unknown, name: string) => hintsFor(build, { [name]: 1 });
  const [[made, madeText]] = options((flow) => flow.source('numbers', numbers()).collect('out'), 'numbers');
  assert.equal(made, 'partitions');
  assert.match(madeText, /^source 'numbers' was busy 100 % .* Give generate\(\) the option 'partitions'/);
  const lines = (flow: FlowBuilder) => flow.source('lines', readLines('in.txt')).collect('out');
  assert.equal(options(lines, 'lines')[0][0], 'ranges');
  const ranges = (flow: FlowBuilder) => flow.source('lines', readLines('in.txt', { ranges: 'auto' })).collect('out');
  assert.equal(options(ranges, 'lines')[0][0], 'parallelism');
  const own = {
    kind: 'reader',
    fields: SHAPE,
    open: () => {
      throw new Error('not opened');
    },
  } as const;
  const behind = (flow: FlowBuilder) => flow.source('own', own).map('parse', SHAPE, same).collect('out');
  assert.match(
    options(behind, 'own')[0][1],
    /^source 'own', with 'parse' in the same actor, was busy .* Give 'parse' the option 'parallelism' behind ordered\(\)/,
  );
  assert.deepEqual(
    options((flow) => flow.source('own', own).collect('out'), 'own'),
    [],
  );
});
