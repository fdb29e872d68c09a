// Events of all jobs of the process on channels of node:diagnostics_channel, for whoever watches from outside of the app's code.
// Promises: a channel that nobody subscribes to costs a look at a field; what a subscriber throws is the process's uncaught error, as
// diagnostics_channel has it, and no listener nor the job hears of it.

import { channel } from 'node:diagnostics_channel';
import type { JobEvent, JobEventOf, JobEventType } from './job-event.ts';

const PREFIX = 'millrace:job:';

/** What a channel `millrace:job:<type>` of `node:diagnostics_channel` is told at each event of a job. See docs/readings.md#channels. */
export interface JobEventMessage<Type extends JobEventType = JobEventType> {
  /** The flow's name. */
  readonly job: string;
  /** Tells the jobs of a process apart, also those of one flow. */
  readonly run: string;
  /** What has happened, and when. */
  readonly event: JobEventOf<Type>;
}

/** The channel that tells of the events of one type. */
export const channelName = (type: JobEventType): string => `${PREFIX}${type}`;

/** Publishes the events of a job. */
export function publishing(job: string, run: string): (event: JobEvent) => void {
  return (event) => {
    const told = channel(channelName(event.type));
    if (told.hasSubscribers) told.publish({ job, run, event } satisfies JobEventMessage);
  };
}
