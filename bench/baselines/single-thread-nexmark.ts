// Baseline `single-thread` of Nexmark: the plain loop of a query. A thread's entry; see solo.ts.

import { parentPort } from 'node:worker_threads';
import { type LoopOrder, runLoop } from '../nexmark/loops/run.ts';

parentPort?.on('message', async (order: LoopOrder) => parentPort?.postMessage(await runLoop(order)));
