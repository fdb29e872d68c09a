// Crashes, restarts, escalations and dead letters as text: a line each for people, JSON for programs, and their count.
// Promises: one event is one line, whatever is in its message; pure functions, the same for a terminal and a log.

import { show } from '../errors.ts';
import { eventText, type NameOf, oneLine } from '../supervisor/job/events/event-text.ts';
import type { JobEventType, Occurrence } from '../supervisor/job/events/job-event.ts';
import type { DeadLetter } from '../supervisor/job/job-api.ts';
import { countText } from './reading-text.ts';
import type { Tally } from './view.ts';

const INCIDENTS: ReadonlySet<JobEventType> = new Set([
  'crash',
  'adoption',
  'restart',
  'recovered',
  'escalation',
  'slow',
  'stalled',
  'spareFailed',
]);

/** An error by its code or name, and its message. */
function errorText(error: Error): string {
  const { code } = error as { code?: unknown };
  return oneLine(`${typeof code === 'string' ? code : error.name}: ${error.message}`);
}

/** What happened, in a line that begins with its kind; undefined for events that are no incidents. */
export function incidentLine(event: Occurrence, nameOf: NameOf): string | undefined {
  if (!INCIDENTS.has(event.type)) return undefined;
  // A pager that stands still is no news to whoever reads in it.
  if (event.type === 'stalled' && !event.stall.isCertain) return undefined;
  const text = eventText(event, nameOf);
  return event.type === 'slow' ? `${text} (--hang-timeout-ms)` : text;
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
