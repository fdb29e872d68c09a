// What a worker reports, on its way to whoever it concerns.
// Promises: a backup of a dead worker never follows the full backup of its successor.

import type { Backup } from '../../state/images/backup.ts';
import type { WorkerReports } from '../../workers/control.ts';
import { outcomeOf } from '../../workers/remote-calls.ts';
import type { Replica } from '../replicas/replica.ts';
import type { JobWorker } from '../workers/job-worker.ts';
import type { JobParts } from './job-parts.ts';

export function workerReports(job: JobParts, worker: () => JobWorker): WorkerReports {
  const { roster } = job;
  return {
    ended: (actor) => job.endings.ended(roster.at(actor)),
    failed: (report) => job.recovery.failed(worker(), report),
    recovered: (actor, committedAtMs) => job.recovery.recovered(worker(), roster.at(actor), committedAtMs),
    backup: (actor, backup) => backUp(job, roster.at(actor), backup, worker()),
    takesLong: (text) => job.notices.takesLong(text),
    traced: (report) => {
      for (const watch of job.traceWatchers) watch(worker().host, report);
    },
  };
}

function backUp({ backups }: JobParts, replica: Replica, backup: Backup, worker: JobWorker): void {
  if (replica.worker !== worker) return;
  backups?.write(replica.actor, backup, (isStored) => {
    void outcomeOf(worker.hired.control.backupDone(replica.actor, backup.sequence, isStored));
  });
}
