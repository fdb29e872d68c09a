// Says whether this thread is a Millrace worker. Known to the entry of the worker and to run(), which must not be called
// there: every worker imports the flow's module, and a run() at its top level would start jobs without end.

const MARK = Symbol.for('millrace.worker');

export function markWorkerThread(): void {
  (globalThis as Record<symbol, unknown>)[MARK] = true;
}

export const isWorkerThread = (): boolean => (globalThis as Record<symbol, unknown>)[MARK] === true;
