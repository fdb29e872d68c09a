// Subject `wake`: a parked host is woken, answers, and wakes the one that asked, as workers and the app's thread do.
// Beside it: the same round trip by the bare ways that Node has.

import { Worker } from 'node:worker_threads';
import { Echo } from '../machine/wake-ups.ts';
import { WakeWords } from './internals.ts';
import type { Contender, Subject } from './subject.ts';
import { ANSWERED, APP, ASKED, COUNTERS_BYTES, HOST, type WakeThreadData } from './wake-words.ts';

function openOurs(): { readonly ours: Contender; readonly thread: Worker } {
  const data: WakeThreadData = {
    wakeWords: WakeWords.allocate(2),
    counters: new SharedArrayBuffer(COUNTERS_BYTES),
  };
  const words = new WakeWords(data.wakeWords);
  const cells = new Int32Array(data.counters);
  const thread = new Worker(new URL('./wake-thread.js', import.meta.url), { workerData: data });
  let asked = 0;
  const run = async (): Promise<void> => {
    asked = (asked + 1) | 0;
    Atomics.store(cells, ASKED, asked);
    words.wake(HOST);
    while (Atomics.load(cells, ANSWERED) !== asked) {
      const ticket = words.announcePark(APP);
      if (Atomics.load(cells, ANSWERED) === asked) words.stayAwake(APP);
      else await words.sleep(APP, ticket, undefined);
    }
  };
  return { ours: { operations: 1, isAsync: true, run }, thread };
}

export function wake(): Subject {
  const { ours, thread } = openOurs();
  const echo = new Echo();
  const byMessage = echo.openMessages();
  let number = 0;
  return {
    name: 'wake',
    unit: 'µs',
    ours,
    baselines: { postMessage: { operations: 1, isAsync: true, run: () => byMessage.trip(++number) } },
    async close() {
      byMessage.close();
      await Promise.all([thread.terminate(), echo.close()]);
    },
  };
}
