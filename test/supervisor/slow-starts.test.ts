// Goal: an import, or an open(), that does not end fails the start with what is being waited for, and leaves no thread.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import type { Job } from '../../src/index.ts';
import { neverStarts, STUCK_AT, type StuckAt, startsAtOnce } from '../kit/flows/never-starts.ts';
import { noThreadLeft, rejection, start, TIMEOUT, until } from '../kit/run-flow.ts';

afterEach(async () => {
  delete process.env[STUCK_AT];
  await noThreadLeft();
});

// A worker on a busy machine takes long to import what ends.
const LIMIT_MS = 6000;
const newCells = (): Int32Array => new Int32Array(new SharedArrayBuffer(8));
const paramsOf = (cells: Int32Array) => ({ cells: cells.buffer as SharedArrayBuffer });

/** @param limitMs of what never ends any limit will do */
function failsAt(place: StuckAt, limitMs: number): Promise<Awaited<ReturnType<typeof rejection>>> {
  process.env[STUCK_AT] = place;
  const options = { params: paramsOf(newCells()), workers: 1, spares: 0, shutdownTimeoutMs: 100 };
  // Only the limit of the start may end a thread here.
  return rejection(neverStarts.run({ ...options, startTimeoutMs: limitMs, hangTimeoutMs: 0 }), 'START_TIMEOUT');
}

for (const place of ['import', 'import-loop'] as const) {
  test(`START_TIMEOUT: ${place} of a module that does not end`, TIMEOUT, async () => {
    const limitMs = 1500;
    const { details, message } = await failsAt(place, limitMs);
    assert.deepEqual(details, { phase: 'import', module: neverStarts.moduleUrl, worker: 0, limitMs });
    assert.match(message, /startTimeoutMs/);
  });
}

for (const [place, operator] of [
  ['source', 'waiting'],
  ['sink', 'out'],
] as const) {
  test(`START_TIMEOUT: open() of a ${place} that does not end`, TIMEOUT, async () => {
    const { details, message } = await failsAt(place, LIMIT_MS);
    assert.deepEqual(details, { phase: 'open', operator, operators: [operator], worker: 0, limitMs: LIMIT_MS });
    assert.match(message, new RegExp(`${place} '${operator}'.*startTimeoutMs`));
  });
}

test('START_TIMEOUT: a source that does not open again after a crash fails its job', TIMEOUT, async () => {
  const cells = newCells();
  const job = (await start(neverStarts, {
    params: paramsOf(cells),
    workers: 1,
    // A spare has as long, and its module is imported on a busy machine.
    startTimeoutMs: 10_000,
  })) as unknown as Job;
  Atomics.store(cells, 1, 1);
  await job.killWorker(0);
  const { details } = await rejection(job.done, 'START_TIMEOUT');
  assert.equal(details.operator, 'waiting');
  assert.equal(details.phase, 'open');
});

test('a spare that does not come to its end of the import is told, and the job goes on', TIMEOUT, async () => {
  const job = (await start(startsAtOnce, { workers: 1, startTimeoutMs: 10_000 })) as unknown as Job;
  process.env[STUCK_AT] = 'import';
  let failure: Error | undefined;
  job.on(
    'spareFailed',
    (event) => {
      failure ??= event.error;
    },
    { past: true },
  );
  await until(() => failure !== undefined, 'a spare that fails', 40_000);
  await rejection(Promise.reject(failure), 'START_TIMEOUT');
  await job.cancel();
});
