// Goal: a reading says what share of a source has been read, if its end is known: from 0 to 1, never back, through crashes of the
// worker and with several replicas, and 1 at the end.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fed, type ProgressParams, progressing } from '../kit/flows/progress.ts';
import { operatorOf } from '../kit/readings.ts';
import { noThreadLeft, start, TIMEOUT, tuplesOf, until } from '../kit/run-flow.ts';
import { fileOf } from '../kit/temporary-files.ts';

afterEach(noThreadLeft);

const NEVER = -1;

/** @param dieAt the tuple at which the worker dies, once */
function cellsWith(dieAt = NEVER): Int32Array {
  const cells = new Int32Array(new SharedArrayBuffer(12));
  cells[1] = dieAt;
  return cells;
}

/** Runs the flow to its end; returns all progress that was seen on the way, and that of the end. */
async function seenOf(params: ProgressParams): Promise<{ seen: number[]; last: number | undefined; crashes: number }> {
  const job = await start(progressing, { params, workers: 2 });
  const seen: number[] = [];
  let crashes = 0;
  job.on('crash', () => crashes++);
  let isOver = false;
  const watch = async (): Promise<void> => {
    while (!isOver) {
      const { progress } = operatorOf(job, 'lines');
      if (progress !== undefined && progress !== seen.at(-1)) seen.push(progress);
      await sleep(1);
    }
  };
  const watching = watch();
  try {
    await Promise.all([tuplesOf(job.output('out')), job.done]);
  } finally {
    isOver = true;
    await watching;
  }
  return { seen, last: operatorOf(job, 'lines').progress, crashes };
}

function assertGrows(seen: readonly number[]): void {
  for (const [i, progress] of seen.entries()) {
    assert.ok(progress >= 0 && progress <= 1, `${progress}`);
    assert.ok(i === 0 || progress > seen[i - 1], `${progress} after ${seen[i - 1]}`);
  }
}

const LINES = Array.from({ length: 20_000 }, (_, i) => `line ${i} with a text behind it\n`).join('');

for (const [what, params] of Object.entries({
  'a file': { kind: 'file', path: fileOf(LINES) },
  'an array': { kind: 'array', count: 20_000 },
  'a count that three replicas share': { kind: 'generate', count: 20_001, ranges: 3 },
} as const))
  test(`${what}: it comes to 1 and never goes back, though the worker dies on the way`, TIMEOUT, async () => {
    const { seen, last, crashes } = await seenOf({ ...params, cells: cellsWith(15_000) });
    assert.equal(crashes, 1);
    assertGrows(seen);
    assert.equal(last, 1);
  });

test('on the way it is between 0 and 1, as far as the source has been read', TIMEOUT, async () => {
  const cells = cellsWith();
  const job = await start(progressing, {
    params: { kind: 'generate', count: 1_000_000, cells },
    workers: 1,
    spares: 0,
  });
  await until(() => Atomics.load(cells, 0) > 1000, 'tuples');
  Atomics.store(cells, 2, 1);
  await sleep(50);
  const { progress, tuplesOut } = operatorOf(job, 'lines');
  assert.ok(progress !== undefined && progress < 1);
  // What is read and not committed counts as well.
  assert.ok(progress >= tuplesOut / 1_000_000, `${progress} of ${tuplesOut}`);
  Atomics.store(cells, 2, 0);
  Atomics.notify(cells, 2);
  await job.cancel();
  await assert.rejects(job.done);
});

test('sources without an end have none, nor have operators that are no sources', TIMEOUT, async () => {
  const job = await start(progressing, { params: { kind: 'endless', cells: cellsWith() }, workers: 1, spares: 0 });
  await until(() => operatorOf(job, 'lines').tuplesOut > 0, 'tuples');
  assert.deepEqual(
    job.reading().operators.map(({ progress }) => progress),
    [undefined, undefined, undefined, undefined],
  );
  await job.cancel();
  await assert.rejects(job.done);
  const pushed = await start(fed, { workers: 1, spares: 0 });
  assert.equal(operatorOf(pushed, 'app').progress, undefined);
  pushed.input('app').end();
  await Promise.all([tuplesOf(pushed.output('out')), pushed.done]);
});

test('what a source of the app says: more done than there is, no end, and nonsense', TIMEOUT, async () => {
  const own = (says: unknown): ProgressParams => ({ kind: 'own', says, cells: cellsWith() });
  assert.equal((await seenOf(own({ done: 7, total: 3 }))).last, 1);
  for (const says of [undefined, { done: 1, total: Number.POSITIVE_INFINITY }])
    assert.equal((await seenOf(own(says))).last, undefined);
  for (const says of [null, 0.5, {}, { done: -1, total: 3 }, { done: Number.NaN, total: 3 }, { done: 1, total: '3' }])
    await assert.rejects(seenOf(own(says)), {
      code: 'SOURCE_CONTRACT',
      message: /progress\(\) of source 'lines' gave .*: return \{ done, total \}, two numbers/,
    });
});
