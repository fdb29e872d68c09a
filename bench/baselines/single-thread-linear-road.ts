// Baseline `single-thread`: the whole query of Linear Road as one loop. A thread's entry; see solo.ts.

import { parentPort } from 'node:worker_threads';
import { answerPlainly, type PlainOrder } from '../linear-road/plain.ts';

parentPort?.on('message', (order: PlainOrder) => {
  const startedMs = performance.now();
  const lines = answerPlainly(order);
  parentPort?.postMessage({ lines, elapsedMs: performance.now() - startedMs });
});
