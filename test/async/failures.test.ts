// Goal: what an awaited closure fails at is one tuple's failure, in whatever way it fails: a dead letter, or as the operator's policy
// says. A request that never settles holds up nobody but its operator, is no hang, and is aborted when its time is over.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildGraph } from '../../src/flow/dataflow.ts';
import { dataflow, type Job, type MillraceError, t } from '../../src/index.ts';
import { generate } from '../../src/sources.ts';
import {
  fails,
  type RequestParams,
  requests,
  SilenceCell,
  type SilenceParams,
  silence,
} from '../kit/flows/requests.ts';
import { armed } from '../kit/flows/traps.ts';
import { failureOf, noThreadLeft, start, TIMEOUT, thrown, tuplesOf, until } from '../kit/run-flow.ts';

const unhandled: unknown[] = [];
process.on('unhandledRejection', (reason) => unhandled.push(reason));

afterEach(async () => {
  await noThreadLeft();
  assert.deepEqual(unhandled, []);
});

const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

async function lettersOf(job: Job): Promise<{ operator: string; n: number; error: MillraceError }[]> {
  const letters: { operator: string; n: number; error: MillraceError }[] = [];
  for await (const { operator, tuple, error } of job.deadLetters) {
    letters.push({ operator, n: (tuple as { n: number }).n, error: error as MillraceError });
  }
  return letters;
}

for (const failsBy of ['rejecting', 'throwing', 'bad field', 'behind'] as const) {
  for (const more of [{}, { fuse: false }, { parallelism: 2, by: 'key' }] as const) {
    test(`each tenth fails by ${failsBy}, ${JSON.stringify(more)}: dead letters, and all others`, TIMEOUT, async () => {
      const count = 400;
      const params: RequestParams = { count, failing: 10, failsBy, capacity: 16, delayMs: 4, retries: 1, ...more };
      const job = await start(requests, { params, workers: 1 });
      const [tuples, letters] = await Promise.all([tuplesOf(job.output('out')), lettersOf(job as unknown as Job)]);
      await job.done;
      const kept = tuples.map(({ n }) => n).sort((a, b) => a - b);
      assert.deepEqual(
        kept,
        upTo(count).filter((n) => !fails(n, 10)),
      );
      const lost = letters.map(({ n }) => n).sort((a, b) => a - b);
      assert.deepEqual(
        lost,
        upTo(count).filter((n) => fails(n, 10)),
      );
      for (const { operator, error } of letters) {
        assert.equal(operator, failsBy === 'behind' ? 'behind' : 'ask');
        assert.equal(error.code ?? error.name, failsBy === 'bad field' ? 'BAD_VALUE' : 'RangeError');
      }
    });
  }
}

test("with failure 'stop' the job fails, and what came before is out", TIMEOUT, async () => {
  const params: RequestParams = { count: 1000, failing: 300, capacity: 50, delayMs: 3, failure: 'stop' };
  const { error, tuples } = await failureOf(requests, 'OPERATOR_FAILED', { params, workers: 1 }, 'out');
  assert.equal(error.details.operator, 'ask');
  assert.match(error.message, /no 299 here/);
  assert.deepEqual(
    tuples.map(({ n }) => n),
    upTo(299),
  );
});

for (const [misdeed, capacity, ordered] of [
  ['exit', 16, true],
  ['exit', 16, false],
  ['loop', 4, true],
  ['exit', 1, true],
] as const) {
  test(
    `a closure that ends its worker each time (${misdeed}, capacity ${capacity}): one dead letter`,
    TIMEOUT,
    async () => {
      const traps = [{ place: 'ask', at: 133, misdeed } as const];
      const params = armed<RequestParams>({ count: 400, capacity, ordered, delayMs: 3, traps });
      const job = await start(requests, { params, workers: 1, hangTimeoutMs: 400 });
      const [tuples, letters] = await Promise.all([tuplesOf(job.output('out')), lettersOf(job as unknown as Job)]);
      await job.done;
      const kept = tuples.map(({ n }) => n).sort((a, b) => a - b);
      assert.deepEqual(
        kept,
        upTo(400).filter((n) => n !== 133),
      );
      assert.deepEqual(
        letters.map(({ n, error }) => [n, error.code]),
        [[133, 'TUPLE_KILLED_WORKER']],
      );
    },
  );
}

