// Decisions about replicas, and the changes that follow, as text: a line each.
// Promises: one event is one line; pure functions, the same for a terminal and a log.

import type { Occurrence } from '../supervisor/job/events/job-event.ts';
import { millisecondsText, type NameOf } from './incident-text.ts';

type Decided = Extract<Occurrence, { type: 'decision' }>;

const replicasText = (count: number): string => (count === 1 ? '1 replica' : `${count} replicas`);
const groupsText = (count: number): string => (count === 1 ? '1 key group' : `${count} key groups`);

/** What was decided. What was only planned, or cannot be done, says so. */
function decisionLine({ action, mode, operator, replica = 0, from, to, reason }: Decided, nameOf: NameOf): string {
  const kind = mode === 'plan' ? 'plan' : 'decision';
  if (action === 'scale') return `${kind}: '${operator}' from ${from} to ${replicasText(to)}: ${reason}`;
  if (action === 'rebalance') return `${kind}: spread '${operator}' anew: ${reason}`;
  if (action === 'move')
    return `${kind}: ${nameOf({ operator, replica })} from worker ${from} to worker ${to}: ${reason}`;
  return `${kind}: nothing to be done: ${reason}`;
}

/**
 * What has changed, or is about to, in a line that begins with its kind; undefined for other events.
 * @param verbose also for each hand-over, of which a change of replicas has several
 */
export function changeLine(event: Occurrence, nameOf: NameOf, verbose: boolean): string | undefined {
  if (event.type === 'decision') return decisionLine(event, nameOf);
  if (event.type === 'scaled') {
    const { operator, from, to, groups, tookMs } = event;
    const what = `${groupsText(groups)} moved in ${millisecondsText(tookMs)}`;
    return from === to
      ? `spread: '${operator}' anew, ${what}`
      : `scaled: '${operator}' from ${from} to ${replicasText(to)}, ${what}`;
  }
  if (event.type === 'moved') return `moved: ${nameOf(event)} from worker ${event.from} to worker ${event.to}`;
  if (event.type === 'handOver' && verbose) {
    const { operator, from, to, groups, tookMs } = event;
    const [giver, receiver] = [from, to].map((replica) => nameOf({ operator, replica }));
    return `hand-over: ${groupsText(groups)} from ${giver} to ${receiver}, in ${millisecondsText(tookMs)}`;
  }
  return undefined;
}
