// One clock for all threads of the process, in milliseconds with a fraction.
// performance.now() is cheap but starts at 0 in each thread, and performance.timeOrigin is wall time, which each thread
// samples for itself: two threads may disagree by tens of microseconds. process.hrtime() is one clock for all, so that
// each thread measures once, as tightly as it can, by how much its performance.now() is behind it.

const CALIBRATIONS = 50;

function calibrate(): number {
  let best = Number.POSITIVE_INFINITY;
  let offset = 0;
  for (let i = 0; i < CALIBRATIONS; i++) {
    const before = performance.now();
    const shared = Number(process.hrtime.bigint()) / 1e6;
    const after = performance.now();
    if (after - before < best) {
      best = after - before;
      offset = shared - (before + after) / 2;
    }
  }
  return offset;
}

const offsetMs = calibrate();

/** Milliseconds on the clock that all threads share. */
export const sharedNow = (): number => performance.now() + offsetMs;
