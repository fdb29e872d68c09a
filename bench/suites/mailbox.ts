// Suite `mailbox`: what one hop between two threads costs, from a source to a sink.
// Every contender has one thread that makes tuples and one that touches all their fields; tuples/s are those that the sink
// sees after the warm share. Counts differ by contender, so that each run takes a good part of a second.

import type { TransportName } from '../baselines/registry.ts';
import { openTransport } from '../baselines/transport.ts';
import type { By, Effort } from '../effort.ts';
import { fixedHop, uniqueHop, wordHop } from '../flows/mailbox.ts';
import type { Contender, Experiment } from '../harness.ts';
import { checkedRate, type Order } from '../meter.ts';
import { expectedSum, type WorkloadName } from '../workloads.ts';
import { onlyTuple } from './only-tuple.ts';

const ROUNDS: By<number> = { quick: 1, usual: 3, full: 5 };
const DIVISOR: By<number> = { quick: 20, usual: 2, full: 1 };
/** Share of a run that is not timed: threads start and hot loops are compiled in it. */
const WARM_SHARE = 0.3;

/** Tuples per full run: from a third of a second to a second each. At most UNIQUE_MAX of `unique`. */
const COUNTS: Readonly<Record<'millrace' | TransportName, Readonly<Record<WorkloadName, number>>>> = {
  millrace: { fixed: 40_000_000, word: 10_000_000, unique: 12_000_000 },
  postMessage: { fixed: 300_000, word: 300_000, unique: 300_000 },
  'postMessage-1000': { fixed: 1_200_000, word: 1_200_000, unique: 1_200_000 },
  comlink: { fixed: 1_000_000, word: 1_000_000, unique: 1_000_000 },
  piscina: { fixed: 1_000_000, word: 1_000_000, unique: 1_000_000 },
  ringbuf: { fixed: 3_000_000, word: 2_000_000, unique: 2_000_000 },
};

const flows = { fixed: fixedHop, word: wordHop, unique: uniqueHop } as const;

function orderOf(contender: keyof typeof COUNTS, workload: WorkloadName, effort: Effort): Order {
  const count = Math.ceil(COUNTS[contender][workload] / DIVISOR[effort]);
  return { count, warm: Math.ceil(count * WARM_SHARE) };
}

async function openMillrace(workload: WorkloadName, order: Order): Promise<Contender> {
  const sum = expectedSum(workload, order.count);
  return {
    name: 'millrace',
    async run() {
      const job = await flows[workload].run({ params: order, workers: 2 });
      const report = await onlyTuple(job.output('report'));
      await job.done;
      return { [workload]: checkedRate('millrace', report, order, sum) };
    },
    async close() {},
  };
}

export function mailbox(effort: Effort): Experiment[] {
  const names: WorkloadName[] = ['fixed', 'word', 'unique'];
  const transports = Object.keys(COUNTS).filter((name) => name !== 'millrace') as TransportName[];
  return names.map((workload) => ({
    results: [workload],
    unit: 'tuples/s',
    better: 'higher',
    rounds: ROUNDS[effort],
    ours: () => openMillrace(workload, orderOf('millrace', workload, effort)),
    baselines: transports.map((name) => () => openTransport(name, workload, orderOf(name, workload, effort))),
  }));
}
