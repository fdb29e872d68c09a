// Makes wake-ups slower, to show what depends on them: a machine whose wake-ups cost more, or a virtual one.
// Promises: without MILLRACE_BENCH_SLOW_WAKE_US nothing is changed. Threads inherit the variable, so a flow's module that calls
// slowWakes() has it on every worker.
// A thread that was woken is kept busy for the time: a timer would be late by as much as is to be added.

const VARIABLE = 'MILLRACE_BENCH_SLOW_WAKE_US';

function spin(us: number): void {
  const untilMs = performance.now() + us / 1000;
  while (performance.now() < untilMs);
}

let hasSlowWakes = false;

/** Makes the wake-ups of this thread slower by as much as the variable says. */
export function slowWakes(): void {
  const us = Number(process.env[VARIABLE] ?? 0);
  if (us === 0 || hasSlowWakes) return;
  hasSlowWakes = true;
  const { waitAsync } = Atomics;
  const slowly = (...given: Parameters<typeof waitAsync>): ReturnType<typeof waitAsync> => {
    const waiting = waitAsync(...given);
    if (!waiting.async) return waiting;
    const value = waiting.value.then((outcome) => {
      // A time that has come is no wake-up.
      if (outcome === 'ok') spin(us);
      return outcome;
    });
    return { async: true, value };
  };
  Object.defineProperty(Atomics, 'waitAsync', { value: slowly, configurable: true, writable: true });
}

/** Makes the wake-ups of this thread slower, and those of the threads that it starts from now on. */
export function slowWakesEverywhere(us: number): void {
  process.env[VARIABLE] = String(us);
  slowWakes();
}
