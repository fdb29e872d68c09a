// A thread that explores what it is asked to, one task after the other: mutants break the code of this thread only.

import { parentPort } from 'node:worker_threads';
import { perform, type Task } from './task.ts';

parentPort?.on('message', async (task: Task) => {
  parentPort?.postMessage(await perform(task));
});
