// Goal: the other thread of the wake tests: answers each change of one word by the same change of another.

import { parentPort, workerData } from 'node:worker_threads';
import { WakeWords } from '../../../src/mailbox/wake.ts';

export interface PartnerData {
  wakeWords: SharedArrayBuffer;
  /** Int32: what the test's thread has sent, what the partner has answered. */
  counters: SharedArrayBuffer;
  rounds: number;
}

const { wakeWords, counters, rounds } = workerData as PartnerData;
const words = new WakeWords(wakeWords);
const cells = new Int32Array(counters);
// A pending waitAsync alone does not keep a worker alive.
parentPort?.on('message', () => {});

for (let round = 1; round <= rounds; ) {
  if (Atomics.load(cells, 0) >= round) {
    Atomics.store(cells, 1, round++);
    words.wake(0);
    continue;
  }
  const ticket = words.announcePark(1);
  if (Atomics.load(cells, 0) >= round) words.stayAwake(1);
  else await words.sleep(1, ticket, undefined);
}
parentPort?.close();
