// Crashes, restarts, escalations and dead letters as text: a line each for people, JSON for programs, and their count.
// Promises: one event is one line, whatever is in its message; pure functions, the same for a terminal and a log.

import { show } from '../errors.ts';
import type { Occurrence } from '../supervisor/job/events/job-event.ts';
import type { DeadLetter, ReplicaName } from '../supervisor/job/job-api.ts';
import { countText } from './reading-text.ts';
import type { Tally } from './view.ts';

/** How a replica is called: by its operator alone if that has only one. */
export type NameOf = (replica: ReplicaName) => string;

const oneLine = (text: string): string => text.replace(/\s*[\r\n]\s*/g, ' ');

export const millisecondsText = (ms: number): string => `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;

/** An error by its code or name, and its message. */
function errorText(error: Error): string {
  const { code } = error as { code?: unknown };
  return oneLine(`${typeof code === 'string' ? code : error.name}: ${error.message}`);
}

/** What happened, in a line that begins with its kind; undefined for events that are no incidents. */
export function incidentLine(event: Occurrence, nameOf: NameOf): string | undefined {
  switch (event.type) {
    case 'crash':
      return `crash: ${oneLine(event.report.reason.message)}`;
    case 'adoption': {
      const names = event.actors.map(nameOf).join(', ');
      return `adoption: worker ${event.worker} has taken over ${names}, after ${millisecondsText(event.tookMs)}`;
    }
    case 'restart':
      return `restart: ${nameOf(event)} on worker ${event.worker}, by supervisor '${event.supervisor}'`;
    case 'recovered':
      return `recovered: ${nameOf(event)}, ${millisecondsText(event.tookMs)} after the crash was noticed`;
    case 'escalation':
      // Why is in the line of the crash before it.
      return `escalation: supervisor '${event.from}' gave up, and '${event.to}' decides`;
    case 'slow': {
      const who = event.operator === undefined ? 'outside of any operator' : `operator '${event.operator}'`;
      const at = event.position === undefined ? '' : ` at ${event.position}`;
      const [soFar, limit] = [event.forMs, event.limitMs].map(millisecondsText);
      return `slow: worker ${event.worker}, ${who}, has been in one call for ${soFar}${at}: at ${limit} it counts as hanging (--hang-timeout-ms)`;
    }
    case 'stalled':
      // A pager that stands still is no news to whoever reads in it.
      if (!event.stall.isCertain) return undefined;
      return `stalled for ${millisecondsText(event.stall.forMs)}: ${oneLine(event.stall.reason)}`;
    case 'spareFailed':
      return `spare: attempt ${event.attempt} to start a spare worker failed: ${oneLine(event.error.message)}`;
    default:
      return undefined;
  }
}

export function letterLine({ operator, key, tuple, position, error }: DeadLetter): string {
  const atKey = key === undefined ? '' : `, key ${show(key)}`;
  const what = tuple === undefined ? '' : `, tuple ${show(tuple)}`;
  return oneLine(`dead letter: operator '${operator}'${atKey}${what}: ${errorText(error)} (${position})`);
}

const counted = (count: number, one: string, many: string): string => `${countText(count)} ${count === 1 ? one : many}`;

/** `2 crashes, 2 restarts, 1 dead letter`; empty if nothing happened. */
export function tallyText({ crashes, restarts, escalations, deadLetters }: Tally): string {
  const parts = [
    crashes > 0 && counted(crashes, 'crash', 'crashes'),
    restarts > 0 && counted(restarts, 'restart', 'restarts'),
    escalations > 0 && counted(escalations, 'escalation', 'escalations'),
    deadLetters > 0 && counted(deadLetters, 'dead letter', 'dead letters'),
  ];
  return parts.filter(Boolean).join(', ');
}
