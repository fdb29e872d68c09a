// Decisions from reports: the policy's needs under the rules that hold for all policies.
// Promises: pure: what it remembers goes in and comes out. Fast out: two reports in a row; lazy in: a longer row of low ones, after
// a cooldown, and never of a saturated operator. Numbers stay within the bounds. What cannot be done is told once.

import {
  type Decision,
  NOTHING_KNOWN,
  type OperatorMemory,
  type PolicyMemory,
  type PolicyOptions,
} from './decision.ts';
import { type Need, percent, replicasText } from './need.ts';
import { costOf, rateNeeds } from './rate-policy.ts';
import { type GraphReport, groupWord, hottestOf, isSaturated, isSource, type OperatorReport } from './report.ts';
import { type Skew, skewOf } from './skew.ts';
import { thresholdNeeds } from './threshold-policy.ts';
import { unevenWorkers } from './uneven-workers.ts';

/** SEEP's k: reports in a row that an operator must be short of replicas in. */
const OUT_REPORTS = 2;
/** Reports in a row that it must have too many in. */
export const IN_REPORTS = 4;
/** A replica that has fallen behind has processed less for a while, and has no less load for that. */
const SKEW_REPORTS = 4;
const MOVE_REPORTS = 3;
/** A replica that has time left need not be relieved, however uneven the load is. */
const SKEWED_BUSY_MIN = 0.5;
/** Rebalancing must take this much of what is above even. */
const SKEW_GAIN_SHARE = 0.5;

export interface Outcome {
  readonly decisions: readonly Decision[];
  readonly memory: PolicyMemory;
}

export function decide(graph: GraphReport, before: PolicyMemory, options: PolicyOptions): Outcome {
  const known = graph.operators.map((reading, i): OperatorMemory => {
    const memory = before.operators[i] ?? NOTHING_KNOWN;
    return { ...memory, cost: costOf(reading, graph.spanMs, memory.cost) };
  });
  const needs =
    options.policy === 'rate'
      ? rateNeeds(
          graph,
          known.map(({ cost }) => cost),
          options.utilisation,
        )
      : thresholdNeeds(graph, options.utilisation);
  const skews = graph.operators.map(skewOf);
  const counted = known.map((memory, i) => count(memory, graph.operators[i], needs[i], skews[i], options));
  // One decision for the graph: once an operator has waited long enough, what the others lack comes with it.
  const isDue = counted.some(({ outReports }) => outReports >= OUT_REPORTS);
  const decisions: Decision[] = [];
  const operators = counted.map((memory, i) => {
    const found = changeOf(graph, i, memory, needs[i], skews[i], isDue, options);
    if (found === undefined) return reportOf(graph.operators[i], memory, needs[i], skews[i], options, decisions);
    decisions.push(found);
    return { ...NOTHING_KNOWN, cost: memory.cost, told: memory.told, changedAtMs: graph.atMs };
  });
  const isChanging = decisions.some(({ action }) => action !== 'report');
  return { decisions, memory: { ...moveOf(graph, before, isChanging, options, decisions), operators } };
}

/** The changes that were decided at `decidedAtMs` have been made: the cooldown begins now. */
export function settled(memory: PolicyMemory, decidedAtMs: number, nowMs: number): PolicyMemory {
  const operators = memory.operators.map((each) =>
    each.changedAtMs === decidedAtMs ? { ...each, changedAtMs: nowMs } : each,
  );
  return { ...memory, operators, movedAtMs: memory.movedAtMs === decidedAtMs ? nowMs : memory.movedAtMs };
}

/** Brings the counts of reports in a row up to this one. */
function count(
  memory: OperatorMemory,
  reading: OperatorReport,
  need: Need,
  skew: Skew | undefined,
  options: PolicyOptions,
): OperatorMemory {
  const current = reading.replicas.length;
  const isLow = need.in < current && need.out <= current && !isSaturated(reading);
  const isSkewed =
    skew !== undefined && skew.now > options.skew && hottestOf(reading).busy >= SKEWED_BUSY_MIN && canImprove(skew);
  return {
    ...memory,
    outReports: need.out > current ? memory.outReports + 1 : 0,
    inReports: isLow ? memory.inReports + 1 : 0,
    inNeed: isLow ? Math.max(memory.inReports === 0 ? 0 : memory.inNeed, need.in) : 0,
    skewReports: isSkewed ? memory.skewReports + 1 : 0,
  };
}

