// A process with idle actors, ours or nact's: `node --expose-gc idle-actors.js millrace 100000`. It ends with one line, the bytes by
// which its resident set has grown. A process of its own, since what another contender has left would count as well.

import { dispatch, spawn, start } from 'nact';
import { actorSystem } from '../../src/index.ts';
import { collector, receiver } from '../flows/actors.ts';

/** Enough of them for each worker to have one. */
const COLLECTORS = 32;
const PATIENT = { timeoutMs: 120_000 };
/** Messages that wait for their answers at once. */
const AT_ONCE = 10_000;

async function grown(make: () => Promise<void>, collect: () => Promise<void>): Promise<number> {
  await collect();
  const before = process.memoryUsage.rss();
  await make();
  await collect();
  return process.memoryUsage.rss() - before;
}

/** Each actor handles one message, so that it has a state. */
async function ours(count: number): Promise<number> {
  const system = await actorSystem({ workers: 2 });
  const collectors = Array.from({ length: COLLECTORS }, () => system.spawn(collector));
  const refs: ReturnType<typeof system.spawn<typeof receiver>>[] = [];
  const bytes = await grown(
    async () => {
      for (let from = 0; from < count; from += AT_ONCE) {
        const some = Array.from({ length: Math.min(AT_ONCE, count - from) }, () => system.spawn(receiver));
        await Promise.all(some.map((each, i) => each.ask.hit({ n: from + i }, PATIENT)));
        refs.push(...some);
      }
    },
    async () => {
      await Promise.all(collectors.map((each) => each.ask.collect({}, PATIENT)));
      globalThis.gc?.();
    },
  );
  const { actors } = await system.metrics();
  if (actors !== count + COLLECTORS) throw new Error(`${actors - COLLECTORS} of ${count} actors are there`);
  // Each of some of them has what it was told.
  for (let i = 0; i < count; i += Math.ceil(count / 100)) {
    const answer = await refs[i].ask.count({}, PATIENT);
    if (answer.count !== 1) throw new Error(`actor ${i} has ${answer.count} messages where it should have 1`);
  }
  return bytes;
}

async function theirs(count: number): Promise<number> {
  const system = start();
  const refs: unknown[] = [];
  let hits = 0;
  const bytes = await grown(
    async () => {
      for (let from = 0; from < count; from += AT_ONCE) {
        const end = Math.min(count, from + AT_ONCE);
        await new Promise<void>((resolve) => {
          for (let n = from; n < end; n++) {
            const receive = (state: { count: number } | undefined): { count: number } => {
              if (++hits === end) resolve();
              return { count: (state?.count ?? 0) + 1 };
            };
            const ref = spawn(system, receive, `actor-${n}`);
            refs.push(ref);
            dispatch(ref, { n });
          }
        });
      }
    },
    async () => globalThis.gc?.(),
  );
  if (hits !== count || refs.length !== count) throw new Error(`${hits} of ${count} actors have handled their message`);
  return bytes;
}

const [, , kind, count] = process.argv;
console.log(await (kind === 'nact' ? theirs : ours)(Number(count)));
// Its actors end with it.
process.exit(0);
