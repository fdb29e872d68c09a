// Goal: replicas behind ordered() work side by side, and what comes out is what a plain loop makes, in its order: whatever the chain,
// the size of rings and frames, the order of steps, crashes and changes of replicas. Of several partitions each keeps its order.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { buildGraph } from '../../src/flow/dataflow.ts';
import { planOf } from '../../src/flow/plan.ts';
import type { Job } from '../../src/index.ts';
import { runs } from '../kit/arbitraries.ts';
import {
  answering,
  expectedOf,
  type OrderedParams,
  ordered,
  refused,
  type Step,
  sides,
  timed,
} from '../kit/flows/ordered.ts';
import { LocalJob } from '../kit/local-run.ts';
import { noThreadLeft, resultOf, start, TIMEOUT, thrown, tuplesOf } from '../kit/run-flow.ts';
import { randomOf } from '../kit/seeds.ts';

const numbersOf = (tuples: Iterable<unknown>): number[] => Array.from(tuples, (tuple) => (tuple as { n: number }).n);

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('map' as const), add: fc.nat(9) }),
  fc.record({ kind: fc.constant('filter' as const), modulus: fc.integer({ min: 1, max: 7 }) }),
  fc.record({ kind: fc.constant('flatMap' as const), times: fc.integer({ min: 1, max: 4 }) }),
);

const cases: fc.Arbitrary<OrderedParams> = fc.record({
  count: fc.integer({ min: 0, max: 900 }),
  stages: fc.array(fc.array(step, { minLength: 1, maxLength: 3 }), { maxLength: 2 }),
  parallelism: fc.integer({ min: 2, max: 5 }),
  textBytes: fc.constantFrom(0, 0, 30, 900),
  poisonEvery: fc.constantFrom(0, 0, 40),
});

test('what comes out is what a plain loop makes, in its order', TIMEOUT, () => {
  fc.assert(
    fc.property(
      cases,
      fc.nat(),
      fc.constantFrom(4096, 8192, 65536),
      fc.constantFrom(0, 3),
      (params, seed, ringBytes, lingerMs) => {
        const job = LocalJob.of(ordered, { params, ringBytes, lingerMs, workers: 1 }, { parks: true });
        job.run(randomOf(seed));
        assert.deepEqual(numbersOf(job.tuples.get('out') ?? []), expectedOf(params));
        const poisoned =
          params.poisonEvery === 0 ? 0 : Array.from({ length: params.count }).filter((_, n) => n % 40 === 1).length;
        assert.equal(job.letters.length, poisoned);
      },
    ),
    runs(60),
  );
});

test('on threads, while workers are killed', TIMEOUT, async () => {
  const params: OrderedParams = {
    count: 200_000,
    stages: [[{ kind: 'flatMap', times: 2 }], [{ kind: 'filter', modulus: 3 }]],
    parallelism: 4,
  };
  const job = (await start(ordered, { params, workers: 3, ringBytes: 1 << 14 })) as unknown as Job;
  const killing = (async () => {
    for (let worker = 0; worker < 3; worker++) await job.killWorker(worker).catch(() => {});
  })();
  assert.deepEqual(numbersOf(await tuplesOf(job.output('out'))), expectedOf(params));
  await killing;
  await job.done;
  await noThreadLeft();
});

