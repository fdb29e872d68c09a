// Suite `async`: requests that take 5 ms each, by timers, 256 in flight on one worker, beside a promise pool of as many that is
// written by hand and keeps nothing: it loses what is in flight when its thread dies.
// 256 requests of 5 ms are 51,200 a second, if a timer of 5 ms took 5 ms; the pool says what it is on the machine.

import { openSolo } from '../baselines/solo.ts';
import type { By, Effort } from '../effort.ts';
import { type RequestsParams, requestsFlow } from '../flows/requests.ts';
import type { Contender, Experiment } from '../harness.ts';
import type { SinkReport } from '../meter.ts';
import { onlyTuple } from './only-tuple.ts';

const CAPACITY = 256;
const DELAY_MS = 5;
const WARM_SHARE = 0.3;
const ROUNDS: By<number> = { quick: 1, usual: 3, full: 5 };
const COUNT: By<number> = { quick: 10_000, usual: 60_000, full: 150_000 };

/** A contender whose reports are checked. */
function contender(
  name: string,
  result: string,
  params: RequestsParams,
  run: () => Promise<SinkReport>,
  close: () => Promise<void>,
): Contender {
  const { count, warm } = params;
  const sum = (count * (count + 1)) / 2;
  return {
    name,
    async run() {
      const { seen, sum: found, elapsedMs } = await run();
      if (seen !== count || found !== sum) {
        throw new Error(`${name}, ${result}: expected ${count} results with sum ${sum}, got ${seen} with ${found}`);
      }
      return { [result]: ((count - warm) * 1000) / elapsedMs };
    },
    close,
  };
}

async function runMillrace(params: RequestsParams): Promise<SinkReport> {
  const job = await requestsFlow.run({ params, workers: 1, spares: 0 });
  const report = await onlyTuple(job.output('report'));
  await job.done;
  return report;
}

const RESULTS = [
  { result: 'ordered-256', ordered: true },
  { result: 'unordered-256', ordered: false },
];

export function async(effort: Effort): Experiment[] {
  const count = COUNT[effort];
  return RESULTS.map(({ result, ordered }): Experiment => {
    const params: RequestsParams = {
      count,
      warm: Math.ceil(count * WARM_SHARE),
      capacity: CAPACITY,
      delayMs: DELAY_MS,
      ordered,
    };
    return {
      results: [result],
      unit: 'requests/s',
      better: 'higher',
      rounds: ROUNDS[effort],
      targets: { [result]: '≥ 0.9 × promise-pool' },
      ours: async () =>
        contender(
          'millrace',
          result,
          params,
          () => runMillrace(params),
          async () => {},
        ),
      baselines: [
        async () => {
          const thread = openSolo<RequestsParams, SinkReport>('./promise-pool.js');
          return contender('promise-pool', result, params, () => thread.run(params), thread.close);
        },
      ],
    };
  });
}
