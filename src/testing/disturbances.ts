// What a test does to an actor that a job may do to it as well: roll its batch back and run it again, and let it go on from
// a snapshot in another thread, which a test plays with fresh memory and fresh closures.
// Promises: whatever is disturbed, each tuple is committed once.
// Relies on: a batch whose output fills its ring commits by itself; so much of it is not rolled back.

import type { Site, SiteStatus } from './site.ts';

/** What is done to the actor. */
export interface Disturbances {
  readonly rollback: boolean;
  readonly restore: boolean;
}

/** Steps of a batch that is rolled back: at the end of the input each key group takes one, and the one after them commits. */
const ROLLED_BACK_STEPS_MAX = 256;
/** Tuples of a source that are read, rolled back, and read again. */
const SOURCE_BATCH_TUPLES = 16;

/** Runs what waits in the input, and gives all of it up. */
function rollBackOnce(site: Site): void {
  if (site.isIsolated) site.resume({});
  for (let steps = 0; steps < ROLLED_BACK_STEPS_MAX; steps++) {
    // No longer open: it has failed, or was full.
    if (site.step() !== 'more' || !site.isOpen) break;
  }
}

/** Processes the `waiting` tuples of the input. */
export function processTuples(site: Site, waiting: number, { rollback, restore }: Disturbances): void {
  const isolate = restore && waiting > 1;
  if (rollback) rollBackOnce(site);
  if (rollback || site.isIsolated !== isolate) site.resume({ isolate, snapshots: restore });
  if (!restore) {
    site.settle();
    return;
  }
  for (;;) {
    const before = site.sequence;
    const status = site.step();
    if (site.isOpen) site.commit();
    if (isOver(status) || site.failure !== undefined) return;
    // The actor of a tuple fed alone is the next one to be rolled back: what it does needs no snapshot.
    const snapshots = isolate || !rollback;
    if (site.sequence !== before) site.resume({ freshClosures: true, fromSnapshot: true, isolate, snapshots });
    else if (status === 'idle') return;
  }
}

/** Fires the timers that are due. */
export const processTimers = (site: Site, how: Disturbances): void =>
  processTuples(site, Number.POSITIVE_INFINITY, how);

const isOver = (status: SiteStatus): boolean => status === 'done' || status === 'failed';

/** Processes the end of the input. */
export function processEnd(site: Site, { rollback }: Disturbances): void {
  if (rollback) rollBackOnce(site);
  if (rollback || site.isIsolated) site.resume({});
  site.settle();
}

/** How many tuples a source has given, for sure or not. */
const readSoFar = (site: Site, isGenerator: boolean): number =>
  isGenerator ? Number(site.committed.progress.source.position ?? 0) : site.tap.readTuples;

/** Reads some tuples of a source, and gives them up. */
async function rollBackSource(site: Site, isGenerator: boolean): Promise<void> {
  if (site.isIsolated) site.resume({});
  await site.openSource();
  const { tap } = site;
  const before = tap.readTuples;
  tap.holdsEnd = true;
  for (;;) {
    const status = site.step();
    if (isOver(status) || isGenerator || tap.readTuples > before || tap.endHeld || !site.isOpen) break;
    if (status === 'idle') await site.wait();
  }
  tap.holdsEnd = false;
}

/** What was read: how many tuples, and whether the source has ended. */
export interface Reading {
  readonly taken: number;
  readonly isDone: boolean;
}

/** Reads `count` tuples of a source, or those that are left. */
export async function readTuples(site: Site, count: number, isGenerator: boolean, how: Disturbances): Promise<Reading> {
  let taken = 0;
  while (taken < count) {
    if (how.rollback) await rollBackSource(site, isGenerator);
    if (how.rollback || !site.isIsolated) site.resume({ isolate: true });
    const batch = await readBatch(site, Math.min(count - taken, SOURCE_BATCH_TUPLES), isGenerator, how);
    taken += batch.taken;
    if (batch.isDone || site.failure !== undefined) return { taken, isDone: batch.isDone };
  }
  return { taken, isDone: false };
}

async function readBatch(site: Site, count: number, isGenerator: boolean, { restore }: Disturbances): Promise<Reading> {
  let taken = 0;
  while (taken < count) {
    await site.openSource();
    const before = readSoFar(site, isGenerator);
    const { failedTuples } = site;
    const status = site.step();
    const took = readSoFar(site, isGenerator) - before;
    taken += took;
    if (isOver(status)) return { taken, isDone: status === 'done' };
    // A tuple that failed has ended the isolation.
    if ((took > 0 && restore) || site.failedTuples !== failedTuples)
      site.resume({ freshClosures: restore, isolate: true });
    else if (status === 'idle') await site.wait();
  }
  return { taken, isDone: false };
}
