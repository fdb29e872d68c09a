// Goal: what keeps a job from starting is what run() rejects with: a typed error, and no thread left.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { replacing } from '../../proof/explore/mutants/mutant.ts';
import { dataflow } from '../../src/index.ts';
import { OUTBOX_BYTES_MAX } from '../../src/mailbox/output.ts';
import { StallDetector } from '../../src/supervisor/job/stalls/stall-detector.ts';
import { type Difference, differs, hidden, throwsOnWorkers } from '../kit/flows/bad-modules.ts';
import { exitsOnImport } from '../kit/flows/exits-on-import.ts';
import { chain } from '../kit/flows/operators.ts';
import { runsOnImport } from '../kit/flows/runs-on-import.ts';
import { fromCsv, fromLines, manyReaders } from '../kit/flows/sources.ts';
import { throwsOnImport } from '../kit/flows/throws-on-import.ts';
import { noThreadLeft, rejection, start, TIMEOUT } from '../kit/run-flow.ts';

afterEach(noThreadLeft);

test('MODULE_IMPORT: a module that throws when a worker imports it', TIMEOUT, async () => {
  const error = await rejection(throwsOnImport.run({ workers: 2 }), 'MODULE_IMPORT');
  assert.equal(error.details.module, throwsOnImport.moduleUrl);
  assert.match(error.message, /this module does not like workers/);
  assert.match((error.cause as Error).message, /does not like workers/);
});

test('MODULE_IMPORT: a module that is not there', TIMEOUT, async () => {
  const url = pathToFileURL(join(tmpdir(), 'no-such-flow-module.js')).href;
  const missing = dataflow(url, 'missing', chain.build);
  const error = await rejection(missing.run({ params: { count: 1, fuse: true }, workers: 1 }), 'MODULE_IMPORT');
  assert.equal(error.details.module, url);
});

test('NO_FLOW: a module that does not export the flow, with the flows that it does export', TIMEOUT, async () => {
  assert.ok(hidden !== undefined);
  const error = await rejection(hidden.run({ workers: 1 }), 'NO_FLOW');
  assert.equal(error.details.flow, 'not-exported-on-a-worker');
  assert.deepEqual((error.details.found as string[]).sort(), ['differs', 'throws-on-workers']);
});

for (const by of ['operator', 'parallelism', 'fuse', 'state', 'schema'] as Difference[]) {
  test(`FLOW_DIFFERS: another ${by} on a worker than in the app`, TIMEOUT, async () => {
    const error = await rejection(differs.run({ params: { by }, workers: 1 }), 'FLOW_DIFFERS');
    assert.equal(error.details.flow, 'differs');
  });
}

test('a build function that throws on a worker: run() rejects with what it threw', TIMEOUT, async () => {
  await assert.rejects(throwsOnWorkers.run({ workers: 1 }), { name: 'TypeError', message: /no flow on thread/ });
});

test('RUN_IN_WORKER: run() at the top level of the flow module', TIMEOUT, async () => {
  const error = await rejection(runsOnImport.run({ workers: 1 }), 'RUN_IN_WORKER');
  assert.equal(error.details.flow, 'runs-on-import');
});

test('WORKER_DIED: a worker that ends while it imports the module', TIMEOUT, async () => {
  const error = await rejection(exitsOnImport.run({ workers: 2 }), 'WORKER_DIED');
  assert.equal(typeof error.details.worker, 'number');
});

test('INPUT_FILE: a file that is not there, or is a directory', TIMEOUT, async () => {
  const path = join(tmpdir(), 'no-such-file.txt');
  const lines = await rejection(fromLines.run({ params: { path }, workers: 1 }), 'INPUT_FILE');
  assert.equal(lines.details.path, path);
  const csv = await rejection(fromCsv.run({ params: { path }, workers: 1 }), 'INPUT_FILE');
  assert.equal(csv.details.path, path);
  const directory = await rejection(fromLines.run({ params: { path: tmpdir() }, workers: 1 }), 'INPUT_FILE');
  assert.equal(directory.details.path, tmpdir());
});

