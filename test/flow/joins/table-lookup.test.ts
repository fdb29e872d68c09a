// Goal: every tuple meets a table that is complete and the same on every replica, also on new ones and after crashes; each tuple once.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeadLetter, Job } from '../../../src/index.ts';
import { testOperator } from '../../../src/testing.ts';
import { lookedUp } from '../../kit/flows/looked-up.ts';
import { noThreadLeft, start, TIMEOUT, tuplesOf } from '../../kit/run-flow.ts';

const COUNT = 1500;
const IDS = 40;

interface Named {
  readonly n: number;
  readonly id: number | null;
  readonly version: string | null;
}

async function namedOf(
  params: Partial<Parameters<typeof lookedUp.run>[0]> & Record<string, unknown>,
  disturb: (job: Job) => Promise<void> = async () => {},
): Promise<Named[]> {
  const all = { count: COUNT, rows: 2 * IDS, ...params } as never;
  const job = await start(lookedUp, { params: all, workers: 2, ringBytes: 4096 });
  const letters = (async () => {
    const found: DeadLetter[] = [];
    for await (const letter of job.deadLetters) found.push(letter);
    return found;
  })();
  const [tuples] = await Promise.all([tuplesOf(job.output('out')), disturb(job as unknown as Job)]);
  await job.done;
  // Each fact of id 13 has one of its own, and nothing else has.
  for (const { error } of await letters) assert.equal(error.message, 'bad luck', `${error}`);
  await noThreadLeft();
  return (tuples as Named[]).sort((a, b) => a.n - b.n);
}

/** Each fact once, with a row if its id has one; all of an id with the same. */
function assertNamed(found: readonly Named[]): void {
  const ids = Array.from({ length: COUNT }, (_, n) => (n % 10 === 9 ? null : n % IDS));
  const expected = ids.flatMap((id, n) => (id === 13 ? [] : [{ n, id, hasRow: id !== null && id % 7 !== 0 }]));
  assert.deepEqual(
    found.map(({ n, id, version }) => ({ n, id, hasRow: version !== null })),
    expected,
  );
  const versions = new Map(found.map(({ id, version }) => [id, version]));
  for (const { id, version } of found) assert.equal(version, versions.get(id));
}

for (const isTimed of [false, true]) {
  const name = isTimed ? 'with event time' : 'without event time';

  for (const parallelism of [1, 3])
    test(`${parallelism} replicas, ${name}`, TIMEOUT, async () => assertNamed(await namedOf({ parallelism, isTimed })));

  test(`replicas that come and go, ${name}`, TIMEOUT, async () => {
    const disturb = async (job: Job): Promise<void> => {
      for (const replicas of [4, 1, 3]) await job.scale('named', replicas);
    };
    assertNamed(await namedOf({ parallelism: { start: 1, max: 4 }, isTimed }, disturb));
  });

  test(`workers killed, ${name}`, TIMEOUT, async () => {
    const disturb = async (job: Job): Promise<void> => {
      for (let kills = 0; kills < 3; ) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        const host = job.workers().find(({ actors }) => actors.length > 0);
        if (host !== undefined) await job.killWorker(host.worker).then(() => kills++);
      }
    };
    assertNamed(await namedOf({ parallelism: 2, isTimed }, disturb));
  });

  test(`an empty table, ${name}`, TIMEOUT, async () => {
    const found = await namedOf({ rows: 0, parallelism: 2, isTimed });
    assert.equal(found.length, COUNT);
    assert.ok(found.every(({ version }) => version === null));
  });
}

test('a share that gets its first tuple when the table is complete, in the same actor', () => {
  const named = testOperator<never, Named>(lookedUp, 'named', {
    params: { count: 0, rows: 2 * IDS },
    alone: true,
    rollback: false,
    restore: false,
  });
  const facts = named.input<{ n: number; ref: number; at: number; $share: number }>('left');
  const rows = named.input<{ id: number; version: string; $share: number }>('right');
  for (const share of [1, 2]) rows.feed({ id: 5, version: 'v', $share: share }, { at: 0 });
  facts.feed({ n: 0, ref: 5, at: 0, $share: 1 });
  assert.deepEqual(named.emitted(), []);
  rows.end();
  assert.deepEqual(named.emitted(), [{ n: 0, id: 5, version: 'v' }]);
  for (const share of [1, 2, 3]) facts.feed({ n: share, ref: 5, at: 0, $share: share });
  assert.deepEqual(named.emitted(), [
    { n: 1, id: 5, version: 'v' },
    { n: 2, id: 5, version: 'v' },
    { n: 3, id: 5, version: null },
  ]);
});

test('without waiting, each tuple comes out once, with what there is', TIMEOUT, async () => {
  const found = await namedOf({ parallelism: 2, wait: false });
  assert.equal(
    found.length,
    Array.from({ length: COUNT }, (_, n) => n).filter((n) => n % 10 === 9 || n % IDS !== 13).length,
  );
});
