// How a job stands, as all pages see it: an entry for each operator and edge, whatever the number of replicas and key groups.
// What only one page at a time looks at, replicas and key groups of an operator, is in its details.

import { between, type JobRates, type OperatorRates } from '../readings/between.ts';
import type { JobReading } from '../readings/job-reading.ts';
import type { TopologyEdge } from '../readings/job-topology.ts';
import type { SupervisionNode } from '../supervision/tree.ts';
import type { Part } from './changes.ts';
import { shownName, shownText } from './shown.ts';

export const round = (value: number, digits = 3): number => Number(value.toFixed(digits));

/** A reading, and what happened since the one before. */
export interface Sample {
  readonly before: JobReading | 'start';
  readonly now: JobReading;
  readonly rates: JobRates;
}

export const sampleOf = (before: JobReading | 'start', now: JobReading): Sample => ({
  before,
  now,
  rates: between(before, now),
});

/** Half, 95 and 99 of 100 were as fast, in milliseconds. */
const latencyOf = ({ latency }: OperatorRates): readonly number[] | undefined =>
  latency && [latency.p50Ms, latency.p95Ms, latency.p99Ms].map((ms) => round(ms));

/** An operator by its number. */
export function operatorSummary(index: number, { now, rates }: Sample): Part {
  const reading = now.operators[index];
  const { rateIn, rateOut, busy, blocked, replicas, role } = rates.operators[index];
  const { time, progress } = reading;
  const states = replicas.map(({ replica }) => reading.replicas[replica].state);
  return {
    tuples: role === 'source' ? reading.tuplesOut : reading.tuplesIn,
    rate: round(role === 'source' ? rateOut : rateIn, 1),
    busy: round(busy),
    blocked: round(blocked),
    progress: progress === undefined ? undefined : round(progress),
    letters: reading.deadLetters,
    lagMs: time === undefined || !Number.isFinite(time.lagMs) ? undefined : Math.round(time.lagMs),
    late: time?.late,
    latency: latencyOf(rates.operators[index]),
    replicas: replicas.length,
    isDown: states.some((state) => state === 'restarting' || state === 'failed') || undefined,
  };
}

/** What an operator's replicas do, one by one, and which of its key groups have the most to do. */
export function operatorDetails(index: number, { now, rates }: Sample, heat: string | undefined): Part {
  const reading = now.operators[index];
  const { hotGroups, replicas, role } = rates.operators[index];
  return {
    heat,
    hot: hotGroups.map(({ group, share }) => [group, round(share)]),
    replicas: replicas.map((replica) => {
      const { state, queueFill } = reading.replicas[replica.replica];
      return {
        replica: replica.replica,
        worker: replica.worker,
        state,
        rate: round(role === 'source' ? replica.rateOut : replica.rateIn, 1),
        busy: round(replica.busy),
        blocked: round(replica.blocked),
        fill: round(queueFill),
      };
    }),
  };
}

/** @param from the number of the operator whose stream it is */
export function edgeSummary({ output, fill }: TopologyEdge, from: number, { before, now, rates }: Sample): Part {
  const { outputs } = now.operators[from];
  if (output === undefined || outputs?.[output] === undefined)
    return { rate: round(rates.operators[from].rateOut, 1), fill: round(fill) };
  const earlier = before === 'start' ? 0 : (before.operators[from].outputs?.[output]?.tuples ?? 0);
  const tuples = outputs[output].tuples - earlier;
  return { rate: rates.spanMs <= 0 ? 0 : round((tuples * 1000) / rates.spanMs, 1), fill: round(fill) };
}

/** @param reasons the last reason of each operator's crashes */
export function treeSummary(node: SupervisionNode, reasons: ReadonlyMap<string, string>): Part {
  const { name, kind, strategy, intensity, periodMs, restarts, state, worker, children } = node;
  return {
    name: shownName(name),
    kind,
    strategy,
    intensity,
    periodMs,
    restarts,
    state,
    worker,
    reason: kind === 'operator' ? reasons.get(name) : undefined,
    children: children.map((child) => treeSummary(child, reasons)),
  };
}

export const hintTexts = ({ hints }: JobReading): readonly string[] => hints.map(({ text }) => shownText(text, 400));
