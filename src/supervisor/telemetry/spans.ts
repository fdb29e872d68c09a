// What the supervisor of a job does, as spans of OpenTelemetry: each with its begin, its end and what came of it.
// Promises: a span is of an action that is over, so none is left open; the error of a failure is told by its text, and stays unheard
// for whoever tells people of failures that nobody has heard of.

import type { Attributes, Tracer } from '@opentelemetry/api';
import { shownText } from '../dashboard/shown.ts';
import type { JobEvent } from '../job/events/job-event.ts';

/** OTel's SpanStatusCode.ERROR: its module is not imported for a number. */
const ERROR = 2;
const MESSAGE_CHARACTERS_MAX = 1000;

interface Told {
  readonly name: string;
  readonly tookMs: number;
  readonly attributes: Attributes;
  /** Set for what went wrong. */
  readonly problem?: string;
}

/** What an event tells of an action; undefined if it tells of none. */
function toldOf(event: JobEvent): Told | undefined {
  switch (event.type) {
    case 'crash': {
      const { report, worker, actors } = event;
      const operators = [...new Set(actors.map(({ operator }) => operator))];
      return {
        name: 'millrace.crash',
        tookMs: 0,
        attributes: { 'millrace.worker': worker, 'millrace.operators': operators },
        problem: report.reason.message,
      };
    }
    case 'recovered':
      return {
        name: 'millrace.recovery',
        tookMs: event.tookMs,
        attributes: {
          'millrace.operator': event.operator,
          'millrace.replica': event.replica,
          'millrace.worker': event.worker,
        },
      };
    case 'escalation':
      return {
        name: 'millrace.escalation',
        tookMs: 0,
        attributes: { 'millrace.from': event.from, 'millrace.to': event.to },
        problem: event.reason.message,
      };
    case 'scaled':
      return {
        name: 'millrace.scale',
        tookMs: event.tookMs,
        attributes: {
          'millrace.operator': event.operator,
          'millrace.replicas.from': event.from,
          'millrace.replicas.to': event.to,
          'millrace.groups': event.groups,
        },
      };
    case 'handOver':
      return {
        name: 'millrace.hand_over',
        tookMs: event.tookMs,
        attributes: {
          'millrace.operator': event.operator,
          'millrace.replica.from': event.from,
          'millrace.replica.to': event.to,
          'millrace.groups': event.groups,
        },
      };
    case 'moved':
      return {
        name: 'millrace.move',
        tookMs: 0,
        attributes: {
          'millrace.operator': event.operator,
          'millrace.replica': event.replica,
          'millrace.worker.from': event.from,
          'millrace.worker.to': event.to,
        },
      };
    case 'decision':
      return {
        name: 'millrace.decision',
        tookMs: 0,
        attributes: {
          'millrace.operator': event.operator,
          'millrace.action': event.action,
          'millrace.policy': event.policy,
          'millrace.mode': event.mode,
          'millrace.reason': shownText(event.reason, MESSAGE_CHARACTERS_MAX),
        },
      };
    case 'stallEnded':
      return { name: 'millrace.stall', tookMs: event.tookMs, attributes: {}, problem: 'nothing moved' };
    default:
      return undefined;
  }
}

/** Makes the span of an event, if it tells of an action. */
export function tell(tracer: Tracer, event: JobEvent, ofJob: Attributes): void {
  const told = toldOf(event);
  if (told === undefined) return;
  const { name, tookMs, attributes, problem } = told;
  const span = tracer.startSpan(name, {
    root: true,
    startTime: event.atMs - tookMs,
    attributes: { ...ofJob, ...attributes },
  });
  if (problem !== undefined) span.setStatus({ code: ERROR, message: shownText(problem, MESSAGE_CHARACTERS_MAX) });
  span.end(event.atMs);
}
