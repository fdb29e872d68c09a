// The policy `rate`, after DS2 (Kalavri et al., OSDI 2018): from what sources would give and what each operator could do if it
// were never held up, the replicas that each operator needs, for the whole graph at once.
// Promises: pure. An operator that is held up by its output is judged by what it could do; one before a stage that cannot grow
// gets no more replicas than that stage can take tuples from.

import { type Inputs, type Need, percent, rateText, replicasText } from './need.ts';
import {
  type GraphReport,
  groupWord,
  hottestGroup,
  hottestOf,
  isSource,
  limitOf,
  type OperatorReport,
  type ReplicaLimit,
  reachableFrom,
  workOf,
} from './report.ts';

/** What is known of an operator from the last span in which it had tuples. */
export interface OperatorCost {
  /** Busy seconds of one replica for one tuple. */
  readonly secondsPerTuple: number;
  /** Tuples out for each tuple in. */
  readonly selectivity: number;
}

export const UNKNOWN_COST: OperatorCost = { secondsPerTuple: 0, selectivity: 1 };

/** Scale-in leaves so much less than the utilisation that is aimed at, so that it does not bring scale-out about. */
const IN_SHARE = 0.75;
/** A replica more is worth an excess of so much of the utilisation: the cost of a tuple is measured anew in each report, and never the same. */
const OUT_SLACK = 0.05;
/** Of a source that is held up all the time, what it would give is not known: so many times what it gives, at most. */
const HELD_UP_FACTOR_MAX = 20;
/** Rounding must not cost a replica. */
const ROUNDING = 1e-6;

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** What this span tells of an operator, or else what was known before. */
export function costOf(reading: OperatorReport, spanMs: number, before: OperatorCost): OperatorCost {
  const tuplesIn = sum(reading.replicas.map((replica) => replica.tuplesIn));
  const tuplesOut = sum(reading.replicas.map((replica) => replica.tuplesOut));
  const tuples = isSource(reading) ? tuplesOut : tuplesIn;
  if (tuples === 0) return before;
  return {
    secondsPerTuple: (workOf(reading) * spanMs) / 1000 / tuples,
    selectivity: isSource(reading) ? 1 : tuplesOut / tuplesIn,
  };
}

/** Tuples per second that a source would give if nothing held it up. */
function sourceRate(reading: OperatorReport, spanMs: number): number {
  if (reading.declaredRate !== undefined) return reading.declaredRate;
  return sum(
    reading.replicas.map(({ tuplesOut, blocked }) => {
      const given = (tuplesOut * 1000) / spanMs;
      return given * Math.min(HELD_UP_FACTOR_MAX, 1 / Math.max(1e-9, 1 - blocked));
    }),
  );
}

/** Tuples per second that come to each operator, if sources give what `sourceRates` says. */
function rates(graph: GraphReport, costs: readonly OperatorCost[], sourceRates: readonly number[]): number[] {
  const out: number[] = [];
  return graph.operators.map((reading, i) => {
    const rate = isSource(reading)
      ? sourceRates[i]
      : sum(reading.upstream.map((each, u) => out[each] * reading.upstreamShares[u]));
    out.push(rate * costs[i].selectivity);
    return rate;
  });
}

/** What replicas may be busy before there is one more: always less than all of the time. */
const slackened = (utilisation: number): number => Math.min(utilisation * (1 + OUT_SLACK), (1 + utilisation) / 2);

/** @param utilisation share of its time that a replica is to be busy, about: there is one more only if it is clearly more */
export function rateNeeds(graph: GraphReport, costs: readonly OperatorCost[], utilisation: number): Need[] {
  const { operators, spanMs } = graph;
  const wanted = operators.map((reading) => (isSource(reading) ? sourceRate(reading, spanMs) : 0));
  const demanded = rates(graph, costs, wanted);
  const limits = operators.map((reading) => limitOf(reading, graph));
  const workAt = (rate: number, i: number): number => rate * costs[i].secondsPerTuple;
  // A key group is work for one replica: more replicas than its share allows have nothing to do.
  const doable = operators.map((reading, i) => Math.min(limits[i].replicas, 1 / hottestGroup(reading).share));
  const kept = operators.map((_, i) => Math.min(1, doable[i] / Math.max(workAt(demanded[i], i), ROUNDING)));
  const keptOf = (indices: readonly number[]): number => Math.min(...indices.map((i) => kept[i]));
  const reachable = operators.map((reading, i) => (isSource(reading) ? keptOf(reachableFrom(i, graph)) : 1));
  const sustained = rates(
    graph,
    costs,
    wanted.map((rate, i) => rate * reachable[i]),
  );
  return operators.map((reading, i) => {
    const work = workAt(sustained[i], i);
    const bounded = (share: number): number =>
      Math.max(reading.min, Math.min(limits[i].replicas, Math.ceil(work / share - ROUNDING)));
    const wanted = bounded(utilisation);
    const current = reading.replicas.length;
    const out = wanted > current && bounded(slackened(utilisation)) <= current ? current : wanted;
    const isHeldBack = sustained[i] < demanded[i] * (1 - ROUNDING);
    return {
      out,
      in: bounded(utilisation * IN_SHARE),
      inputs: inputsOf(reading, costs[i], demanded[i], sustained[i], work),
      why: whyOf(reading, costs[i], sustained[i], out, utilisation, isHeldBack),
      ...(kept[i] < 1 - ROUNDING && { shortage: shortageOf(reading, limits[i], doable[i], workAt(demanded[i], i)) }),
    };
  });
}

function inputsOf(
  reading: OperatorReport,
  { secondsPerTuple }: OperatorCost,
  demandedRate: number,
  sustainedRate: number,
  work: number,
): Inputs {
  return {
    demandedRate,
    sustainedRate,
    processingRate: secondsPerTuple === 0 ? 0 : 1 / secondsPerTuple,
    work,
    busiest: hottestOf(reading).busy,
  };
}

function whyOf(
  reading: OperatorReport,
  { secondsPerTuple }: OperatorCost,
  rate: number,
  replicas: number,
  utilisation: number,
  isHeldBack: boolean,
): string {
  if (secondsPerTuple === 0) return 'it has had no tuples yet';
  const each = rateText(1 / secondsPerTuple);
  const asked = isSource(reading) ? 'are to be given' : 'come';
  const come = isHeldBack
    ? `${rateText(rate)} ${asked}, as many as the slowest stage takes,`
    : `${rateText(rate)} ${asked}`;
  const share = percent((rate * secondsPerTuple) / replicas);
  return `${come} and a replica of '${reading.operator}' does ${each}: ${replicasText(replicas)} would be busy ${share} of the time, ${percent(utilisation)} are aimed at`;
}

function shortageOf(reading: OperatorReport, limit: ReplicaLimit, doable: number, work: number): string {
  const { operator } = reading;
  const needs = `'${operator}' has work for ${work.toFixed(1)} replicas`;
  if (doable < limit.replicas) return `${needs}, but one ${groupWord(reading)} is more than one replica can do`;
  return `${needs} and can have ${limit.replicas}: ${limit.by}`;
}
