// Takes a job down whose outcome is decided: whoever watches or changes it stops, outputs hear of a failure, threads end.
// Promises: afterwards no thread and no timer of the job is left, but a thread that cannot be ended; the last event is `ended`.

import { toRecord } from '../../errors.ts';
import type { JobParts } from './job-parts.ts';
import type { JobOutcome } from './settlement.ts';
import { shutDown } from './shutdown.ts';

export async function takeDown(parts: JobParts, outcome: JobOutcome, error: unknown): Promise<void> {
  parts.hangWatch.stop();
  parts.stallDetector.stop();
  parts.elasticity.stop();
  parts.workers.close();
  parts.patience.close();
  parts.recovery.close();
  if (error !== undefined) parts.ends.failOutputs(error);
  parts.ends.closeInputs();
  parts.supervisorHost.close();
  if (outcome !== 'done') {
    parts.appHost.close();
    parts.supervision.failed();
  }
  if (error instanceof Error && outcome === 'failed')
    parts.announce(parts.notices.failedEvent({ type: 'failed', error, record: toRecord(error) }));
  await shutDown(parts);
  await parts.pool.close(parts.options.fenceTimeoutMs);
  await parts.backups?.settle();
  parts.letters.end();
  parts.reader.freeze();
  parts.supervision.leaveRoot();
  parts.announce({ type: 'ended', outcome });
}
