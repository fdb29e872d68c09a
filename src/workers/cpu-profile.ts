// Takes a CPU profile of the thread that it is called in, by node:inspector.
// Promises: one at a time in a thread; the thread works on meanwhile, slowed by the samples.

import { setTimeout as sleep } from 'node:timers/promises';

/** One function in a {@link CpuProfile}, called by one chain of others. */
export interface CpuProfileNode {
  /** Of this node in the profile. */
  readonly id: number;
  /** What it is in the code; generated code of an operator has the operator's name in its `url`. */
  readonly callFrame: {
    /** '' if it has no name; `(idle)`, `(program)` and `(garbage collector)` are no functions. */
    readonly functionName: string;
    /** Of its script. */
    readonly scriptId: string;
    /** Of its script. */
    readonly url: string;
    /** From 0 on. */
    readonly lineNumber: number;
    /** From 0 on. */
    readonly columnNumber: number;
  };
  /** How often it was at the top of the stack. */
  readonly hitCount?: number;
  /** Those that it called, by their ids. */
  readonly children?: readonly number[];
}

/** What a thread has spent its time on: written as JSON to a file `name.cpuprofile`, Chrome's and VS Code's tools open it. */
export interface CpuProfile {
  /** The tree of calls; the first one is the root. */
  readonly nodes: readonly CpuProfileNode[];
  /** In microseconds, on a clock of its own. */
  readonly startTime: number;
  /** In microseconds, on the same clock. */
  readonly endTime: number;
  /** Ids of nodes that were at the top of the stack, one for each sample. */
  readonly samples?: readonly number[];
  /** Microseconds between the samples. */
  readonly timeDeltas?: readonly number[];
}

let last: Promise<unknown> = Promise.resolve();

/** The next one waits for the one under way. */
export function takeProfile(ms: number): Promise<CpuProfile> {
  const taken = last.then(() => take(ms));
  last = taken.catch(() => {});
  return taken;
}

async function take(ms: number): Promise<CpuProfile> {
  // Not when a worker starts: most are never asked.
  const { Session } = await import('node:inspector');
  const session = new Session();
  session.connect();
  const post = (method: string): Promise<unknown> =>
    new Promise((resolve, reject) => {
      session.post(method, (error, result) => (error === null ? resolve(result) : reject(error)));
    });
  try {
    await post('Profiler.enable');
    await post('Profiler.start');
    await sleep(ms);
    const { profile } = (await post('Profiler.stop')) as { readonly profile: CpuProfile };
    return profile;
  } finally {
    session.disconnect();
  }
}
