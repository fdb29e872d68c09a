// Goal: a profile is of the thread that hosts the operator, names what it spends its time on, and is told of as missing, and never
// waited for, where there is none.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { spinning } from '../kit/flows/spinning.ts';
import { noThreadLeft, rejection, start, TIMEOUT, until } from '../kit/run-flow.ts';

afterEach(noThreadLeft);

const OPTIONS = { workers: 2, spares: 1, notices: false } as const;

type Profile = Awaited<ReturnType<Awaited<ReturnType<typeof spinning.run>>['profile']>>;

/** For which share of the samples a function was on the stack: what it calls may have a frame of its own, or none, as the engine likes. */
function shareOf({ nodes, samples = [] }: Profile, name: string): number {
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)));
  const names = new Map(nodes.map(({ id, callFrame }) => [id, callFrame.functionName]));
  const isIn = (id: number | undefined): boolean =>
    id !== undefined && (names.get(id) === name || isIn(parents.get(id)));
  return samples.filter(isIn).length / samples.length;
}

test('the closure that takes the time is what the profile shows, in its own thread only', TIMEOUT, async () => {
  const job = await start(spinning, { ...OPTIONS, params: {} });
  try {
    await until(() => job.reading().operators[1].tuplesIn > 0, 'tuples');
    const profile = await job.profile('busy', { ms: 500 });
    assert.ok(profile.endTime - profile.startTime >= 450_000, 'of the whole span');
    const share = shareOf(profile, 'spinForAWhile');
    assert.ok(share > 0.2, `${share} of the samples`);
    const workers = job.topology().operators.map(({ workers }) => workers.join());
    if (workers[0] !== workers[1]) {
      const other = await job.profile('numbers', { ms: 200 });
      assert.equal(shareOf(other, 'spinForAWhile'), 0);
    }
    const atOnce = await Promise.all([job.profile('busy', { ms: 30 }), job.profile('busy', { ms: 30, replica: 0 })]);
    for (const { nodes } of atOnce) assert.ok(nodes.length > 1);
    assert.ok((await job.profile('out', { ms: 20 })).nodes.length > 1, "of the app's thread");
  } finally {
    await job.cancel();
  }
});

test(
  'what is wrong is told: no such operator or replica, a bad span, a thread that ends, a job that has ended',
  TIMEOUT,
  async () => {
    const job = await start(spinning, { ...OPTIONS, params: {} });
    try {
      await rejection(job.profile('nothing'), 'UNKNOWN_NAME');
      await rejection(job.profile('busy', { replica: 7 }), 'UNKNOWN_NAME');
      await rejection(job.profile('busy', { ms: 0 }), 'BAD_OPTION');
      const profile = rejection(job.profile('busy', { ms: 20_000 }), 'PROFILE_FAILED');
      const [worker] = job.topology().operators.find(({ name }) => name === 'busy')?.workers ?? [];
      await job.killWorker(worker);
      assert.match((await profile).message, /operator 'busy' cannot be profiled: its thread ended meanwhile/);
    } finally {
      await job.cancel();
    }
    await rejection(job.profile('busy'), 'PROFILE_FAILED');
  },
);
