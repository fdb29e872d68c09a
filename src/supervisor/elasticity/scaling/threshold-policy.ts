// The policy `threshold`, after SEEP (Castro Fernandez et al., SIGMOD 2013): an operator whose utilisation is above a limit
// is split by one more replica. Which number of replicas is the right one it finds step by step.
// Promises: pure. Time in which the output had no room does not count as utilisation.

import { type Need, percent, replicasText } from './need.ts';
import {
  type GraphReport,
  groupWord,
  hottestGroup,
  hottestOf,
  isSaturated,
  limitOf,
  type OperatorReport,
  reachableFrom,
  workOf,
} from './report.ts';

/** With one replica less, those that are left would be busy for this share of the limit at most. */
const IN_SHARE = 0.7;

/** @param utilisation the limit, of the hottest replica */
export function thresholdNeeds(graph: GraphReport, utilisation: number): Need[] {
  const isStuck = graph.operators.map(
    (reading) => isSaturated(reading) && reading.replicas.length >= limitOf(reading, graph).replicas,
  );
  return graph.operators.map((reading, i) => {
    const current = reading.replicas.length;
    const { busy, replica } = hottestOf(reading);
    const limit = limitOf(reading, graph);
    const { share } = hottestGroup(reading);
    const work = workOf(reading);
    const stuck = reachableFrom(i, graph).find((each) => each !== i && isStuck[each]);
    const isHot = busy > utilisation;
    const isLow = current > 1 && work / (current - 1) <= utilisation * IN_SHARE;
    const isOneGroup = share * current >= 1;
    const grows = isHot && stuck === undefined && !isOneGroup;
    return {
      out: Math.max(reading.min, Math.min(limit.replicas, grows ? current + 1 : current)),
      in: Math.max(reading.min, isLow ? current - 1 : current),
      inputs: { busiest: busy, limit: utilisation, work, hottestGroupShare: share },
      why: whyOf(reading, replica, busy, utilisation, isLow),
      ...(isHot && shortage(reading, current >= limit.replicas ? limit.by : undefined, graph, stuck, isOneGroup)),
    };
  });
}

function whyOf({ operator, replicas }: OperatorReport, replica: number, busy: number, limit: number, isLow: boolean) {
  const hottest = `replica ${replica} of '${operator}' is busy ${percent(busy)} of the time, the most of ${replicas.length}`;
  if (busy > limit) return `${hottest}, and ${percent(limit)} is the limit`;
  return isLow ? `${hottest}: ${replicasText(replicas.length - 1)} would do` : hottest;
}

function shortage(
  reading: OperatorReport,
  limitedBy: string | undefined,
  graph: GraphReport,
  stuck: number | undefined,
  isOneGroup: boolean,
): Pick<Need, 'shortage'> {
  const { operator } = reading;
  if (stuck !== undefined)
    return {
      shortage: `'${operator}' is not split: '${graph.operators[stuck].operator}' behind it is saturated and cannot grow`,
    };
  if (isOneGroup)
    return { shortage: `'${operator}' is not split: one ${groupWord(reading)} is a replica's share of the load` };
  return limitedBy === undefined ? {} : { shortage: `'${operator}' cannot be split: ${limitedBy}` };
}
