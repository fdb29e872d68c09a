// What a scale-out costs those who wait for results, and how long a hand-over takes: at half of the rate that the pipeline can do.

import { setTimeout as sleep } from 'node:timers/promises';
import type { By, Effort } from '../effort.ts';
import { countedFlow } from '../flows/elasticity.ts';
import { LatencyTrace } from '../flows/latency-trace.ts';
import type { Measurement, Trace } from '../harness.ts';
import { quantile } from '../statistics.ts';
import { epochMs, gather, rateOver, result, spareReady, workOf } from './elastic-job.ts';

const KEYS = 1_000_000;
const KEYS_SMALL = 1000;
/** What was asked for is over by then; what it has held up comes a little later. */
const AFTER_MS = 30;
const BEFORE_MS = 500;
const SLOT_MS = 10;
/** Tuples per second during hand-overs, the same for all sizes of state: far from what either can do. */
const HAND_OVER_RATE = 500_000;
const RATE_SPAN_MS: By<number> = { quick: 300, usual: 1500, full: 1500 };
const PAUSES: By<number> = { quick: 1, usual: 5, full: 9 };
const HAND_OVERS: By<number> = { quick: 2, usual: 10, full: 20 };
/** Of the plot. */
const PLOT_FROM_MS = -300;
const PLOT_TO_MS = 500;
const PLOT_SLOT_MS = 5;

type Counted = Awaited<ReturnType<typeof countedFlow.run>>;

async function begin(keys: number, ratePerSecond: number | undefined, trace: LatencyTrace): Promise<Counted> {
  const params = { keys, ratePerSecond, trace: trace.buffer };
  const job = await countedFlow.run({ params, workers: 2, maxWorkers: 3 });
  // Each key has been seen, so that its state is there.
  while (workOf(job).tuplesIn < 2 * keys) await sleep(20);
  return job;
}

async function halfRate(effort: Effort): Promise<number> {
  const job = await begin(KEYS, undefined, new LatencyTrace());
  const rate = await rateOver(job, RATE_SPAN_MS[effort]);
  await job.cancel();
  return Math.floor(rate / 2);
}

/** The tuples of each 10 ms of a span, over those that are due. */
function leastSlot(trace: LatencyTrace, fromMs: number, toMs: number): number {
  const counts = new Array(Math.max(1, Math.floor((toMs - fromMs) / SLOT_MS))).fill(0);
  for (const { atMs } of trace.between(fromMs, fromMs + counts.length * SLOT_MS))
    counts[Math.floor((atMs - fromMs) / SLOT_MS)]++;
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return mean === 0 ? 0 : Math.min(...counts) / mean;
}

/** The worst p99 of 10 ms: what a long change with one bad moment does not hide. */
function worstSlot(trace: LatencyTrace, fromMs: number, toMs: number): number {
  let worstMs = 0;
  for (let atMs = fromMs; atMs < toMs; atMs += SLOT_MS) {
    const latencies = trace.between(atMs, atMs + SLOT_MS).map(({ latencyMs }) => latencyMs);
    if (latencies.length > 0) worstMs = Math.max(worstMs, quantile(latencies, 0.99));
  }
  return worstMs;
}

interface Pause {
  readonly extraP99Ms: number;
  readonly worstSlotMs: number;
  readonly beforeP99Ms: number;
  readonly leastSlotPercent: number;
  readonly tookMs: number;
  readonly trace: Trace;
}

/** One scale-out from 1 to 2 replicas, and back. */
async function pause(job: Counted, trace: LatencyTrace): Promise<Pause> {
  await spareReady(job);
  const handOvers: { readonly atMs: number; readonly groups: number }[] = [];
  const forget = job.on('handOver', ({ atMs, groups }) => handOvers.push({ atMs, groups }));
  trace.clear();
  await sleep(BEFORE_MS);
  const fromMs = epochMs();
  await job.scale('work', 2);
  const toMs = epochMs();
  forget();
  await sleep(PLOT_TO_MS);
  const latencies = (from: number, to: number): number[] => trace.between(from, to).map(({ latencyMs }) => latencyMs);
  const before = latencies(fromMs - BEFORE_MS, fromMs);
  const usualMs = quantile(before, 0.5);
  const found = {
    extraP99Ms: quantile(latencies(fromMs, toMs + AFTER_MS), 0.99) - usualMs,
    worstSlotMs: worstSlot(trace, fromMs, toMs + AFTER_MS) - usualMs,
    beforeP99Ms: quantile(before, 0.99),
    leastSlotPercent: 100 * leastSlot(trace, fromMs - SLOT_MS, toMs + AFTER_MS),
    tookMs: toMs - fromMs,
    trace: plotTrace(trace, fromMs, handOvers),
  };
  await job.scale('work', 1);
  return found;
}