const canImprove = ({ now, reachable }: Skew): boolean => reachable - 1 <= (now - 1) * (1 - SKEW_GAIN_SHARE);

function changeOf(
  graph: GraphReport,
  i: number,
  memory: OperatorMemory,
  need: Need,
  skew: Skew | undefined,
  isDue: boolean,
  options: PolicyOptions,
): Decision | undefined {
  const reading = graph.operators[i];
  const { operator } = reading;
  const from = reading.replicas.length;
  const { policy } = options;
  const isCool = graph.atMs - memory.changedAtMs >= options.cooldownMs;
  if (need.out > from && isDue) {
    return { action: 'scale', operator, from, to: need.out, policy, inputs: need.inputs, reason: need.why };
  }
  if (memory.inReports >= IN_REPORTS && isCool && memory.inNeed < from) {
    const reason = `${replicasText(memory.inNeed)} would have done in the last ${memory.inReports} reports: ${need.why}`;
    return { action: 'scale', operator, from, to: memory.inNeed, policy, inputs: need.inputs, reason };
  }
  if (skew !== undefined && memory.skewReports >= SKEW_REPORTS && isCool) {
    const inputs = { ...need.inputs, skew: skew.now, reachableSkew: skew.reachable };
    const reason = `the hottest replica of '${operator}' has ${skew.now.toFixed(2)} times the mean load, and ${skew.reachable.toFixed(2)} can be reached`;
    return { action: 'rebalance', operator, from, to: from, policy, inputs, reason };
  }
  return undefined;
}

/** Tells what cannot be done, when it is news. */
function reportOf(
  reading: OperatorReport,
  memory: OperatorMemory,
  need: Need,
  skew: Skew | undefined,
  options: PolicyOptions,
  decisions: Decision[],
): OperatorMemory {
  const current = reading.replicas.length;
  const isHot = isSaturated(reading);
  const hotGroup =
    skew !== undefined && isHot && skew.now > options.skew && skew.groupShare * current > options.skew
      ? `${groupWord(reading)} ${skew.group}`
      : '';
  // As long as it may still grow, nothing is short.
  const isShort = isHot && need.shortage !== undefined && need.out <= current;
  const kind = hotGroup || (isShort ? 'shortage' : '');
  if (kind === memory.told) return memory;
  if (kind !== '') {
    const reason =
      hotGroup !== '' && skew !== undefined
        ? `${hotGroup} of '${reading.operator}' has ${percent(skew.groupShare)} of the load, more than a share of ${replicasText(current)}: ${isSource(reading) ? 'it' : 'one key of it, or few,'} is hotter than one replica, and no spreading helps`
        : (need.shortage as string);
    const inputs =
      skew === undefined ? need.inputs : { ...need.inputs, skew: skew.now, hottestGroupShare: skew.groupShare };
    const { operator } = reading;
    decisions.push({ action: 'report', operator, from: current, to: current, policy: options.policy, inputs, reason });
  }
  return { ...memory, told: kind };
}

function moveOf(
  graph: GraphReport,
  before: PolicyMemory,
  isChanging: boolean,
  { policy, cooldownMs }: PolicyOptions,
  decisions: Decision[],
): Omit<PolicyMemory, 'operators'> {
  const move = isChanging ? undefined : unevenWorkers(graph);
  const moveReports = move === undefined ? 0 : before.moveReports + 1;
  const isCool = graph.atMs - before.movedAtMs >= cooldownMs;
  if (move === undefined || moveReports < MOVE_REPORTS || !isCool) {
    return { moveReports, movedAtMs: before.movedAtMs };
  }
  const { operator, replica, from, to, fromBusy, toBusy, afterBusy } = move;
  const reason = `worker ${from} is busy ${percent(fromBusy)} of the time and worker ${to} ${percent(toBusy)}: without replica ${replica} of '${operator}' the busier one would be at ${percent(afterBusy)}`;
  const inputs = { fromBusy, toBusy, afterBusy };
  decisions.push({ action: 'move', operator, replica, from, to, policy, inputs, reason });
  return { moveReports: 0, movedAtMs: graph.atMs };
}
