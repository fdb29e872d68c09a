// A thread with many counters, which begins with the values that it is given: what an app has that restarts a thread by itself.

import { parentPort, workerData } from 'node:worker_threads';

export interface CountsMessage {
  readonly kind: 'hit' | 'count';
  readonly i: number;
}

export interface CountsReply {
  readonly i: number;
  readonly count: number;
}

const counts = [...(workerData as readonly number[])];

parentPort?.on('message', ({ kind, i }: CountsMessage) => {
  if (kind === 'hit') counts[i]++;
  parentPort?.postMessage({ i, count: counts[i] } satisfies CountsReply);
});
