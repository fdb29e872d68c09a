// Decisions about replicas, and the changes that follow, as lines of the command line.

import { eventText, type NameOf } from '../supervisor/job/events/event-text.ts';
import type { JobEventType, Occurrence } from '../supervisor/job/events/job-event.ts';

const CHANGES: ReadonlySet<JobEventType> = new Set(['decision', 'scaled', 'moved']);

/**
 * What has changed, or is about to, in a line that begins with its kind; undefined for other events.
 * @param verbose also for each hand-over, of which a change of replicas has several
 */
export const changeLine = (event: Occurrence, nameOf: NameOf, verbose: boolean): string | undefined =>
  CHANGES.has(event.type) || (verbose && event.type === 'handOver') ? eventText(event, nameOf) : undefined;