for (const misdeed of ['exit', 'throw-later', 'reject', 'loop-later'] as const) {
  test(
    `a worker that is ended once by what comes after the first await (${misdeed}): nothing is lost`,
    TIMEOUT,
    async () => {
      const traps = [{ place: 'later', at: 133, misdeed, times: 1 } as const];
      const params = armed<RequestParams>({ count: 400, capacity: 16, delayMs: 3, traps });
      const job = await start(requests, { params, workers: 1, hangTimeoutMs: 400 });
      const tuples = await tuplesOf(job.output('out'));
      await job.done;
      assert.deepEqual(
        tuples.map(({ n }) => n),
        upTo(400),
      );
    },
  );
}

const shared = (): SharedArrayBuffer => new SharedArrayBuffer(64);

test(
  'requests that never settle time out, are aborted and tried again, and then are dead letters',
  TIMEOUT,
  async () => {
    for (const capacity of [1, 4, 256]) {
      const params: SilenceParams = { count: 40, silent: 5, capacity, timeoutMs: 20, retries: 1, seen: shared() };
      const job = (await start(silence, { params, workers: 1 })) as unknown as Job;
      const [tuples, letters] = await Promise.all([tuplesOf(job.output('out')), lettersOf(job as unknown as Job)]);
      await job.done;
      assert.deepEqual(
        tuples.map((tuple) => (tuple as { n: number }).n),
        upTo(40).filter((n) => !fails(n, 5)),
      );
      assert.deepEqual(
        letters.map(({ n }) => n),
        upTo(40).filter((n) => fails(n, 5)),
      );
      for (const { error } of letters) {
        assert.equal(error.code, 'ASYNC_TIMEOUT');
        assert.match(error.message, /attempt 2 of operator 'ask' at a tuple has not settled within 20 ms/);
      }
      assert.equal(new Int32Array(params.seen)[SilenceCell.aborted], 16);
    }
  },
);

for (const how of ['cancel', 'stop and cancel', 'killWorker and cancel'] as const) {
  test(`a request that never settles is no hang, and holds up no other operator; ${how}`, TIMEOUT, async () => {
    const params: SilenceParams = { count: 10_000, silent: 3, capacity: 4, seen: shared() };
    const cells = new Int32Array(params.seen);
    const job = (await start(silence, { params, workers: 1, hangTimeoutMs: 100 })) as unknown as Job;
    let crashes = 0;
    job.on('crash', () => {
      crashes++;
    });
    void tuplesOf(job.output('out')).catch(() => {});
    await until(() => cells[SilenceCell.beside] >= 5000, 'the other operator');
    await until(() => cells[SilenceCell.begun] === 6, 'capacity');
    await sleep(400);
    assert.equal(crashes, 0);
    assert.equal(cells[SilenceCell.begun], 6, 'no more than its capacity');
    if (how === 'killWorker and cancel') {
      await job.killWorker(0);
      await until(() => cells[SilenceCell.begun] === 10, 'the same four once more');
    }
    const stopping = how === 'stop and cancel' ? job.stop() : undefined;
    await sleep(50);
    await job.cancel();
    await Promise.allSettled([stopping, job.done]);
    assert.ok(cells[SilenceCell.aborted] >= 1, 'signals are aborted');
  });
}

test('mistakes in options are errors when the flow is declared', () => {
  const numbers = generate({ n: t.u32() }, (n) => ({ n }), { count: 1 });
  const build = (options: object, closure: unknown = async () => ({ n: 1 })) =>
    buildGraph(
      dataflow(import.meta.url, 'declared', (flow) =>
        flow
          .source('numbers', numbers)
          .mapAsync('ask', { n: t.u32() }, closure as never, options)
          .collect('out'),
      ),
      {},
    );
  build({});
  build({ capacity: 1, ordered: true, timeoutMs: 0.5, retries: 3, backoffMs: 0, failure: 'stop' });
  for (const bad of [
    { capacity: 0 },
    { capacity: 1.5 },
    { timeoutMs: 0 },
    { retries: -1 },
    { ordered: 'key' },
    { ordered: 'keys' },
  ]) {
    thrown(() => build(bad), 'BAD_OPTION');
  }
  for (const bad of [{ fuse: true }, { parallelism: 2 }, { concurrency: 4 }]) thrown(() => build(bad), 'BAD_OPTION');
  thrown(() => build({}, 'no function'), 'BAD_OPTION');
});
