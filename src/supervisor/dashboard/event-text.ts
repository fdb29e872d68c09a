// Events of a job as the page lists them: a line each, with its kind and how grave it is.
// Promises: texts are of bounded length; the error of `failed` is read from its record, so that it stays unheard for whoever tells
// people of failures that nobody has heard of.

import type { JobEvent } from '../job/events/job-event.ts';
import type { ReplicaName } from '../job/job-api.ts';
import { renderCrashReport } from '../recovery/crash-report.ts';
import { shownName, shownText } from './shown.ts';

/** What the page marks an event with. */
type Grade = 'plain' | 'change' | 'good' | 'warn' | 'bad';

/** An event as it is sent. */
export interface ShownEvent {
  readonly type: JobEvent['type'];
  readonly grade: Grade;
  readonly text: string;
  readonly operator?: string;
  /** More lines, to be opened. */
  readonly detail?: string;
  /** Of a decision: the figures that it was made from. */
  readonly inputs?: readonly (readonly [string, number])[];
  readonly tookMs?: number;
}

const named = ({ operator, replica }: ReplicaName): string => `${shownName(operator)}/${replica}`;
const ms = (time: number): string => `${time.toFixed(time < 10 ? 1 : 0)} ms`;
const replicas = (count: number): string => (count === 1 ? '1 replica' : `${count} replicas`);
const groups = (count: number): string => (count === 1 ? '1 key group' : `${count} key groups`);

type Told = Omit<ShownEvent, 'type'>;

function decided(event: Extract<JobEvent, { type: 'decision' }>): Told {
  const { action, mode, replica = 0, from, to, policy, reason, inputs } = event;
  const operator = shownName(event.operator);
  const what = {
    scale: `${operator} from ${from} to ${replicas(to)}`,
    rebalance: `spread ${operator} anew`,
    move: `${operator}/${replica} from worker ${from} to worker ${to}`,
    report: `nothing to be done for ${operator}`,
  }[action];
  const figures = Object.entries(inputs).map(([name, value]) => [name, value] as const);
  const text = `${mode === 'plan' ? 'planned: ' : ''}${what}`;
  return { grade: 'change', operator, text, detail: shownText(`${reason} (policy ${policy})`), inputs: figures };
}

function shownOf(event: JobEvent): Told | undefined {
  switch (event.type) {
    case 'started':
      return { grade: 'plain', text: `started on ${event.workers} workers with ${event.actors} actors` };
    case 'operatorEnded':
      return { grade: 'plain', operator: shownName(event.operator), text: `${shownName(event.operator)} has ended` };
    case 'crash': {
      const { report, worker, actors } = event;
      const who = actors.slice(0, 8).map(named).join(', ');
      const more = actors.length > 8 ? ` and ${actors.length - 8} more` : '';
      const text = `worker ${worker} with ${who}${more}: ${shownText(report.reason.message, 300)}`;
      const operator = report.offender.operator ?? actors[0]?.operator;
      const whose = operator === undefined ? {} : { operator: shownName(operator) };
      return { grade: 'bad', text, ...whose, detail: shownText(renderCrashReport(report)) };
    }
    case 'adoption':
      return {
        grade: 'plain',
        text: `worker ${event.worker} has taken over ${event.actors.slice(0, 8).map(named).join(', ')}`,
        tookMs: event.tookMs,
      };
    case 'restart':
      return {
        grade: 'warn',
        operator: shownName(event.operator),
        text: `${named(event)} on worker ${event.worker}, by supervisor ${shownName(event.supervisor)}`,
      };
    case 'recovered':
      return {
        grade: 'good',
        operator: shownName(event.operator),
        text: `${named(event)} recovered in ${ms(event.tookMs)}`,
        tookMs: event.tookMs,
      };
    case 'escalation':
      return {
        grade: 'bad',
        text: `${shownName(event.from)} gave up, ${shownName(event.to)} decides`,
        detail: shownText(event.reason.message),
      };
    case 'decision':
      return decided(event);
    case 'scaled': {
      const { from, to, tookMs } = event;
      const operator = shownName(event.operator);
      const how = from === to ? `${operator} spread anew` : `${operator} from ${from} to ${replicas(to)}`;
      return { grade: 'change', operator, text: `${how}, ${groups(event.groups)} moved in ${ms(tookMs)}`, tookMs };
    }
    case 'moved':
      return {
        grade: 'change',
        operator: shownName(event.operator),
        text: `${named(event)} from worker ${event.from} to worker ${event.to}`,
      };
    case 'slow':
      return {
        grade: 'warn',
        text: `worker ${event.worker} has been in one call for ${ms(event.forMs)}${event.operator === undefined ? '' : `, in ${shownName(event.operator)}`}`,
      };
    case 'stalled':
      return { grade: 'bad', text: `nothing moves: ${shownText(event.stall.reason, 300)}` };
    case 'stallEnded':
      return { grade: 'good', text: `moving again after ${ms(event.tookMs)}`, tookMs: event.tookMs };
    case 'backupFailed':
      return { grade: 'warn', text: `backup of ${named(event)} failed: ${shownText(event.error.message, 300)}` };
    case 'spareFailed':
      return { grade: 'warn', text: `a spare could not be started: ${shownText(event.error.message, 300)}` };
    case 'failed':
      return { grade: 'bad', text: `the job has failed: ${shownText(event.record.message, 300)}` };
    case 'ended':
      return { grade: event.outcome === 'done' ? 'good' : 'bad', text: `the job has ended: ${event.outcome}` };
    default:
      // Hand-overs are parts of a change that is told; dead letters have a list of their own.
      return undefined;
  }
}

/** An event as the page shows it; undefined for those that it does not list. */
export function shownEvent(event: JobEvent): ShownEvent | undefined {
  const told = shownOf(event);
  return told === undefined ? undefined : { type: event.type, ...told };
}
