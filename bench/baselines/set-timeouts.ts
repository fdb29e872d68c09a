// A thread with one setTimeout() a timer: the baseline of the timers of suite `actors`. Each that fires is set again.
// Order is not judged: setTimeout() keeps none between delays when a thread is late. None may be lost or doubled, though.

import { parentPort, workerData } from 'node:worker_threads';
import { sharedNow } from '../clock.ts';
import { type AlarmCounts, firstDelayMs, noteAlarm } from '../flows/alarm-book.ts';

/** Owners whose timers are set in one turn of the loop. */
const AT_ONCE = 20;

export interface AlarmOrder {
  /** When the first timer of each owner fires. */
  readonly phases: readonly number[];
  /** Of each owner. */
  readonly timers: number;
  readonly periodMs: number;
}

export type AlarmReport = Readonly<AlarmCounts>;

const { phases, timers, periodMs } = workerData as AlarmOrder;
const owners = phases.map((): AlarmCounts => ({ fired: 0, wrong: 0, lateMs: 0 }));

function set(owner: AlarmCounts, n: number, delayMs: number): void {
  const dueMs = sharedNow() + delayMs;
  setTimeout(() => {
    noteAlarm(owner, true, sharedNow() - dueMs);
    set(owner, n, periodMs);
  }, delayMs);
}

/** Timers that are there beyond those that should be, or that are missing. */
const lost = (): number =>
  Math.abs(process.getActiveResourcesInfo().filter((each) => each === 'Timeout').length - owners.length * timers);

const report = (): AlarmReport =>
  owners.reduce((sum, { fired, wrong, lateMs }) => ({
    fired: sum.fired + fired,
    wrong: sum.wrong + wrong,
    lateMs: Math.max(sum.lateMs, lateMs),
  }));

parentPort?.on('message', (what: 'forgetLate' | 'counts') => {
  parentPort?.postMessage(what === 'counts' ? { ...report(), wrong: lost() } : report());
  if (what === 'forgetLate') for (const owner of owners) owner.lateMs = 0;
});

let next = 0;
function setAll(): void {
  for (const end = Math.min(owners.length, next + AT_ONCE); next < end; next++) {
    for (let n = 0; n < timers; n++) set(owners[next], n, firstDelayMs(n, timers, periodMs, phases[next]));
  }
  if (next < owners.length) setImmediate(setAll);
  else parentPort?.postMessage(report());
}
setAll();