test('on threads, while the number of replicas changes', TIMEOUT, async () => {
  const params: OrderedParams = {
    count: 200_000,
    stages: [[{ kind: 'map', add: 1 }]],
    parallelism: { max: 4, start: 1 },
  };
  const job = (await start(ordered, { params, workers: 2, ringBytes: 1 << 14 })) as unknown as Job;
  let isOver = false;
  let changes = 0;
  const changing = (async () => {
    for (let replicas = 3; !isOver; replicas = 1 + ((replicas + 1) % 4)) {
      // At the end of the stream it is too late.
      await job.scale('check', replicas).then(
        () => changes++,
        () => {},
      );
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  const came = numbersOf(await tuplesOf(job.output('out')));
  isOver = true;
  assert.deepEqual(came, expectedOf(params));
  await changing;
  await job.done;
  assert.ok(changes > 0);
  await noThreadLeft();
});

test(
  'the slow tuples of one replica hold the others up, and nothing stands still, in the smallest rings',
  TIMEOUT,
  async () => {
    const params: OrderedParams = {
      count: 3000,
      stages: [],
      parallelism: 4,
      slow: { of: 100, is: 7, ms: 5 },
      textBytes: 500,
    };
    const came = await resultOf(ordered, 'out', { params, workers: 2, ringBytes: 4096 });
    assert.deepEqual(numbersOf(came), expectedOf(params));
    await noThreadLeft();
  },
);

test('a tuple comes out when it is made, though nothing comes behind it', TIMEOUT, async () => {
  const job = (await start(answering, { workers: 2 })) as unknown as Job;
  const input = job.input('numbers');
  const output = job.output('out')[Symbol.asyncIterator]();
  for (let n = 0; n < 20; n++) {
    await input.push({ n });
    assert.deepEqual((await output.next()).value, { n: n * 2 });
  }
  input.end();
  assert.equal((await output.next()).done, true);
  await job.done;
  await noThreadLeft();
});

test('of several partitions each keeps its order, and of all none is lost', TIMEOUT, async () => {
  const params: OrderedParams = { count: 40_000, partitions: 5, sourceReplicas: 2, stages: [], parallelism: 3 };
  const came = numbersOf(await resultOf(ordered, 'out', { params, workers: 2, ringBytes: 1 << 14 }));
  assert.equal(came.length, params.count);
  for (let partition = 0; partition < 5; partition++) {
    const expected = Array.from({ length: params.count }, (_, n) => n).filter((n) => n % 5 === partition);
    assert.deepEqual(
      came.filter((n) => n % 5 === partition),
      expected,
    );
  }
  await noThreadLeft();
});

test('several outputs keep the order, each', () => {
  const job = LocalJob.of(sides, { params: { count: 700 }, ringBytes: 4096, workers: 1 }, { parks: true });
  job.run(randomOf(5));
  const all = Array.from({ length: 700 }, (_, n) => n);
  assert.deepEqual(
    numbersOf(job.tuples.get('even-out') ?? []),
    all.filter((n) => n % 2 === 0),
  );
  assert.deepEqual(
    numbersOf(job.tuples.get('few-out') ?? []),
    all.filter((n) => n % 10 === 1),
  );
});

test('event time goes through: windows behind the replicas are those of a plain loop', TIMEOUT, () => {
  const count = 1000;
  const job = LocalJob.of(timed, { params: { count }, ringBytes: 4096, workers: 1 }, { parks: true });
  job.run(randomOf(3));
  const windows = new Map<string, { tuples: number; last: number }>();
  for (let i = 0; i < count; i++) {
    const at = i * 10 + (i % 4) * 7;
    const name = `${i % 3} ${Math.floor(at / 1000)}`;
    const { tuples, last } = windows.get(name) ?? { tuples: 0, last: 0 };
    windows.set(name, { tuples: tuples + 1, last: Math.max(last, at) });
  }
  const came = (job.tuples.get('out') ?? []).map((tuple) => {
    const { key, tuples, last } = tuple as { key: number; tuples: number; last: number };
    return [`${key} ${Math.floor(last / 1000)}`, { tuples, last }] as const;
  });
  assert.equal(came.length, windows.size);
  assert.deepEqual(new Map(came), windows);
});

test('streams of several rings come in one first, in an actor of its own; that of one ring is read as it is', () => {
  const stagesOf = (params: Partial<OrderedParams>) =>
    planOf(buildGraph(ordered, { count: 1, stages: [], parallelism: 2, ...params })).stages.map(({ operators }) =>
      operators.map(({ name }) => name),
    );
  assert.deepEqual(stagesOf({}), [['numbers'], ['check', 'numbered'], ['out']]);
  assert.deepEqual(stagesOf({ partitions: 4, sourceReplicas: 2 }), [
    ['numbers'],
    ['check-order'],
    ['check', 'numbered'],
    ['out'],
  ]);
  assert.deepEqual(stagesOf({ stages: [[], [{ kind: 'map', add: 1 }]] }), [
    ['numbers'],
    ['check'],
    ['map-1-0-order'],
    ['map-1-0', 'numbered'],
    ['out'],
  ]);
  assert.deepEqual(stagesOf({ parallelism: 1, partitions: 4, sourceReplicas: 2 })[0], ['numbers', 'check', 'numbered']);
});

test('an operator without results, or one that awaits them, cannot have replicas behind ordered()', () => {
  const awaits = thrown(() => buildGraph(refused.awaits, undefined), 'BAD_OPTION');
  assert.match(awaits.message, /'ask'.*ordered\(\)/s);
  const ends = thrown(() => buildGraph(refused.ends, undefined), 'BAD_OPTION');
  assert.match(ends.message, /'end'.*unordered\(\)/s);
});
