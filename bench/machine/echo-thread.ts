// The other thread of the wake-up measurements: sends back each number that it gets, in the way that it was told last.
// Relies on: a way is told by message, and only while no number is under way.

import { parentPort, workerData } from 'node:worker_threads';
import { ANSWER, type EchoOrder, REQUEST, STOP } from './echo-words.ts';

const cells = new Int32Array(workerData as SharedArrayBuffer);

function answer(number: number): void {
  Atomics.store(cells, ANSWER, number);
  Atomics.notify(cells, ANSWER);
}

function echoWaiting(): void {
  for (let seen = 0; seen !== STOP; ) {
    Atomics.wait(cells, REQUEST, seen);
    const number = Atomics.load(cells, REQUEST);
    if (number !== seen) answer(number);
    seen = number;
  }
}

async function echoWaitingAsync(): Promise<void> {
  for (let seen = 0; seen !== STOP; ) {
    await Atomics.waitAsync(cells, REQUEST, seen).value;
    const number = Atomics.load(cells, REQUEST);
    if (number !== seen) answer(number);
    seen = number;
  }
}

parentPort?.on('message', async (order: EchoOrder | number) => {
  if (typeof order === 'number') {
    parentPort?.postMessage(order);
    return;
  }
  parentPort?.postMessage('ready');
  if (order === 'wait') echoWaiting();
  else await echoWaitingAsync();
  parentPort?.postMessage('stopped');
});
