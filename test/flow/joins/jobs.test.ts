// Goal: joins, deduplicate and throttle give the same in whole jobs: with one replica and with several, whose number changes, and with
// workers that are killed again and again.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Job } from '../../../src/index.ts';
import { joined, leftAt, type Pair, rightAt } from '../../kit/flows/joins.ts';
import { eventAt, type ThinnedEvent, thinned } from '../../kit/flows/thinned.ts';
import { intervalMates, joinModel, rowsOf, shown, windowMates } from '../../kit/join-model.ts';
import { noThreadLeft, start, TIMEOUT, tuplesOf } from '../../kit/run-flow.ts';
import { deduplicated, throttled } from '../../kit/thinning-model.ts';

const COUNT = 1500;
const KEYS = 40;
/** So that a job lasts as long as what is done to it. */
const RATE = 1500;
const OUT_OF_ORDER_MS = 60;

const numbers = Array.from({ length: COUNT }, (_, n) => n);
const spread = { keys: KEYS, outOfOrderMs: OUT_OF_ORDER_MS };
const lefts = numbers.map((n) => leftAt(n, spread));
const rights = numbers.map((n) => rightAt(n, spread));
const events = numbers.map((n) => eventAt(n, KEYS, OUT_OF_ORDER_MS));

/** What is done to a job while it runs. */
const DISTURBANCES: Readonly<Record<string, (job: Job, operator: string) => Promise<void>>> = {
  'one replica': async () => {},
  'workers killed': async (job) => {
    for (let kills = 0; kills < 3; ) {
      await new Promise((resolve) => setTimeout(resolve, 60));
      // While its actors are adopted there may be none.
      const host = job.workers().find(({ actors }) => actors.length > 0);
      if (host !== undefined) await job.killWorker(host.worker).then(() => kills++);
    }
  },
  scaled: async (job, operator) => {
    for (const replicas of [3, 1, 2]) await job.scale(operator, replicas);
  },
};

const parallelismOf = (disturbance: string) =>
  disturbance === 'one replica' ? 1 : disturbance === 'scaled' ? { start: 1, max: 3 } : 2;

for (const [name, disturb] of Object.entries(DISTURBANCES)) {
  const common = { count: COUNT, ...spread, ratePerSecond: RATE, parallelism: parallelismOf(name) };
  const options = { workers: 2, ringBytes: 4096 };

  const joinRows = async (
    params: Partial<Parameters<typeof start>[1]> & Record<string, unknown>,
  ): Promise<string[]> => {
    const job = await start(joined, { params: { ...common, ...params } as never, ...options });
    const [rows] = await Promise.all([tuplesOf(job.output('pairs')), disturb(job as unknown as Job, 'join')]);
    await job.done;
    await noThreadLeft();
    return (rows as Pair[]).map(shown).sort();
  };

  test(`interval join, ${name}`, TIMEOUT, async () => {
    const rows = await joinRows({ how: 'interval', kind: 'full', fromMs: -30, toMs: 40 });
    assert.deepEqual(rows, rowsOf(joinModel(lefts, rights, intervalMates(-30, 40)), 'full'));
  });

  test(`window join, ${name}`, TIMEOUT, async () => {
    const rows = await joinRows({ how: 'window', kind: 'full', toMs: 100 });
    assert.deepEqual(rows, rowsOf(joinModel(lefts, rights, windowMates(100)), 'full'));
  });

  test(`lookup join as of a time, ${name}`, TIMEOUT, async () => {
    const rows = await joinRows({ how: 'asOf' });
    const expected = lefts.map(({ id, key, at }) => {
      let found: (typeof rights)[number] | undefined;
      for (const each of rights)
        if (key !== null && each.ref === key && each.at <= at && (found === undefined || each.at >= found.at))
          found = each;
      return shown({ left: id, right: found?.text ?? null });
    });
    assert.deepEqual(rows, expected.sort());
  });

  test(`lookup join with what came last, ${name}: each tuple once`, TIMEOUT, async () => {
    const rows = await joinRows({ how: 'lookup' });
    assert.deepEqual(
      rows.map((row) => Number(row.split(' ')[0])).sort((a, b) => a - b),
      numbers,
    );
  });

  const passed = async (how: 'deduplicate' | 'both', ms: number): Promise<number[]> => {
    const job = await start(thinned, { params: { ...common, how, ms }, ...options });
    const [rows] = await Promise.all([tuplesOf(job.output('passed')), disturb(job as unknown as Job, 'thin')]);
    await job.done;
    await noThreadLeft();
    return (rows as ThinnedEvent[]).map(({ id }) => id).sort((a, b) => a - b);
  };

  test(`deduplicate and throttle, ${name}`, TIMEOUT, async () => {
    const ids = (list: readonly { id: number }[]): number[] => list.map(({ id }) => id).sort((a, b) => a - b);
    assert.deepEqual(await passed('deduplicate', 200), ids(deduplicated(events, 200)));
    assert.deepEqual(await passed('both', 300), ids(throttled(events, 300, 'both')));
  });
}
