// Results `timers` and `timers-late` of suite `actors`: many timers pending, of which a tenth fires each second and is set again.
// What one costs is processor time of the whole process, over those that fired: at a fixed rate there is nothing else to compare.

import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { actorSystem } from '../../src/index.ts';
import type { AlarmOrder, AlarmReport } from '../baselines/set-timeouts.ts';
import type { By, Effort } from '../effort.ts';
import { alarms } from '../flows/alarms.ts';
import type { Contender, Figures } from '../harness.ts';
import { contender, PATIENT } from './actors-contender.ts';

/** Pending timers of one actor. */
const TIMERS = 1000;
const OWNERS: By<number> = { quick: 20, usual: 200, full: 1000 };
/** Each timer fires once in it. */
const PERIOD_MS = 10_000;
/** Actors that set their timers at once. */
const AT_ONCE = 20;
/** How long timers are watched before, to see whether they are on time, and most of it. */
const SETTLE_MS = 200;
const SETTLE_MS_MAX = 2000;
const SPAN_MS: By<number> = { quick: 300, usual: 1000, full: 3000 };

/** The first timers of the actors are spread as well. */
const phaseMs = (owner: number, owners: number): number => (owner * PERIOD_MS) / TIMERS / owners;

interface Totals {
  readonly fired: number;
  readonly wrong: number;
  readonly lateMs: number;
}

interface Alarms {
  /** Forgets how late timers were, and tells how many have fired. */
  begin(): Promise<number>;
  end(): Promise<Totals>;
}

/** Waits until what was late because all timers were being set has fired, if it ever has. */
async function settled({ begin, end }: Alarms): Promise<void> {
  const untilMs = performance.now() + SETTLE_MS_MAX;
  do {
    await begin();
    await sleep(SETTLE_MS);
  } while ((await end()).lateMs > SETTLE_MS && performance.now() < untilMs);
}

/** Measures timers that have been set. */
async function measured(who: string, effort: Effort, alarms: Alarms): Promise<Figures> {
  await settled(alarms);
  const before = await alarms.begin();
  const cpu = process.cpuUsage();
  await sleep(SPAN_MS[effort]);
  const { user, system } = process.cpuUsage(cpu);
  const { fired, wrong, lateMs } = await alarms.end();
  if (wrong > 0 || fired === before) {
    throw new Error(`actors: of the timers of ${who} ${fired} have fired, and ${wrong} were early, lost or doubled`);
  }
  return { timers: ((user + system) * 1000) / (fired - before), 'timers-late': lateMs };
}

export const timers = (effort: Effort) => async (): Promise<Contender> =>
  contender('millrace', async () => {
    const system = await actorSystem({ workers: 2 });
    const owners = Array.from({ length: OWNERS[effort] }, () => system.spawn(alarms));
    for (let from = 0; from < owners.length; from += AT_ONCE) {
      const some = owners.slice(from, from + AT_ONCE);
      const set = (i: number) => ({ count: TIMERS, periodMs: PERIOD_MS, phaseMs: phaseMs(from + i, owners.length) });
      await Promise.all(some.map((each, i) => each.ask.set(set(i), PATIENT)));
    }
    while (!system.job.workers().some(({ state }) => state === 'spare')) await sleep(SETTLE_MS);
    const figures = await measured('millrace', effort, {
      async begin() {
        const each = await Promise.all(owners.map((owner) => owner.ask.forgetLate({}, PATIENT)));
        return each.reduce((sum, { fired }) => sum + fired, 0);
      },
      async end() {
        const each = await Promise.all(owners.map((owner) => owner.ask.counts({}, PATIENT)));
        return each.reduce((sum, { fired, wrong, lateMs }) => ({
          fired: sum.fired + fired,
          wrong: sum.wrong + wrong,
          lateMs: Math.max(sum.lateMs, lateMs),
        }));
      },
    });
    await system.stop(PATIENT);
    return figures;
  });

export const setTimeouts = (effort: Effort) => async (): Promise<Contender> =>
  contender('setTimeout', async () => {
    const owners = OWNERS[effort];
    const phases = Array.from({ length: owners }, (_, owner) => phaseMs(owner, owners));
    const workerData: AlarmOrder = { phases, timers: TIMERS, periodMs: PERIOD_MS };
    const worker = new Worker(new URL('../baselines/set-timeouts.js', import.meta.url), { workerData });
    const heard = async (): Promise<AlarmReport> => (await once(worker, 'message'))[0];
    const asked = (what: 'forgetLate' | 'counts'): Promise<AlarmReport> => {
      worker.postMessage(what);
      return heard();
    };
    try {
      // Tells when all are set.
      await heard();
      const begin = async (): Promise<number> => (await asked('forgetLate')).fired;
      return await measured('setTimeout', effort, { begin, end: () => asked('counts') });
    } finally {
      await worker.terminate();
    }
  });
