// What more replicas are worth: of an operator that computes, of one that waits, and of one whose keys are skewed.

import { setTimeout as sleep } from 'node:timers/promises';
import type { By, Effort } from '../effort.ts';
import { burningFlow, burningSourceFlow, roundsPerMicrosecond, waitingFlow, zipfFlow } from '../flows/elasticity.ts';
import type { Measurement } from '../harness.ts';
import { rateOver, result, workOf } from './elastic-job.ts';

const MICROSECONDS = 2;
const SERVICE_REPLICAS = 16;
/** Time for what is compiled late, and for batches to find their size. */
const SETTLE_MS: By<number> = { quick: 100, usual: 500, full: 500 };
const SPEEDUP_ROUNDS: By<number> = { quick: 1, usual: 4, full: 7 };
const SPEEDUP_SPAN_MS: By<number> = { quick: 200, usual: 1000, full: 1500 };
const SERVICE_ROUNDS: By<number> = { quick: 1, usual: 2, full: 3 };
const SERVICE_SPAN_MS: By<number> = { quick: 300, usual: 2000, full: 2000 };
const SKEW_ROUNDS: By<number> = { quick: 1, usual: 2, full: 3 };
const SKEW_SPAN_MS: By<number> = { quick: 500, usual: 2000, full: 2000 };

export const speedup = (effort: Effort): Measurement => speedupOf('speedup-2', burningFlow, effort);

/** Of a source whose partitions two replicas share. */
export const sourceSpeedup = (effort: Effort): Measurement => speedupOf('source-speedup-2', burningSourceFlow, effort);

function speedupOf(name: string, flow: typeof burningFlow, effort: Effort): Measurement {
  const [turns, spanMs, settleMs] = [SPEEDUP_ROUNDS[effort], SPEEDUP_SPAN_MS[effort], SETTLE_MS[effort]];
  return {
    async measure(progress) {
      const rounds = Math.round(roundsPerMicrosecond() * MICROSECONDS);
      const job = await flow.run({ params: { rounds, max: 2 }, workers: 2, spares: 0 });
      const ratios: number[] = [];
      await sleep(settleMs);
      for (let round = 1; round <= turns; round++) {
        const one = await rateOver(job, spanMs);
        await job.scale('work', 2);
        await sleep(settleMs);
        const two = await rateOver(job, spanMs);
        await job.scale('work', 1);
        await sleep(settleMs);
        ratios.push(two / one);
        progress(`round ${round}: 1 replica ${(one / 1e6).toFixed(3)} M/s, 2 replicas ${(two / 1e6).toFixed(3)} M/s`);
      }
      await job.cancel();
      return [result(name, '×', ratios, '≥ 1.7')];
    },
  };
}

export function serviceBound(effort: Effort): Measurement {
  const [rounds, spanMs, settleMs] = [SERVICE_ROUNDS[effort], SERVICE_SPAN_MS[effort], SETTLE_MS[effort]];
  return {
    async measure(progress) {
      const params = { waitMs: 1, max: SERVICE_REPLICAS, isEndless: true };
      const ratios: number[] = [];
      const times: number[] = [];
      // A job for each round: a merge of replicas that are saturated takes as long as what waits in their rings.
      for (let round = 1; round <= rounds; round++) {
        const job = await waitingFlow.run({ params, workers: 2, maxWorkers: SERVICE_REPLICAS + 2 });
        const reading = drain(job.output('answers'));
        await sleep(settleMs);
        const one = await rateOver(job, spanMs);
        const { tookMs } = await job.scale('work', SERVICE_REPLICAS);
        await sleep(settleMs);
        const many = await rateOver(job, spanMs);
        await job.cancel();
        await reading;
        ratios.push(many / one);
        times.push(tookMs);
        progress(
          `round ${round}: 1 replica ${one.toFixed(0)}/s, ${SERVICE_REPLICAS} replicas ${many.toFixed(0)}/s, ` +
            `1 to ${SERVICE_REPLICAS} in ${tookMs.toFixed(0)} ms`,
        );
      }
      return [
        result('service-bound-16', '×', ratios, '≥ 14'),
        // Most of its threads have to be started for it.
        result('service-bound-16-took', 'ms', times),
      ];
    },
  };
}

/** Reads an output to its end, or until the job is cancelled. */
export async function drain(
  output: { batches(): AsyncIterable<{ madeAtMs: number }[]> },
  hear: (madeAtMs: number) => void = () => {},
): Promise<void> {
  try {
    for await (const batch of output.batches()) for (const { madeAtMs } of batch) hear(madeAtMs);
  } catch {
    // Cancelled.
  }
}

export function skew(effort: Effort): Measurement {
  const replicas = 4;
  const [rounds, spanMs] = [SKEW_ROUNDS[effort], SKEW_SPAN_MS[effort]];
  return {
    async measure(progress) {
      const before: number[] = [];
      const after: number[] = [];
      for (let round = 1; round <= rounds; round++) {
        const params = { keys: 100_000, exponent: 1.1, replicas, ratePerSecond: 500_000 };
        const job = await zipfFlow.run({ params, workers: 2, spares: 0 });
        const measure = async (): Promise<number> => {
          const from = workOf(job).replicas.map(({ tuplesIn }) => tuplesIn);
          await sleep(spanMs);
          const took = workOf(job).replicas.map(({ tuplesIn }, i) => tuplesIn - from[i]);
          return Math.max(...took) / (took.reduce((sum, each) => sum + each, 0) / took.length);
        };
        before.push(await measure());
        await job.rebalance('work');
        after.push(await measure());
        progress(`round ${round}: ${before[round - 1].toFixed(2)} before, ${after[round - 1].toFixed(2)} after`);
        await job.cancel();
      }
      return [result('skew', '×', after, '≤ 1.2'), result('skew-before', '×', before)];
    },
  };
}
