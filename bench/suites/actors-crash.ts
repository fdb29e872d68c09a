// Result `crash` of suite `actors`: from the end of a worker's thread until all actors that were on it have answered, each with the
// state that it had.

import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { actorSystem } from '../../src/index.ts';
import type { CountsMessage, CountsReply } from '../baselines/counting-thread.ts';
import { resident } from '../flows/actors.ts';
import type { Contender } from '../harness.ts';
import { PATIENT, promised, requireRight } from './actors-contender.ts';

const ACTORS = 1000;
/** Spawned at first: about half of them are on each worker. */
const SPAWNED = 2 * ACTORS + 400;
const POLL_MS = 5;

export async function crash(): Promise<Contender> {
  const system = await actorSystem({ workers: 2, notices: false });
  const spawned = Array.from({ length: SPAWNED }, () => system.spawn(resident));
  const places = await Promise.all(spawned.map((each) => each.ask.where({}, PATIENT)));
  const threads = [...new Set(places.map(({ threadId }) => threadId))];
  const onThread = (thread: number) => spawned.filter((_, i) => places[i].threadId === thread);
  const [largest] = threads.map(onThread).sort((a, b) => b.length - a.length);
  if (largest.length < ACTORS) throw new Error(`actors: ${largest.length} of ${SPAWNED} actors are on one worker`);
  const victims = largest.slice(0, ACTORS);
  const kept = new Set(victims);
  for (const each of spawned) if (!kept.has(each)) each.stop();
  let hits = 0;
  return {
    name: 'millrace',
    async run() {
      while (!system.job.workers().some(({ state }) => state === 'spare')) await sleep(POLL_MS);
      await Promise.all(victims.map((each) => each.ask.hit({}, PATIENT)));
      hits++;
      const { threadId } = await victims[0].ask.where({}, PATIENT);
      const worker = system.job.workers().find((each) => each.threadId === threadId);
      if (worker === undefined) throw new Error(`actors: no worker has thread ${threadId}`);
      const startMs = performance.now();
      const killed = system.job.killWorker(worker.worker);
      const answers = await Promise.all(victims.map((each) => each.ask.where({}, PATIENT)));
      const tookMs = performance.now() - startMs;
      await killed;
      requireRight(
        'counts after a crash',
        answers.map(({ count }) => count),
        answers.map(() => hits),
      );
      const others = new Set(answers.map((each) => each.threadId));
      if (others.has(threadId)) throw new Error(`actors: thread ${threadId} was ended, and has answered`);
      return { crash: tookMs };
    },
    close: () => system.stop(),
  };
}

/** The same by hand: a thread with as many counters; when it is gone, a new one begins with a copy that the app has kept. */
export async function restartedThread(): Promise<Contender> {
  let worker = begin(new Array<number>(ACTORS).fill(0));
  let hits = 0;
  const ask = async (kind: CountsMessage['kind']): Promise<number[]> => {
    const counts: number[] = [];
    for (let i = 0; i < ACTORS; i++) worker.postMessage({ kind, i } satisfies CountsMessage);
    const { promise, resolve } = promised();
    const take = ({ i, count }: CountsReply): void => {
      counts[i] = count;
      if (i === ACTORS - 1) resolve();
    };
    worker.on('message', take);
    await promise;
    worker.off('message', take);
    return counts;
  };
  return {
    name: 'new-thread',
    async run() {
      const kept = await ask('hit');
      hits++;
      const startMs = performance.now();
      const gone = once(worker, 'exit');
      void worker.terminate();
      await gone;
      worker = begin(kept);
      const answers = await ask('count');
      const tookMs = performance.now() - startMs;
      requireRight(
        'counts after a thread has ended',
        answers,
        answers.map(() => hits),
      );
      return { crash: tookMs };
    },
    async close() {
      await worker.terminate();
    },
  };
}

const begin = (counts: readonly number[]): Worker =>
  new Worker(new URL('../baselines/counting-thread.js', import.meta.url), { workerData: counts });
