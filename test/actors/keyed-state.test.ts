// Goal: state belongs to its key, whatever the key's type; fields of every type and tables keep what was written; and each
// key group has exactly one owner.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { initialOwner } from '../../src/flow/plan.ts';
import { KEY_GROUPS } from '../../src/mailbox/hash.ts';
import {
  countByKind,
  type KeyKind,
  keyOf,
  runningSums,
  type SessionSummary,
  sessions,
} from '../kit/flows/operators.ts';
import { LocalJob } from '../kit/local-run.ts';
import { noThreadLeft, resultOf, TIMEOUT } from '../kit/run-flow.ts';

afterEach(noThreadLeft);

const KINDS: KeyKind[] = ['u8', 'i32', 'u32', 'f64', 'bool', 'timestamp', 'string', 'dictionary'];

/** NaN and -0 are one value each as keys, as in a Map. */
function countsByLoop(kind: KeyKind, pair: boolean, count: number, keys: number): Map<unknown, Map<string, number>> {
  const counts = new Map<unknown, Map<string, number>>();
  for (let n = 0; n < count; n++) {
    const key = keyOf(kind, n % keys);
    const tag = pair ? `t${n % 3}` : '';
    const tags = counts.get(key) ?? new Map<string, number>();
    counts.set(key, tags);
    tags.set(tag, (tags.get(tag) ?? 0) + 1);
  }
  return counts;
}

function highest(tuples: readonly Record<string, unknown>[], pair: boolean): Map<unknown, Map<string, number>> {
  const counts = new Map<unknown, Map<string, number>>();
  for (const { key, tag, count } of tuples) {
    const tags = counts.get(key) ?? new Map<string, number>();
    counts.set(key, tags);
    const name = pair ? (tag as string) : '';
    tags.set(name, Math.max(tags.get(name) ?? 0, count as number));
  }
  return counts;
}

for (const kind of KINDS) {
  for (const pair of [false, true]) {
    test(
      `counts by ${kind}${pair ? ' and a second key' : ''} are those of a Map, with 1 and 3 replicas`,
      TIMEOUT,
      () => {
        const count = 4000;
        const keys = 200;
        for (const parallelism of [1, 3]) {
          const job = LocalJob.of(countByKind, { params: { kind, pair, count, keys, parallelism }, workers: 2 });
          job.run(roundRobin());
          const tuples = job.tuples.get('counts') ?? [];
          assert.equal(tuples.length, count);
          assert.deepEqual(highest(tuples, pair), countsByLoop(kind, pair, count, keys));
        }
      },
    );
  }
}

function roundRobin(): (count: number) => number {
  let turn = 0;
  return (count) => turn++ % count;
}

for (const kind of ['string', 'dictionary'] as const) {
  test(`${kind} keys across threads`, TIMEOUT, async () => {
    const params = { kind, pair: false, count: 30_000, keys: 5000, parallelism: 2 };
    const tuples = await resultOf(countByKind, 'counts', { params, workers: 2 });
    assert.deepEqual(highest(tuples, false), countsByLoop(kind, false, params.count, params.keys));
  });
}

interface Session extends Omit<SessionSummary, 'pages' | 'moves'> {
  pages: Map<number, [number, string]>;
  moves: Map<string, number>;
}

function sessionsByLoop(count: number): Map<string, Session> {
  const found = new Map<string, Session>();
  for (let n = 0; n < count; n++) {
    const user = `user-${n % 17}`;
    const page = (n * 7) % 23;
    const before = found.get(user);
    const moves = before?.moves ?? new Map<string, number>();
    const pages = before?.pages ?? new Map<number, [number, string]>();
    if (before !== undefined)
      moves.set(`${before.lastPage},${page}`, (moves.get(`${before.lastPage},${page}`) ?? 0) + 1);
    const hits = (pages.get(page)?.[0] ?? 0) + 1;
    pages.set(page, [hits, `page ${page} seen ${hits} times`]);
    if (n % 11 === 0) pages.delete((page + 1) % 23);
    if (n % 101 === 0) moves.clear();
    found.set(user, {
      views: (before?.views ?? 0) + 1,
      lastPage: page,
      path: `${before?.path ?? ''}/${page}`.slice(-40),
      big: n > 1000,
      facts: [n, page],
      raw: [n & 255, page],
      pages,
      moves,
    });
  }
  return found;
}

for (const parallelism of [1, 4]) {
  test(`fields of every type and two tables end as in a plain loop, with ${parallelism} replicas`, TIMEOUT, () => {
    const count = 6000;
    const job = LocalJob.of(sessions, { params: { count, parallelism }, workers: 2 });
    job.run(roundRobin());
    const found = new Map<string, Session>();
    for (const { user, summary } of job.tuples.get('summaries') as { user: string; summary: SessionSummary }[]) {
      assert.ok(!found.has(user));
      found.set(user, {
        ...summary,
        pages: new Map(summary.pages.map(([page, hits, title]) => [page, [hits, title]])),
        moves: new Map(summary.moves.map(([from, to, times]) => [`${from},${to}`, times])),
      });
    }
    assert.deepEqual(found, sessionsByLoop(count));
  });
}

test('every key group has one owner, and owners have nearly equal shares', () => {
  for (let parallelism = 1; parallelism <= 64; parallelism++) {
    const shares = new Array<number>(parallelism).fill(0);
    for (let group = 0; group < KEY_GROUPS; group++) shares[initialOwner(group, parallelism)]++;
    assert.equal(shares.length, parallelism);
    assert.ok(Math.max(...shares) - Math.min(...shares) <= 1, `shares of ${parallelism}: ${shares}`);
  }
});

test('keys spread over replicas evenly', TIMEOUT, () => {
  const params = { count: 8000, keys: 8000, parallelism: 4 };
  const job = LocalJob.of(runningSums, { params, workers: 1 });
  job.run(roundRobin());
  const shares = [0, 1, 2, 3].map((replica) => job.actor('sum', replica).vitals.read().tuplesIn);
  assert.equal(
    shares.reduce((sum, share) => sum + share, 0),
    params.count,
  );
  for (const share of shares) assert.ok(share > 1600 && share < 2400, `shares: ${shares}`);
});
