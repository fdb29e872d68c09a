// Counts the events of a job that metrics tell of.
// Promises: counts only grow; what an event tells is not looked at, so it stays unheard for whoever tells people of it.

import type { JobEvent } from '../../job/events/job-event.ts';

export class EventCounts {
  crashes = 0;
  restarts = 0;
  escalations = 0;
  recoveries = 0;
  recoveryMs = 0;
  scalings = 0;
  moves = 0;
  stalls = 0;

  hear(event: JobEvent): void {
    switch (event.type) {
      case 'crash':
        this.crashes++;
        return;
      case 'restart':
        this.restarts++;
        return;
      case 'escalation':
        this.escalations++;
        return;
      case 'recovered':
        this.recoveries++;
        this.recoveryMs += event.tookMs;
        return;
      case 'scaled':
        this.scalings++;
        return;
      case 'moved':
        this.moves++;
        return;
      case 'stalled':
        this.stalls++;
    }
  }
}
