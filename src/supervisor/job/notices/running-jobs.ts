// The jobs of this process that have not ended, for the moment in which the process is about to end without them.
// Promises: one listener of the process however many jobs run, and none when none does; process.exit() is the app's own decision
// and says nothing.
// Relies on: Node.js emits 'beforeExit' when nothing is left that could happen, also where it then ends with exit code 13.

const jobs = new Map<object, () => void>();

function tellAll(): void {
  for (const tell of [...jobs.values()]) tell();
  // Once: whoever goes on after this and comes here again has been told.
  jobs.clear();
  process.off('beforeExit', tellAll);
}

export const runningJobs = {
  /** @param tell called if the process is about to end while the job runs */
  add(job: object, tell: () => void): void {
    if (jobs.size === 0) process.on('beforeExit', tellAll);
    jobs.set(job, tell);
  },
  remove(job: object): void {
    if (jobs.delete(job) && jobs.size === 0) process.off('beforeExit', tellAll);
  },
};
