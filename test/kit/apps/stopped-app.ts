// A process whose job has two steady sources; it may be stopped by a signal, and go on. Run by pauses.test.ts.

import { slowGivers } from '../flows/slow-givers.ts';

const done = new SharedArrayBuffer(8);
const params = { partitions: 1, openMs: 0, everyMs: 15, exitAt: -1, idleAfterMs: 200, done } as const;
const job = await slowGivers.run({ params, workers: 2, spares: 0 });
let late = 0;
const reading = [
  (async () => {
    for await (const _ of job.output('late')) late++;
  })(),
  (async () => {
    for await (const _ of job.output('closed'));
  })(),
];
console.log('started');
await Promise.all([job.done, ...reading]);
console.log(`${late} late`);
