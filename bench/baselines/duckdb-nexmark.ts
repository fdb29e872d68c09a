// Baseline `duckdb` of Nexmark: a query in SQL. A thread's entry; see solo.ts.

import { parentPort } from 'node:worker_threads';
import { type QueryOrder, runQuery } from '../nexmark/duckdb/run.ts';

parentPort?.on('message', async (order: QueryOrder) => parentPort?.postMessage(await runQuery(order)));
