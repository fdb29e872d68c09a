// Suite `keyed-count`: count and sum per key, in transactional state on a second thread, against a Map in one loop.
// Timed is the steady state: each key has its row before the clock starts (see keyedTuple), on both sides.

import { openSolo } from '../baselines/solo.ts';
import { type KeyedCountParams, keyedCountFlow } from '../flows/keyed-count.ts';
import type { Contender, Experiment } from '../harness.ts';
import { keyedTuple, Totals } from '../workloads.ts';

const ROUNDS = 5;
const ROUNDS_QUICK = 3;
const WARM_SHARE = 0.3;

interface Size {
  readonly result: string;
  readonly keys: number;
  /** Tuples per run after each key has been seen once, ours and the baseline's. */
  readonly ours: number;
  readonly theirs: number;
}

const SIZES: readonly Size[] = [
  { result: 'keys-1k', keys: 1000, ours: 20_000_000, theirs: 10_000_000 },
  { result: 'keys-100k', keys: 100_000, ours: 10_000_000, theirs: 4_000_000 },
  { result: 'keys-1m', keys: 1_000_000, ours: 6_000_000, theirs: 2_000_000 },
];
const QUICK: readonly Size[] = SIZES.map((size) => ({ ...size, ours: 400_000, theirs: 200_000 }));

interface Report {
  readonly keys: number;
  readonly count: number;
  readonly sum: number;
  readonly elapsedMs: number;
}

function paramsOf(keys: number, tuples: number): KeyedCountParams {
  return { keys, count: keys + tuples, warm: keys + Math.ceil(tuples * WARM_SHARE) };
}

/** What the rows must add up to: each tuple as if it were a row of its own. */
function expected({ keys, count }: KeyedCountParams): number {
  const make = keyedTuple(keys);
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
      return { [result]: ((params.count - params.warm) * 1000) / report.elapsedMs };
    },
    close,
  };
}

async function runMillrace(params: KeyedCountParams): Promise<Report> {
  const job = await keyedCountFlow.run({ params, workers: 2 });
  const reports: Report[] = [];
  for await (const report of job.output('reports')) reports.push(report);
  await job.done;
  if (reports.length !== 2) throw new Error(`millrace: rows of state are missing, ${reports.length} reports`);
  return { ...reports[1], elapsedMs: reports[0].elapsedMs };
}

export function keyedCount(quick: boolean): Experiment[] {
  return (quick ? QUICK : SIZES).map(({ result, keys, ours, theirs }) => ({
    results: [result],
    unit: 'tuples/s',
    better: 'higher',
    rounds: quick ? ROUNDS_QUICK : ROUNDS,
    ours: async () => {
      const params = paramsOf(keys, ours);
      return contender(
        'millrace',
        result,
        params,
        () => runMillrace(params),
        async () => {},
      );
    },
    baselines: [
      async () => {
        const params = paramsOf(keys, theirs);
        const thread = openSolo<KeyedCountParams, Report>('./single-thread-map.js');
        return contender('single-thread-map', result, params, () => thread.run(params), thread.close);
      },
    ],
  }));
}
