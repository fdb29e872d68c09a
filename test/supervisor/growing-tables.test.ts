// Goal: tables of many rows that grow, shrink and change owners end as they must, though the threads that are at it are killed, and
// though a whole state comes back from its backup.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import type { RunOptions } from '../../src/index.ts';
import { type GrowingParams, growing, keysLeft, noteOf } from '../kit/flows/growing.ts';
import { shortOrLong } from '../kit/long-form.ts';
import { noThreadLeft, start, TIMEOUT, until } from '../kit/run-flow.ts';

afterEach(noThreadLeft);

const keys = shortOrLong(60_000, 400_000);
const KILLS = 6;

async function run(options: Partial<RunOptions<GrowingParams>>, scales: boolean): Promise<void> {
  const job = await start(growing, { params: { keys }, workers: 2, ringBytes: 1 << 16, ...options });
  let isOver = false;
  void job.done
    .catch(() => {})
    .then(() => {
      isOver = true;
    });
  const seen = (): number => job.reading().operators.find(({ name }) => name === 'table')?.tuplesIn ?? 0;
  const disturbing = (async (): Promise<number> => {
    let kills = 0;
    for (; kills < KILLS && !isOver; kills++) {
      const at = (kills + 0.5) * ((2 * keys) / KILLS);
      await until(() => isOver || seen() >= at, `${at} tuples`, 40_000);
      if (isOver) break;
      if (scales && kills % 2 === 0) void job.scale('table', 1 + ((kills / 2 + 1) % 2)).catch(() => {});
      const host = job.workers().find(({ actors }) => actors.some(({ operator }) => operator === 'table'));
      if (host !== undefined) await job.killWorker(host.worker);
    }
    return kills;
  })();
  let again = 0;
  for await (const batch of job.output('again').batches()) {
    for (const { times } of batch) assert.equal(times, 2);
    again += batch.length;
  }
  const kills = await disturbing;
  await job.done;
  assert.ok(kills > 0, 'somebody was killed');
  assert.equal(again, keys);
  const left = new Set(keysLeft(keys));
  for await (const { key, value } of job.state('table').entries()) {
    assert.ok(left.delete(key.key as number), `key ${key.key} is left, or twice there`);
    assert.deepEqual({ ...value }, { times: 2, note: noteOf(key.key as number) });
  }
  assert.equal(left.size, 0);
}

test('workers die while a table grows and shrinks', TIMEOUT, () => run({}, false));

test('the same, while key groups change hands', TIMEOUT, () => run({}, true));

test('the same, and all rows come back from the backup each time', TIMEOUT, () =>
  run({ backup: { everyMs: 20, restore: 'always' } }, false),
);
