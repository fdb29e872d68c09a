// Goal: nothing of a job that has ended is kept: no memory, address space, thread, descriptor or listener, whatever its end was.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runApp } from '../kit/child-app.ts';
import { shortOrLong } from '../kit/long-form.ts';

const APP = fileURLToPath(new URL('../kit/apps/many-jobs.js', import.meta.url));
const JOBS = shortOrLong(44, 200);
const WARM = shortOrLong(20, 50);

test(`${JOBS} jobs in one process leave what ${WARM} have left`, { timeout: 900_000 }, async () => {
  const { code, stdout, stderr } = await runApp(APP, [String(JOBS), String(WARM)], { nodeOptions: ['--expose-gc'] });
  assert.equal(code, 0, stderr);
  const [warm, last] = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, number>);
  const grown = (name: string): number => last[name] - warm[name];
  // The last one may still be held by the stack. The app itself keeps all promises `done`.
  assert.ok(last.jobs <= 1, `${last.jobs} jobs are still in memory`);
  // A job that is kept holds 4 MiB of buffers and 9 GiB of address space: 24 jobs more than two of the limits below, 150 far
  // more than all. The allocator keeps some memory for each thread.
  assert.ok(grown('rssMiB') < 250, `resident memory has grown by ${grown('rssMiB')} MiB`);
  assert.ok(grown('arrayBuffersMiB') < 10, `buffers have grown by ${grown('arrayBuffersMiB')} MiB`);
  assert.equal(grown('listeners'), 0);
  assert.ok(grown('resources') <= 0, `${grown('resources')} more resources are active`);
  if (last.addressSpaceMiB === undefined) return;
  assert.ok(grown('addressSpaceMiB') < 20_000, `address space has grown by ${grown('addressSpaceMiB')} MiB`);
  assert.ok(grown('threads') <= 1, `${grown('threads')} more threads`);
  assert.ok(grown('descriptors') <= 2, `${grown('descriptors')} more descriptors`);
});
