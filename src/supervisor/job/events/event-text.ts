// What happens in a job as text: a line each, that begins with what it is.
// Promises: one event is one line, whatever is in its messages; pure functions, the same for a terminal and a log.

import type { ReplicaName } from '../job-api.ts';
import type { JobEventType, Occurrence } from './job-event.ts';

/** How a replica is called. */
export type NameOf = (replica: ReplicaName) => string;

type Texts = {
  readonly [Type in JobEventType]: (event: Extract<Occurrence, { type: Type }>, nameOf: NameOf) => string;
};

export const oneLine = (text: string): string => text.replace(/\s*[\r\n]\s*/g, ' ');

const millisecondsText = (ms: number): string => `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

const TEXTS: Texts = {
  started: ({ workers, actors }) => `started: ${counted(actors, 'actor')} on ${counted(workers, 'worker')}`,
  operatorEnded: ({ operator }) => `ended: operator '${operator}'`,
  deadLetter: ({ letter }) => `dead letter: operator '${letter.operator}'`,
  crash: ({ report }) => `crash: ${oneLine(report.reason.message)}`,
  adoption: ({ worker, actors, tookMs }, nameOf) =>
    `adoption: worker ${worker} has taken over ${actors.map(nameOf).join(', ')}, after ${millisecondsText(tookMs)}`,
  restart: (event, nameOf) =>
    `restart: ${nameOf(event)} on worker ${event.worker}, by supervisor '${event.supervisor}'`,
  recovered: (event, nameOf) =>
    `recovered: ${nameOf(event)}, ${millisecondsText(event.tookMs)} after the crash was noticed`,
  // Why is in the line of the crash before it.
  escalation: ({ from, to }) => `escalation: supervisor '${from}' gave up, and '${to}' decides`,
  handOver({ operator, from, to, groups, tookMs }, nameOf) {
    const [giver, receiver] = [from, to].map((replica) => nameOf({ operator, replica }));
    return `hand-over: ${counted(groups, 'key group')} from ${giver} to ${receiver}, in ${millisecondsText(tookMs)}`;
  },
  scaled({ operator, from, to, groups, tookMs }) {
    const what = `${counted(groups, 'key group')} moved in ${millisecondsText(tookMs)}`;
    return from === to
      ? `spread: '${operator}' anew, ${what}`
      : `scaled: '${operator}' from ${from} to ${counted(to, 'replica')}, ${what}`;
  },
  // What was only planned, or cannot be done, says so.
  decision({ action, mode, operator, replica = 0, from, to, reason }, nameOf) {
    const kind = mode === 'plan' ? 'plan' : 'decision';
    if (action === 'scale') return `${kind}: '${operator}' from ${from} to ${counted(to, 'replica')}: ${reason}`;
    if (action === 'rebalance') return `${kind}: spread '${operator}' anew: ${reason}`;
    if (action === 'move')
      return `${kind}: ${nameOf({ operator, replica })} from worker ${from} to worker ${to}: ${reason}`;
    return `${kind}: nothing to be done: ${reason}`;
  },
  moved: (event, nameOf) => `moved: ${nameOf(event)} from worker ${event.from} to worker ${event.to}`,
  slow({ worker, operator, position, forMs, limitMs }) {
    const who = operator === undefined ? 'outside of any operator' : `operator '${operator}'`;
    const at = position === undefined ? '' : ` at ${position}`;
    const [soFar, limit] = [forMs, limitMs].map(millisecondsText);
    return `slow: worker ${worker}, ${who}, has been in one call for ${soFar}${at}: at ${limit} it counts as hanging`;
  },
  stalled: ({ stall }) => `stalled for ${millisecondsText(stall.forMs)}: ${oneLine(stall.reason)}`,
  stallEnded: ({ tookMs }) => `moving again, after ${millisecondsText(tookMs)}`,
  backupFailed: (event, nameOf) => `backup: that of ${nameOf(event)} failed: ${oneLine(event.error.message)}`,
  spareFailed: ({ attempt, error }) =>
    `spare: attempt ${attempt} to start a spare worker failed: ${oneLine(error.message)}`,
  failed: ({ error }) => `failed: ${oneLine(error.message)}`,
  ended: ({ outcome }) => `ended: ${outcome}`,
};

export function eventText(event: Occurrence, nameOf: NameOf): string {
  const text = TEXTS[event.type] as (event: Occurrence, nameOf: NameOf) => string;
  return text(event, nameOf);
}
