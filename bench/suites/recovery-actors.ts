// How long a crash lasts of a worker that hosts many actors: from its end to the first commit of the first actor that comes back, and of the
// last. Each operator is an actor, and all are on one worker.
// Every run is checked at its end: each tuple came once, in order.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Job } from '../../src/index.ts';
import type { By, Effort } from '../effort.ts';
import { type ActorsParams, recoveryActorsFlow } from '../flows/recovery-actors.ts';
import { type Measurement, type Result, spread } from '../harness.ts';
import { median } from '../statistics.ts';

const KEYS = 1000;
const RATE_PER_SECOND = 2000;
/** Most milliseconds from the crash to the commit of the last actor, by the number of operators; and to that of the first. */
const LAST_MS: ReadonlyMap<number, number> = new Map([
  [1, 11],
  [20, 30],
  [60, 60],
]);
const FIRST_MS = 15;
const CRASHES: By<number> = { quick: 1, usual: 5, full: 15 };
/** So long the stream flows before a crash, once a spare is ready. */
const SETTLE_MS = 200;
const LIMIT_MS = 60_000;

interface Times {
  readonly firstMs: number;
  readonly lastMs: number;
}

type ActorsJob = Job<{ results: { index: number; key: number } }>;

const epochMs = (): number => performance.timeOrigin + performance.now();

/** Kills the worker that hosts the actors, and waits until each of them has committed. */
async function crash(job: ActorsJob): Promise<Times> {
  while (!job.workers().some(({ state }) => state === 'spare')) await sleep(2);
  await sleep(SETTLE_MS);
  const worker = job.workers().find(({ actors }) => actors.length > 0);
  if (worker === undefined) throw new Error('recovery: no worker hosts actors');
  const commits: number[] = [];
  const recovered = new Promise<void>((resolve) => {
    const forget = job.on('recovered', ({ committedAtMs }) => {
      if (commits.push(committedAtMs) < worker.actors.length) return;
      forget();
      resolve();
    });
  });
  const killedAtMs = epochMs();
  await job.killWorker(worker.worker);
  const controller = new AbortController();
  const late = sleep(LIMIT_MS, undefined, { signal: controller.signal }).then(() => {
    throw new Error(`recovery: ${commits.length} of ${worker.actors.length} actors came back within ${LIMIT_MS} ms`);
  });
  late.catch(() => {});
  try {
    await Promise.race([recovered, late]);
  } finally {
    controller.abort();
  }
  return { firstMs: Math.min(...commits) - killedAtMs, lastMs: Math.max(...commits) - killedAtMs };
}

/** One job that crashes `count` times. */
async function crashes(operators: number, count: number): Promise<Times[]> {
  const params: ActorsParams = { operators, keys: KEYS, ratePerSecond: RATE_PER_SECOND };
  const job = await recoveryActorsFlow.run({ params, workers: 1 });
  let read = 0;
  const reading = (async () => {
    for await (const { index } of job.output('results')) {
      if (index !== read) throw new Error(`recovery: tuple ${read} was expected, and ${index} came`);
      read++;
    }
  })();
  reading.catch(() => job.cancel());
  const times: Times[] = [];
  for (let i = 0; i < count; i++) times.push(await crash(job));
  await job.stop();
  await reading;
  const made = job.reading().operators.find(({ name }) => name === 'source')?.tuplesOut;
  if (read !== made) throw new Error(`recovery: ${made} tuples were made, and ${read} came`);
  return times;
}

export function recoveryOfActors(effort: Effort): Measurement {
  return {
    async measure(progress) {
      const results: Result[] = [];
      for (const [operators, lastMs] of LAST_MS) {
        const times = await crashes(operators, CRASHES[effort]);
        const [first, last] = [times.map((each) => each.firstMs), times.map((each) => each.lastMs)];
        const [firstText, lastText] = [first, last].map((values) => `${median(values).toFixed(1)} ms`);
        progress(`${operators} operators: the first is back after ${firstText}, the last after ${lastText} (medians)`);
        const result = (name: string, values: number[], targetMs: number): Result => ({
          name,
          unit: 'ms',
          ...spread(values),
          runs: values.length,
          target: `≤ ${targetMs}`,
          vs: {},
        });
        results.push(result(`actors-${operators}`, last, lastMs), result(`actors-${operators}-first`, first, FIRST_MS));
      }
      return results;
    },
  };
}
