// What the machine itself can do, measured before the suites: results of two machines can be compared by it.
// Promises: takes two to three seconds (`quick`: one); the figures say nothing about Millrace, no code of it runs.

import { loadavg, totalmem } from 'node:os';
import { aligned } from '../columns.ts';
import type { By, Effort } from '../effort.ts';
import { type MachineName, machineName, machineOf } from './machine-name.ts';
import { type CopyRates, measureMemory } from './memory.ts';
import { measureWordsPerSecond } from './single-thread.ts';
import { measureWakeUps, type RoundTrip, type WakeUps } from './wake-ups.ts';

export interface Machine extends MachineName {
  readonly memoryBytes: number;
  /** The load average of the minute before: of a quiet machine it is near 0 (on Windows always). */
  readonly loadBefore: number;
  /** The plain loop of word count, on one thread. */
  readonly wordsPerSecond: number;
  /** Round trips between two parked threads. */
  readonly wakeUps: WakeUps;
  readonly copy: CopyRates;
  /** A read that misses the caches. */
  readonly randomReadNs: number;
}

const SPAN_MS: By<{ readonly loop: number; readonly wakeUp: number; readonly copy: number }> = {
  quick: { loop: 100, wakeUp: 100, copy: 50 },
  usual: { loop: 600, wakeUp: 400, copy: 200 },
  full: { loop: 600, wakeUp: 400, copy: 200 },
};

export async function measureMachine(effort: Effort): Promise<Machine> {
  const spanMs = SPAN_MS[effort];
  const [loadBefore] = loadavg();
  return {
    ...machineName(),
    memoryBytes: totalmem(),
    loadBefore,
    wordsPerSecond: measureWordsPerSecond(spanMs.loop),
    wakeUps: await measureWakeUps(spanMs.wakeUp),
    ...measureMemory(spanMs.copy),
  };
}

const GIGA = 1e9;

/** The machine's figures, a line each, with what they are figures of. */
export function machineLines(machine: Machine): string[] {
  const { memoryBytes, loadBefore, wordsPerSecond, wakeUps, copy, randomReadNs } = machine;
  const [warm, cold] = [copy.warmBytesPerSecond, copy.coldBytesPerSecond].map((rate) => (rate / GIGA).toFixed(1));
  const trip = ({ p50Us, p99Us }: RoundTrip): string => `${p50Us.toFixed(1)} µs p50, ${p99Us.toFixed(1)} µs p99`;
  const rows = [
    [
      'single thread',
      `${(wordsPerSecond / 1e6).toFixed(1)} M words/s`,
      'one loop: a book split into words, counted in a Map',
    ],
    ['wake-up', trip(wakeUps.wait), 'there and back between two parked threads: Atomics.wait'],
    ['', trip(wakeUps.waitAsync), 'the same: Atomics.waitAsync, as workers wait'],
    ['', trip(wakeUps.postMessage), 'the same: postMessage'],
    ['copy', `${warm} GB/s, cold ${cold} GB/s`, 'shared memory to shared memory, 1 MiB at a time'],
    ['random read', `${randomReadNs.toFixed(0)} ns`, 'from 64 MiB'],
  ];
  const memory = `${(memoryBytes / 2 ** 30).toFixed(0)} GiB`;
  return [
    `${machineOf(machine)}, ${memory}; load average before the run ${loadBefore.toFixed(2)}`,
    ...aligned(rows, rows[0].length).map((line) => `  ${line}`),
  ];
}
