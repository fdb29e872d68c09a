// Goal: what the system refuses a job is told as an error of Millrace that says what to do, and ends no process.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type ChildOptions, runApp } from '../kit/child-app.ts';
import { TIMEOUT } from '../kit/run-flow.ts';

const APP = fileURLToPath(new URL('../kit/apps/refused-app.js', import.meta.url));

async function refusalOf(options: object, childOptions: ChildOptions, ...values: string[]): Promise<string> {
  const { code, stdout, stderr } = await runApp(APP, [JSON.stringify(options), ...values], childOptions);
  assert.equal(code, 0, stderr);
  return stdout;
}

const [major] = process.versions.node.split('.').map(Number);
const permission = major >= 23 ? '--permission' : '--experimental-permission';

test('WORKER_START: threads that are not permitted', TIMEOUT, async () => {
  const text = await refusalOf({ workers: 2 }, { nodeOptions: [permission, '--allow-fs-read=*'] });
  assert.match(text, /^MillraceError WORKER_START .*--allow-worker/);
});

const onLinux = { ...TIMEOUT, skip: process.platform !== 'linux' };

test('OUT_OF_MEMORY: address space for the state, which stateBytes lowers', onLinux, async () => {
  const limits = { ulimit: '-v 7000000', nodeOptions: ['--max-old-space-size=256'] };
  const text = await refusalOf({ workers: 1 }, limits);
  assert.match(text, /^MillraceError OUT_OF_MEMORY .*'(stateBytes|outboxBytes)'/);
  // Without such a limit in its way, the job comes to the failure of its own.
  const small = { workers: 1, stateBytes: 1 << 24, outboxBytes: 1 << 20 };
  assert.match(await refusalOf(small, limits), /^MillraceError OPERATOR_FAILED/);
});

test('WORKER_START: no descriptors left for a thread', onLinux, async () => {
  const text = await refusalOf({ workers: 3 }, { ulimit: '-n 80' }, '0');
  assert.match(text, /^MillraceError WORKER_START .*ulimit -n/);
});

/** Newer V8 ends the whole process where a thread's heap is exhausted as it starts: no library can tell of that. */
const endsProcess = Number(process.versions.node.split('.')[0]) > 20 && 'this Node.js ends the process';

test('WORKER_DIED: a worker whose memory limit is too small to start', { ...TIMEOUT, skip: endsProcess }, async () => {
  const text = await refusalOf({ workers: 1, resourceLimits: { maxOldGenerationSizeMb: 2 } }, {});
  assert.match(text, /^MillraceError WORKER_DIED .*resourceLimits/);
});
