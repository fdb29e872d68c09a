// Waiting for something that is told, or found by looking now and then.
// Promises: the time that a wait is charged with leaves out what the process was suspended for.

/**
 * Waits until it is woken, or for `lookMs`.
 * @param onWake gets the function that wakes it
 * @returns the milliseconds that count against a limit
 */
export async function waking(lookMs: number, onWake: (wake: () => void) => void): Promise<number> {
  const beganMs = performance.now();
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, lookMs);
    onWake(() => {
      clearTimeout(timer);
      resolve();
    });
  });
  return Math.min(performance.now() - beganMs, lookMs * 10);
}
