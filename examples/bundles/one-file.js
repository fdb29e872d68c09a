// App and flow in one file, which workers import too: it exports the flow, and runs it in the app's thread only.
// Prints 0, 1, 4, 9 and 16.
import { isMainThread } from 'node:worker_threads';
import { squares } from './squares.js';

export { squares };

if (isMainThread) {
  const job = await squares.run({ workers: 1 });
  for await (const { square } of job.output('squares')) console.log(square);
  await job.done;
}