test('BAD_CSV: a header without a field, when the flow starts', TIMEOUT, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-start-'));
  const path = join(folder, 'a.csv');
  writeFileSync(path, 'id,nothing\n1,2\n');
  const error = await rejection(fromCsv.run({ params: { path, header: true }, workers: 1 }), 'BAD_CSV');
  rmSync(folder, { recursive: true });
  assert.equal(error.details.line, 1);
  assert.equal(error.details.field, 'name');
});

test('BAD_OPTION: options of run()', TIMEOUT, async () => {
  const odd: [string, object][] = [
    ['workers', { workers: 0 }],
    ['workers', { workers: 1.5 }],
    ['workers', { workers: '2' }],
    ['workers', { workers: Number.NaN }],
    ['workers', { workers: 100_000 }],
    ['ringBytes', { ringBytes: 100 }],
    ['ringBytes', { ringBytes: 2 ** 40 }],
    ['ringBytes', { ringBytes: '2 MiB' }],
    ['outboxBytes', { outboxBytes: -1 }],
    ['outboxBytes', { outboxBytes: 2 ** 50 }],
    ['stateBytes', { stateBytes: 0 }],
    ['stateBytes', { stateBytes: Number.POSITIVE_INFINITY }],
    ['lingerMs', { lingerMs: -1 }],
    ['lingerMs', { lingerMs: Number.NaN }],
    ['lingerMs', { lingerMs: 1e9 }],
    ['spares', { spares: -1 }],
    ['spares', { spares: 0.5 }],
    ['hangTimeoutMs', { hangTimeoutMs: -1 }],
    ['hangTimeoutMs', { hangTimeoutMs: 10 }],
    ['hangTimeoutMs', { hangTimeoutMs: Number.POSITIVE_INFINITY }],
    ['fenceTimeoutMs', { fenceTimeoutMs: 0 }],
    ['shutdownTimeoutMs', { shutdownTimeoutMs: -1 }],
    ['resourceLimits', { resourceLimits: 64 }],
    ['supervision', { supervision: 'one_for_all' }],
    ['supervision.strategy', { supervision: { strategy: 'some_for_some' } }],
    ['supervision.intensity', { supervision: { intensity: -1 } }],
    ['supervision.periodMs', { supervision: { periodMs: 0 } }],
    ['limit', { supervision: { limit: 3 } }],
    ['signal', { signal: 'now' }],
    ['worker', { worker: 2 }],
  ];
  for (const [option, options] of odd) {
    const error = await rejection(chain.run({ params: { count: 1, fuse: true }, ...options } as never), 'BAD_OPTION');
    assert.equal(error.details.option, option, error.message);
  }
  await rejection(chain.run(null as never), 'BAD_OPTION');
  await rejection(chain.run(5 as never), 'BAD_OPTION');
});

test('the largest values that are taken can also be deployed', TIMEOUT, async () => {
  const job = await start(chain, {
    params: { count: 1, fuse: true },
    workers: 1,
    outboxBytes: OUTBOX_BYTES_MAX,
    lingerMs: 1,
  });
  await job.done;
});

test('BAD_OPTION: params that cannot be cloned', TIMEOUT, async () => {
  for (const params of [{ count: 1, fuse: () => true }, { count: Symbol('one') }, new WeakMap()]) {
    const error = await rejection(chain.run({ params: params as never, workers: 1 }), 'BAD_OPTION');
    assert.equal(error.details.option, 'params');
  }
});

test('READER_SLOTS: more readers of one stream than a ring has slots', TIMEOUT, async () => {
  const error = await rejection(manyReaders.run({ workers: 1 }), 'READER_SLOTS');
  assert.equal(error.details.operator, 'numbers');
});

test(
  'a mistake of the library between the start of the threads and that of the actors: run() rejects with it',
  TIMEOUT,
  async () => {
    const restore = replacing<object, [], never>(StallDetector.prototype, 'start', () => () => {
      throw new TypeError('nobody has thought of this');
    })();
    try {
      await assert.rejects(chain.run({ params: { count: 1, fuse: true }, workers: 2 }), {
        message: 'nobody has thought of this',
      });
    } finally {
      restore();
    }
  },
);
