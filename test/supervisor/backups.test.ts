// Goal: an actor restored from its backup goes on as if nothing had happened: no output twice, none lost, its state that of the
// inputs that it had read; and the live image is taken only if it is sound.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Backup, type BackupStore, type Job, memoryBackup } from '../../src/index.ts';
import { GROUP_ROOT, groupHeader } from '../../src/state/memory/arena.ts';
import { type EventLog, judge, runCrashing } from '../kit/crash-oracle.ts';
import { type CrashingParams, crashing } from '../kit/flows/crashing.ts';
import { armed } from '../kit/flows/traps.ts';
import { rosterOf } from '../kit/roster-of.ts';
import { noThreadLeft, rejection, start, TIMEOUT, until } from '../kit/run-flow.ts';

afterEach(noThreadLeft);

/** Kills the worker that hosts `count`, and waits until it has committed again. */
async function killCount(job: Job, events: EventLog): Promise<void> {
  const recoveredBefore = events.of('recovered').length;
  const host = job.workers().find(({ actors }) => actors.some(({ operator }) => operator === 'count'));
  if (host === undefined) return;
  await job.killWorker(host.worker);
  await until(
    () => events.of('recovered').length > recoveredBefore || job.deadLetters === undefined,
    'a recovery',
    10_000,
  );
}

/** A store that counts. */
class SpiedStore implements BackupStore {
  readonly inner = memoryBackup();
  writes = 0;
  reads = 0;
  failing = false;

  write(actor: string, backup: Backup): void {
    this.writes++;
    if (this.failing) throw new Error('the disk is full');
    this.inner.write(actor, backup);
  }

  read(actor: string): ReturnType<BackupStore['read']> {
    this.reads++;
    return this.inner.read(actor);
  }

  remove(actor: string): void {
    this.inner.remove(actor);
  }
}

const slow = { count: 8000, ratePerSecond: 10_000, keys: 50 };

for (const parallelism of [1, 3]) {
  test(
    `restored from backups again and again, ${parallelism} replicas: nothing lost, nothing twice`,
    TIMEOUT,
    async () => {
      const store = new SpiedStore();
      const backup = { everyMs: 20, restore: 'always', store } as const;
      const run = await runCrashing({ ...slow, parallelism, removeEvery: 7 }, { backup }, async (job, events) => {
        for (let i = 0; i < 3; i++) {
          await sleep(100);
          await killCount(job, events);
        }
      });
      judge(run);
      assert.ok(store.reads >= 3, `${store.reads} restores`);
      assert.ok(store.writes >= 3, `${store.writes} backups`);
    },
  );
}

test('without any backup yet, all that was read is read again', TIMEOUT, async () => {
  const backup = { everyMs: 1e6, restore: 'always' } as const;
  const run = await runCrashing(slow, { backup, ringBytes: 1 << 24 }, async (job, events) => {
    await sleep(300);
    await killCount(job, events);
  });
  judge(run);
});

test('a live image that is sound is taken as it is', TIMEOUT, async () => {
  const store = new SpiedStore();
  const run = await runCrashing(slow, { backup: { everyMs: 20, store } }, async (job, events) => {
    await sleep(200);
    await killCount(job, events);
  });
  judge(run);
  assert.equal(store.reads, 0);
});

/** Breaks a table of `count` while nobody owns it. */
function damage(job: Job): void {
  const roster = rosterOf(job);
  const memory = roster.of(roster.stageNamed('count'))[0].descriptor.transaction;
  assert.ok(memory);
  for (const arena of memory.arenas) {
    const i32 = new Int32Array(arena, 0, 1 << 13);
    for (let group = 0; group < 256; group++) {
      // Also of groups without rows: of those that the dead batch has touched, a rollback brings the root back.
      i32[groupHeader(group) + GROUP_ROOT] = 2 ** 30;
    }
  }
}

test('a live image that is damaged is replaced by the backup', TIMEOUT, async () => {
  const store = new SpiedStore();
  const run = await runCrashing(slow, { backup: { everyMs: 20, store } }, async (job, events) => {
    await sleep(200);
    let isDamaged = false;
    // Listeners are called between the death and the adoption.
    job.on('crash', () => {
      if (!isDamaged) damage(job);
      isDamaged = true;
    });
    await killCount(job, events);
  });
  judge(run);
  assert.ok(store.reads > 0);
  const reasons = run.events.of('crash').map(({ report }) => (report.reason as { code?: string }).code);
  assert.deepEqual(reasons, ['WORKER_KILLED', 'STATE_DAMAGED']);
});

test('a damaged image without a backup fails the job', TIMEOUT, async () => {
  const job = (await start(crashing, { params: armed<CrashingParams>(slow), workers: 2 })) as unknown as Job;
  job.on('crash', () => damage(job));
  await sleep(150);
  const host = job.workers().find(({ actors }) => actors.some(({ operator }) => operator === 'count'));
  await job.killWorker(host?.worker as number);
  const error = await rejection(job.done, 'STATE_DAMAGED');
  assert.equal(error.details.operator, 'count');
});

test('what was a dead letter before the crash is none again in the replay', TIMEOUT, async () => {
  const traps = [{ place: 'count', at: 100, every: 250, misdeed: 'throw' }] as const;
  const backup = { everyMs: 1e6, restore: 'always' } as const;
  const run = await runCrashing({ ...slow, traps }, { backup, ringBytes: 1 << 24 }, async (job, events) => {
    await sleep(400);
    await killCount(job, events);
  });
  judge(run, { count: Array.from({ length: 32 }, (_, i) => 100 + 250 * i).filter((n) => n < slow.count) });
});

test('a tuple that kills its worker is condemned, though each restore commits', TIMEOUT, async () => {
  const traps = [{ place: 'count', at: 1500, misdeed: 'exit' }] as const;
  const run = await runCrashing({ traps }, { backup: { everyMs: 10, restore: 'always' } });
  judge(run, { count: [1500] });
  assert.equal(run.events.of('crash').length, 3);
});

test('a crash in end closures, with many keys and little room: each key ends once', TIMEOUT, async () => {
  const traps = [{ place: 'end', at: 700, misdeed: 'exit', times: 1 }] as const;
  const run = await runCrashing(
    { count: 3000, keys: 1500, padding: 50, traps },
    { backup: { everyMs: 10, restore: 'always' }, ringBytes: 1 << 13 },
  );
  judge(run);
});

test('a ring that is held back for a backup does not stop the stream', TIMEOUT, async () => {
  const store = new SpiedStore();
  const run = await runCrashing({ count: 50_000, keys: 50 }, { backup: { everyMs: 1e6, store }, ringBytes: 1 << 14 });
  judge(run);
  assert.ok(store.writes > 1, `${store.writes} backups, though none was due`);
});

test('a store that fails is told, and costs nothing but backups', TIMEOUT, async () => {
  const store = new SpiedStore();
  store.failing = true;
  const run = await runCrashing(slow, { backup: { everyMs: 20, store } }, async () => {
    await sleep(200);
    store.failing = false;
  });
  judge(run);
  const failures = run.events.of('backupFailed');
  assert.ok(failures.length > 0);
  assert.equal(failures[0].operator, 'count');
  assert.match(failures[0].error.message, /disk is full/);
});