function plotTrace(
  trace: LatencyTrace,
  fromMs: number,
  handOvers: readonly { readonly atMs: number; readonly groups: number }[],
): Trace {
  const joinedMs = (handOvers[0]?.atMs ?? fromMs) - fromMs;
  const slots = (PLOT_TO_MS - PLOT_FROM_MS) / PLOT_SLOT_MS;
  const samples: number[][] = Array.from({ length: slots }, () => []);
  for (const { atMs, latencyMs } of trace.between(fromMs + PLOT_FROM_MS, fromMs + PLOT_TO_MS)) {
    samples[Math.min(slots - 1, Math.floor((atMs - fromMs - PLOT_FROM_MS) / PLOT_SLOT_MS))].push(latencyMs);
  }
  const xOf = (slot: number): number => PLOT_FROM_MS + (slot + 0.5) * PLOT_SLOT_MS;
  const mean = samples.reduce((sum, { length }) => sum + length, 0) / slots;
  return {
    series: {
      throughput: samples.map(({ length }, slot) => ({ x: xOf(slot), y: (100 * length) / mean })),
      p99: samples.map((each, slot) => ({ x: xOf(slot), y: each.length === 0 ? Number.NaN : quantile(each, 0.99) })),
      replicas: [
        { x: PLOT_FROM_MS, y: 1 },
        { x: joinedMs, y: 2 },
        { x: PLOT_TO_MS, y: 2 },
      ],
    },
    events: [
      { x: 0, label: 'asked for' },
      ...handOvers.map(({ atMs, groups }) => ({ x: atMs - fromMs, label: `${groups} key groups` })),
    ],
  };
}

export function scaleOutPause(effort: Effort): Measurement {
  return {
    async measure(progress) {
      const ratePerSecond = await halfRate(effort);
      progress(`1 M keys at half of full rate: ${(ratePerSecond / 1e6).toFixed(2)} M tuples/s`);
      const trace = new LatencyTrace();
      const job = await begin(KEYS, ratePerSecond, trace);
      // One beforehand that does not count: its code is cold.
      if (effort !== 'quick') await pause(job, trace);
      const all: Pause[] = [];
      for (let round = 1; round <= PAUSES[effort]; round++) {
        const found = await pause(job, trace);
        all.push(found);
        progress(
          `round ${round}: extra p99 ${found.extraP99Ms.toFixed(2)} ms, scale-out ${found.tookMs.toFixed(1)} ms, ` +
            `least 10 ms ${found.leastSlotPercent.toFixed(0)} % of the mean`,
        );
      }
      await job.cancel();
      const values = (name: Exclude<keyof Pause, 'trace'>): number[] => all.map((each) => each[name]);
      const byPause = [...all].sort((a, b) => a.extraP99Ms - b.extraP99Ms);
      return [
        {
          ...result('scale-out-pause-p99', 'ms', values('extraP99Ms'), '≤ 5'),
          trace: byPause[byPause.length >> 1].trace,
        },
        result('scale-out-worst-10ms-p99', 'ms', values('worstSlotMs')),
        result('half-rate-p99', 'ms', values('beforeP99Ms')),
        result('scale-out-least-10ms', '% of mean', values('leastSlotPercent'), '> 0'),
        result('scale-out-total', 'ms', values('tookMs')),
      ];
    },
  };
}

export function handOverTimes(effort: Effort): Measurement {
  return {
    async measure(progress) {
      const medians = new Map<number, number[]>();
      for (const keys of [KEYS_SMALL, KEYS]) {
        const job = await begin(keys, HAND_OVER_RATE, new LatencyTrace());
        const events = gather(job, 'handOver');
        await spareReady(job);
        for (let round = 0; round < HAND_OVERS[effort]; round++) {
          await job.scale('work', 2);
          await sleep(50);
          await job.scale('work', 1);
          await sleep(50);
        }
        await job.cancel();
        const times = events.map(({ tookMs }) => tookMs);
        medians.set(keys, times);
        progress(`${keys} keys: ${times.length} hand-overs, ${times.map((each) => each.toFixed(1)).join(' ')} ms`);
      }
      const of = (keys: number): number[] => medians.get(keys) ?? [];
      const small = result('hand-over-ms-1k', 'ms', of(KEYS_SMALL), '≤ 20');
      const large = result('hand-over-ms-1m', 'ms', of(KEYS), '≤ 20');
      return [small, large, result('hand-over-1m-over-1k', '×', [large.value / small.value], '0.5 to 2')];
    },
  };
}
