// Goal: on real threads the windows of generated items are those of a loop over all of them, and the late ones those that the order of
// each partition says: with two and four replicas, while these are scaled and rebalanced, and while workers are killed.
// MILLRACE_TEST_SEED=<seed> repeats the choices of who is killed and changed; when that happens is the machine's.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import type { Job } from '../../src/index.ts';
import { disturb } from '../kit/disturb.ts';
import { type WindowParams, windowed } from '../kit/flows/windows.ts';
import { noThreadLeft, start, tuplesOf } from '../kit/run-flow.ts';
import { randomOf } from '../kit/seeds.ts';
import { assertWindows } from '../kit/window-rows.ts';

const TIMEOUT = { timeout: 120_000 };
const seed = Number(process.env.MILLRACE_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));

afterEach(noThreadLeft);

const ITEMS = { count: 20_000, partitions: 4, keys: 40, seed: 7, jitterMs: 60, ratePerSecond: 25_000, replicas: 2 };

const CASES: Readonly<Record<string, Omit<WindowParams, 'items'>>> = {
  'tumbling windows, combined, corrected by what is late': {
    window: { kind: 'tumbling', sizeMs: 500, offsetMs: 0 },
    boundMs: 30,
    allowedMs: 10,
    parallelism: 2,
  },
  'sliding windows, not combined': {
    window: { kind: 'sliding', sizeMs: 900, everyMs: 300, offsetMs: 100 },
    boundMs: 40,
    combine: false,
    parallelism: 4,
  },
  'sessions, combined': { window: { kind: 'session', gapMs: 90 }, boundMs: 40, parallelism: 4 },
  'sessions with early results': {
    window: { kind: 'session', gapMs: 90 },
    boundMs: 40,
    emit: { everyMs: 15 },
    parallelism: 2,
  },
  'all items of sessions': { window: { kind: 'session', gapMs: 90 }, boundMs: 40, how: 'process', parallelism: 2 },
};

for (const [name, given] of Object.entries(CASES)) {
  test(`${name}, while replicas change and workers die`, TIMEOUT, async (context) => {
    context.diagnostic(`MILLRACE_TEST_SEED=${seed}`);
    const params: WindowParams = {
      ...given,
      items: ITEMS,
      parallelism: { start: given.parallelism as number, max: 4 },
    };
    const options = { params, workers: 2, maxWorkers: 3, supervision: { intensity: 1e6 } };
    const job = (await start(windowed, options)) as unknown as Job;
    const disturbing = disturb(job, randomOf(seed));
    const [rows, late] = await Promise.all([tuplesOf(job.output('out')), tuplesOf(job.output('late'))]);
    const times = await disturbing.stop();
    await job.done;
    assert.ok(times > 0);
    assertWindows(params, rows as Record<string, unknown>[], late as Record<string, unknown>[]);
  });
}
