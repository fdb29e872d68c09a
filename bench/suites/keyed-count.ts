// Suite `keyed-count`: count and sum per key against a Map in one loop: tuple by tuple in transactional state on a second worker, and
// (`aggregate-*`) by an aggregate on both.
// Timed is the steady state: each key has its row before the clock starts (see keyedTuple), on both sides.

import { openSolo } from '../baselines/solo.ts';
import type { By, Effort } from '../effort.ts';
import { keyedAggregateFlow } from '../flows/keyed-aggregate.ts';
import { type KeyedCountParams, keyedCountFlow } from '../flows/keyed-count.ts';
import type { Contender, Experiment } from '../harness.ts';
import { Laps } from '../laps.ts';
import { combined, type ReplicaReport } from '../meter.ts';
import { type KeyKind, keyedTuple, Totals } from '../workloads.ts';

const ROUNDS: By<number> = { quick: 1, usual: 3, full: 5 };
const WARM_SHARE = 0.3;
const WORKERS = 2;
/** The source fills the other worker: a second replica beside it would only take its time. */
const REPLICAS = 1;

interface Size {
  readonly result: string;
  readonly by: 'aggregate' | 'process';
  readonly kind: KeyKind;
  readonly keys: number;
  /** Tuples per full run after each key has been seen once, ours and the baseline's. */
  readonly ours: number;
  readonly theirs: number;
}

const SIZES: readonly Size[] = [
  { result: 'keys-1k', by: 'process', kind: 'ids', keys: 1000, ours: 20_000_000, theirs: 10_000_000 },
  { result: 'keys-100k', by: 'process', kind: 'ids', keys: 100_000, ours: 12_000_000, theirs: 4_000_000 },
  { result: 'keys-1m', by: 'process', kind: 'ids', keys: 1_000_000, ours: 8_000_000, theirs: 2_000_000 },
  { result: 'dense-1k', by: 'process', kind: 'dense', keys: 1000, ours: 20_000_000, theirs: 10_000_000 },
  { result: 'dense-100k', by: 'process', kind: 'dense', keys: 100_000, ours: 12_000_000, theirs: 4_000_000 },
  { result: 'dense-1m', by: 'process', kind: 'dense', keys: 1_000_000, ours: 8_000_000, theirs: 2_000_000 },
  { result: 'aggregate-1k', by: 'aggregate', kind: 'ids', keys: 1000, ours: 60_000_000, theirs: 10_000_000 },
  { result: 'aggregate-100k', by: 'aggregate', kind: 'ids', keys: 100_000, ours: 36_000_000, theirs: 4_000_000 },
  { result: 'aggregate-1m', by: 'aggregate', kind: 'ids', keys: 1_000_000, ours: 16_000_000, theirs: 2_000_000 },
  { result: 'aggregate-dense-1k', by: 'aggregate', kind: 'dense', keys: 1000, ours: 60_000_000, theirs: 10_000_000 },
  {
    result: 'aggregate-dense-100k',
    by: 'aggregate',
    kind: 'dense',
    keys: 100_000,
    ours: 36_000_000,
    theirs: 4_000_000,
  },
  {
    result: 'aggregate-dense-1m',
    by: 'aggregate',
    kind: 'dense',
    keys: 1_000_000,
    ours: 16_000_000,
    theirs: 2_000_000,
  },
];
const SIZES_BY: By<readonly Size[]> = {
  // A million keys take most of a run's time to be seen once.
  quick: SIZES.filter(({ keys }) => keys < 1_000_000).map((size) => ({
    ...size,
    ours: size.by === 'aggregate' ? 8_000_000 : 400_000,
    theirs: 200_000,
  })),
  usual: SIZES.map((size) => ({ ...size, ours: size.ours / 2, theirs: size.theirs / 2 })),
  full: SIZES,
};

interface Sums {
  readonly keys: number;
  readonly count: number;
  readonly sum: number;
}

interface Report extends Sums {
  readonly tuplesPerSecond: number;
}

function paramsOf({ keys, kind }: Size, tuples: number): KeyedCountParams {
  return { keys, kind, parallelism: REPLICAS, count: keys + tuples, warm: keys + Math.ceil(tuples * WARM_SHARE) };
}

/** What the rows must add up to: each tuple as if it were a row of its own. */
function expected({ keys, kind, count }: KeyedCountParams): number {
  const make = keyedTuple(keys, kind);
  const totals = new Totals();
  for (let index = 0; index < count; index++) {
    const tuple = make(index);
    totals.add(tuple.key, 1, tuple.value);
  }
  return totals.report().sum;
}

/** A contender whose runs give reports; each report is checked. */
function contender(
  name: string,
  result: string,
  params: KeyedCountParams,
  run: () => Promise<Report>,
  close: () => Promise<void>,
): Contender {
  const sum = expected(params);
  return {
    name,
    async run() {
      const report = await run();
      if (report.keys !== params.keys || report.count !== params.count || report.sum !== sum) {
        throw new Error(
          `${name}, ${result}: expected ${params.keys} keys with ${params.count} tuples and sum ${sum}, ` +
            `got ${report.keys} with ${report.count} and ${report.sum}`,
        );
      }
      return { [result]: report.tuplesPerSecond };
    },
    close,
  };
}

async function runMillrace(params: KeyedCountParams): Promise<Report> {
  const job = await keyedCountFlow.run({ params, workers: WORKERS });
  const reports: (ReplicaReport & Sums)[] = [];
  for await (const report of job.output('reports')) reports.push(report);
  await job.done;
  if (reports.length !== REPLICAS) throw new Error(`millrace: rows of state are missing, ${reports.length} reports`);
  const total = (name: 'keys' | 'count' | 'sum'): number => reports.reduce((sum, each) => sum + each[name], 0);
  const { timed, elapsedMs } = combined(reports);
  const tuplesPerSecond = (timed * 1000) / elapsedMs;
  return { keys: total('keys'), count: total('count'), sum: total('sum'), tuplesPerSecond };
}

async function runAggregate(params: KeyedCountParams): Promise<Report> {
  const job = await keyedAggregateFlow.run({ params, workers: WORKERS });
  const laps = new Laps(job, 'source', params.warm);
  const totals = new Totals();
  let tuplesPerSecond = Number.NaN;
  for await (const { key, count, sum } of job.output('results')) {
    if (totals.keys === 0) tuplesPerSecond = laps.end(params.count);
    totals.add(key, count, sum);
  }
  await job.done;
  return { ...totals.report(), tuplesPerSecond };
}

export function keyedCount(effort: Effort): Experiment[] {
  return SIZES_BY[effort].map((size) => ({
    results: [size.result],
    unit: 'tuples/s',
    better: 'higher',
    rounds: ROUNDS[effort],
    ours: async () => {
      const params = paramsOf(size, size.ours);
      return contender(
        'millrace',
        size.result,
        params,
        () => (size.by === 'process' ? runMillrace(params) : runAggregate(params)),
        async () => {},
      );
    },
    baselines: [
      async () => {
        const params = paramsOf(size, size.theirs);
        const thread = openSolo<KeyedCountParams, Report>('./single-thread-map.js');
        return contender('single-thread-map', size.result, params, () => thread.run(params), thread.close);
      },
    ],
  }));
}
