// Goal: the rate limiter of examples/rate-limiter/ under HTTP load: as many requests are let through as there are tokens, to the last
// one, though workers die.

import assert from 'node:assert/strict';
import { Agent, get } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { ActorSystem, SystemOptions } from '../../src/index.ts';
import { ROOT, start } from '../kit/command.ts';
import { noThreadLeft, TIMEOUT } from '../kit/run-flow.ts';

interface Served {
  readonly system: ActorSystem;
  readonly port: number;
  close(): Promise<void>;
}

interface Limits {
  readonly burst: number;
  readonly perSecond: number;
  readonly now: () => number;
  readonly system: SystemOptions;
}

async function withLimiter(limits: Limits, run: (limiter: Served) => Promise<void>): Promise<void> {
  const module = (await import(pathToFileURL(join(ROOT, 'examples/rate-limiter/server.js')).href)) as {
    serve(port: number, limits: Limits): Promise<Served>;
  };
  const limiter = await module.serve(0, limits);
  try {
    await run(limiter);
  } finally {
    await limiter.close();
  }
  await noThreadLeft();
}

/** The status of a request, and the headers that clients go by. */
function request(port: number, user: string, agent?: Agent) {
  return new Promise<{ status: number; remaining: string; retryAfter: string | undefined }>((resolve, reject) => {
    const sent = get({ port, headers: { 'x-user': user }, ...(agent && { agent }) }, (response) => {
      response.resume();
      const { 'ratelimit-remaining': remaining, 'retry-after': retryAfter } = response.headers;
      response.on('end', () => resolve({ status: response.statusCode ?? 0, remaining: String(remaining), retryAfter }));
    });
    sent.on('error', reject);
  });
}

test('tokens come back with the time, and no more than there is room for', TIMEOUT, async () => {
  let nowMs = 1_000_000;
  const limits = { burst: 3, perSecond: 2, now: () => nowMs, system: { workers: 1, notices: false } };
  await withLimiter(limits, async ({ port }) => {
    const statuses = async (user: string, times: number): Promise<number[]> => {
      const found: number[] = [];
      for (let i = 0; i < times; i++) found.push((await request(port, user)).status);
      return found;
    };
    assert.deepEqual(await statuses('ann', 4), [200, 200, 200, 429]);
    assert.deepEqual(await request(port, 'ann'), { status: 429, remaining: '0', retryAfter: '1' });
    assert.deepEqual(await statuses('bob', 1), [200]);
    nowMs += 499;
    assert.deepEqual(await statuses('ann', 1), [429]);
    nowMs += 1;
    assert.deepEqual(await statuses('ann', 2), [200, 429]);
    nowMs += 60_000;
    assert.deepEqual(await statuses('ann', 4), [200, 200, 200, 429]);
    // A clock that goes back gives no tokens.
    nowMs -= 30_000;
    assert.deepEqual(await statuses('ann', 1), [429]);
  });
});

test('under load each token lets one request through, though workers die', TIMEOUT, async () => {
  const BURST = 60;
  const USERS = 10;
  const EACH = 150;
  const limits = { burst: BURST, perSecond: 0, now: () => 0, system: { workers: 2, notices: false } };
  await withLimiter(limits, async ({ port, system }) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 50 });
    const allowed = new Map<string, number>();
    const refused = new Map<string, number>();
    let answered = 0;
    const load = Array.from({ length: USERS * EACH }, async (_, i) => {
      const user = `user-${i % USERS}`;
      const { status } = await request(port, user, agent);
      answered++;
      assert.ok(status === 200 || status === 429, `status ${status}`);
      const counts = status === 200 ? allowed : refused;
      counts.set(user, (counts.get(user) ?? 0) + 1);
    });
    let kills = 0;
    const killing = (async () => {
      while (answered < (USERS * EACH) / 2) {
        await system.metrics();
        const active = system.job.workers().filter(({ state, actors }) => state === 'active' && actors.length > 0);
        await system.job.killWorker(active[kills++ % active.length].worker);
        const seen = answered;
        // The next one dies when requests have been answered since.
        while (answered < seen + 50 && answered < (USERS * EACH) / 2)
          await new Promise((resolve) => setTimeout(resolve, 5));
      }
    })();
    await Promise.all([...load, killing]);
    agent.destroy();
    assert.ok(kills > 0, 'somebody was killed');
    for (let i = 0; i < USERS; i++) {
      const user = `user-${i}`;
      assert.deepEqual([allowed.get(user), refused.get(user)], [BURST, EACH - BURST], user);
    }
  });
});

test('the server starts by one command', TIMEOUT, async () => {
  const running = start(join(ROOT, 'examples/rate-limiter/server.js'), ['0']);
  await running.seen('at most 5 requests per second and user on http://localhost:');
  running.interrupt();
  await running.done;
});
