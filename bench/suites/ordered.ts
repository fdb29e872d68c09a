// Suite `ordered`: a map of about 20 µs a tuple in as many replicas as the machine has cores, whose results come in the order of the
// input; the same in no order; and a plain loop on one thread, which can have neither more nor less than one core.

import { availableParallelism } from 'node:os';
import { openSolo } from '../baselines/solo.ts';
import type { By, Effort } from '../effort.ts';
import { type CostsParams, costly, costsFlow } from '../flows/costs.ts';
import type { Contender, Experiment } from '../harness.ts';
import { checkedRate, type SinkReport } from '../meter.ts';
import { onlyTuple } from './only-tuple.ts';

const WARM_SHARE = 0.2;
const ROUNDS: By<number> = { quick: 1, usual: 3, full: 5 };
const COUNT: By<number> = { quick: 40_000, usual: 100_000, full: 200_000 };

function contender(
  name: string,
  result: string,
  { params, sum }: { params: CostsParams; sum: number },
  run: () => Promise<SinkReport>,
  close: () => Promise<void>,
): Contender {
  return { name, run: async () => ({ [result]: checkedRate(name, await run(), params, sum) }), close };
}

async function runMillrace(params: CostsParams): Promise<SinkReport> {
  const job = await costsFlow.run({ params, workers: params.replicas, spares: 0 });
  const report = await onlyTuple(job.output('report'));
  await job.done;
  return report;
}

const RESULTS = [
  { result: 'in-order', ordered: true },
  { result: 'in-no-order', ordered: false },
];

export function ordered(effort: Effort): Experiment[] {
  const count = COUNT[effort];
  let sum = 0;
  for (let n = 0; n < count; n++) sum += costly(n);
  return RESULTS.map(({ result, ordered: isOrdered }): Experiment => {
    const params = {
      count,
      warm: Math.ceil(count * WARM_SHARE),
      replicas: availableParallelism(),
      ordered: isOrdered,
    };
    return {
      results: [result],
      unit: 'tuples/s',
      better: 'higher',
      rounds: ROUNDS[effort],
      targets: {},
      ours: async () =>
        contender(
          'millrace',
          result,
          { params, sum },
          () => runMillrace(params),
          async () => {},
        ),
      baselines: [
        async () => {
          const thread = openSolo<CostsParams, SinkReport>('./single-thread-costs.js');
          return contender('single-thread', result, { params, sum }, () => thread.run(params), thread.close);
        },
      ],
    };
  });
}
