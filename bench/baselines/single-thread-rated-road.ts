// Baseline `single-thread` of a rated run: the traffic of some expressways as one loop. A thread's entry; see solo.ts.

import { parentPort } from 'node:worker_threads';
import { type RatedPlainOrder, runPlainLoop } from '../linear-road/rated-plain.ts';

parentPort?.on('message', (order: RatedPlainOrder) => parentPort?.postMessage(runPlainLoop(order)));
