// The other thread of subject `wake`: a host that parks as workers do, and answers each change of one word.

import { parentPort, workerData } from 'node:worker_threads';
import { WakeWords } from './internals.ts';
import { ANSWERED, APP, ASKED, HOST, type WakeThreadData } from './wake-words.ts';

const { wakeWords, counters } = workerData as WakeThreadData;
const words = new WakeWords(wakeWords);
const cells = new Int32Array(counters);
// A pending waitAsync alone does not keep a worker alive.
parentPort?.on('message', () => {});

for (let answered = 0; ; ) {
  const asked = Atomics.load(cells, ASKED);
  if (asked !== answered) {
    answered = asked;
    Atomics.store(cells, ANSWERED, asked);
    words.wake(APP);
    continue;
  }
  const ticket = words.announcePark(HOST);
  if (Atomics.load(cells, ASKED) !== answered) words.stayAwake(HOST);
  else await words.sleep(HOST, ticket, undefined);
}
