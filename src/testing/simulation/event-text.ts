// Events of a job as one line of a trace.
// Promises: says nothing that differs between two runs of the same seed, such as a stack.

import type { JobEvent } from '../../supervisor/job/events/job-event.ts';
import type { ReplicaName } from '../../supervisor/job/job-api.ts';

const names = (actors: readonly ReplicaName[]): string =>
  actors.map(({ operator, replica }) => `${operator}/${replica}`).join(', ');

export function eventText(event: JobEvent): string {
  switch (event.type) {
    case 'started':
      return `started: ${event.actors} actors on ${event.workers} workers`;
    case 'operatorEnded':
      return `operator '${event.operator}' has ended`;
    case 'deadLetter':
      return `dead letter of ${names([event.letter])}: ${event.letter.error.message}`;
    case 'crash': {
      const { reason, offender } = event.report;
      const at = offender.position === undefined ? '' : ` at ${offender.position}`;
      return `crash of worker ${event.worker} with ${names(event.actors)}${at}: ${reason.message}`;
    }
    case 'adoption':
      return `worker ${event.worker} has adopted ${names(event.actors)} after ${event.tookMs.toFixed(3)} ms`;
    case 'restart':
      return `${names([event])} is restarted on worker ${event.worker}`;
    case 'recovered':
      return `${names([event])} has committed again on worker ${event.worker}`;
    case 'escalation':
      return `${event.from} escalates to ${event.to}: ${event.reason.message}`;
    case 'handOver':
      return `'${event.operator}/${event.from}' has handed ${event.groups} key groups over to '${event.operator}/${event.to}'`;
    case 'scaled':
      return `'${event.operator}' has ${event.to} replicas, after ${event.from}`;
    case 'decision':
      return `${event.action} '${event.operator}' from ${event.from} to ${event.to}: ${event.reason}`;
    case 'moved':
      return `${names([event])} has moved from worker ${event.from} to worker ${event.to}`;
    case 'slow':
      return `'${event.operator}' on worker ${event.worker} takes long`;
    case 'stalled':
      return `stalled: ${event.stall.reason}`;
    case 'stallEnded':
      return `moves again after ${event.tookMs.toFixed(3)} ms`;
    case 'backupFailed':
      return `a backup of ${names([event])} failed: ${event.error.message}`;
    case 'spareFailed':
      return `spare failed, attempt ${event.attempt}: ${event.error.message}`;
    case 'failed':
      return `failed: ${event.error.message}`;
    case 'ended':
      return `ended: ${event.outcome}`;
  }
}
