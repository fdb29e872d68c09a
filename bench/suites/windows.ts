// Suite `windows`: what windows cost over a count of the same keys without windows: both are aggregates, combined by two replicas of a
// source. A ratio of 0.5 is twice the cost. There are ten tuples of a key in each window, or in each slice of sliding ones.

import type { By, Effort } from '../effort.ts';
import { keyedAggregateFlow } from '../flows/keyed-aggregate.ts';
import { WINDOW_KINDS, type WindowKind, windowsFlow, windowsOfTuple } from '../flows/windows.ts';
import type { Contender, Experiment } from '../harness.ts';
import { Laps } from '../laps.ts';
import { onlyTuple } from './only-tuple.ts';

const ROUNDS: By<number> = { quick: 1, usual: 2, full: 5 };
const COUNT: By<number> = { quick: 1_000_000, usual: 6_000_000, full: 16_000_000 };
/** Sliding windows give sixty results of a key after its last tuple: with fewer keys these are few beside the others. */
const KEYS: Readonly<Record<WindowKind, By<number>>> = {
  tumbling: { quick: 20_000, usual: 100_000, full: 100_000 },
  sliding: { quick: 2000, usual: 10_000, full: 10_000 },
  session: { quick: 20_000, usual: 100_000, full: 100_000 },
};
const WORKERS = 2;
const WARM_SHARE = 0.3;

async function runWindows(kind: WindowKind, keys: number, count: number): Promise<number> {
  const job = await windowsFlow.run({ params: { kind, keys, count }, workers: WORKERS });
  const laps = new Laps(job, 'source', count * WARM_SHARE);
  const { tuples } = await onlyTuple(job.output('totals'));
  const tuplesPerSecond = laps.end(count);
  await job.done;
  const expected = count * windowsOfTuple(kind);
  if (tuples !== expected) throw new Error(`windows, ${kind}: expected ${expected} tuples in windows, got ${tuples}`);
  return tuplesPerSecond;
}

async function runKeyedCount(keys: number, count: number): Promise<number> {
  const params = { keys, kind: 'ids' as const, count, warm: count * WARM_SHARE };
  const job = await keyedAggregateFlow.run({ params, workers: WORKERS });
  const laps = new Laps(job, 'source', params.warm);
  let seen = 0;
  let tuplesPerSecond = Number.NaN;
  for await (const result of job.output('results')) {
    if (seen === 0) tuplesPerSecond = laps.end(count);
    seen += result.count;
  }
  await job.done;
  if (seen !== count) throw new Error(`windows: the keyed count has seen ${seen} of ${count} tuples`);
  return tuplesPerSecond;
}

const contender = (name: string, result: string, run: () => Promise<number>): Contender => ({
  name,
  run: async () => ({ [result]: await run() }),
  close: async () => {},
});

export function windows(effort: Effort): Experiment[] {
  const count = COUNT[effort];
  return WINDOW_KINDS.map((kind) => ({
    results: [kind],
    unit: 'tuples/s',
    better: 'higher',
    rounds: ROUNDS[effort],
    ours: async () => contender('millrace', kind, () => runWindows(kind, KEYS[kind][effort], count)),
    baselines: [async () => contender('keyed-count', kind, () => runKeyedCount(KEYS[kind][effort], count))],
  }));
}
