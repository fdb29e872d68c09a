// An app that wires nothing up: runs one of the scenarios below in a process of its own, whose standard error a test reads.
// No worker imports this module: the flows stand in another one.

import { errors } from '../../../src/errors.ts';
import { runningJobs } from '../../../src/supervisor/job/notices/running-jobs.ts';
import { failures, oddsAndEvens, ticks } from '../flows/silence.ts';

const ringBytes = 1 << 13;
const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 6; turn++) await new Promise((resolve) => setImmediate(resolve));
};

const scenarios: Record<string, () => Promise<void>> = {
  letters: async () => {
    await (await failures.run({ params: { count: 30 }, workers: 1 })).done;
  },
  'letters, and an exit at once': async () => {
    await (await failures.run({ params: { count: 30 }, workers: 1 })).done;
    process.exit(0);
  },
  'letters, switched off': async () => {
    await (await failures.run({ params: { count: 30 }, workers: 1, notices: false })).done;
  },
  failed: async () => {
    await failures.run({ params: { count: 5, fatal: 4 }, workers: 1 });
  },
  'a function that throws': async () => {
    const heard: string[] = [];
    process.on('uncaughtException', (error) => heard.push(error.message));
    const notices = (): void => {
      throw errors.invariant('nobody wants notices');
    };
    const job = await failures.run({ params: { count: 30 }, workers: 1, notices });
    await job.done;
    await turns();
    console.log(heard.length > 0 && heard.every((message) => message.includes('nobody wants notices')));
  },
  'one after the other': async () => {
    const job = await oddsAndEvens.run({ params: { count: 20_000 }, workers: 1, ringBytes, stallTimeoutMs: 100 });
    // The line comes after the event.
    job.on('stalled', () => setImmediate(() => process.exit(0)));
    for await (const _ of job.output('odds'));
    for await (const _ of job.output('evens'));
  },
  'a loop that is left': async () => {
    const job = await ticks.run({ params: { ratePerSecond: 1000 }, workers: 1 });
    for await (const { n } of job.output('out')) if (n === 20) break;
    console.log('left');
  },
  'a wait that nothing can end': async () => {
    runningJobs.add({}, () => console.error('told of it'));
    await new Promise(() => {});
  },
  'an exit of the app': async () => {
    runningJobs.add({}, () => console.error('told of it'));
    process.exit(0);
  },
  listeners: async () => {
    const count = (): number => process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);
    await (await ticks.run({ params: { ratePerSecond: 1000 }, workers: 1 })).stop();
    const before = count();
    const jobs = await Promise.all([1, 2, 3].map(() => ticks.run({ params: { ratePerSecond: 1000 }, workers: 1 })));
    const meanwhile = count() - before;
    await Promise.all(jobs.map((job) => job.stop()));
    const failing = await failures.run({ params: { count: 30, fatal: 29 }, workers: 1 });
    await failing.done.catch(() => {});
    await turns();
    console.log(meanwhile, count() - before);
  },
};

await scenarios[process.argv[2]]();
