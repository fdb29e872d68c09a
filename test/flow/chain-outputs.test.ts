// Goal: outputs of any operator of a fused chain leave it, and that operators are fused cannot be seen: the same comes out of each
// output, with the same dead letters; what an operator had put out when it failed is dropped from all its outputs. An optional output
// that nobody reads is counted, and costs no ring.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildGraph } from '../../src/flow/dataflow.ts';
import { planOf } from '../../src/flow/plan.ts';
import type { Job } from '../../src/index.ts';
import { shareOf, writtenBetween } from '../../src/supervisor/elasticity/scaling/written-tuples.ts';
import { isDoublePoison, isForkPoison, type SideParams, sideKinds } from '../kit/flows/side-kinds.ts';
import { LocalJob } from '../kit/local-run.ts';
import { noThreadLeft, start, TIMEOUT, tuplesOf } from '../kit/run-flow.ts';
import { randomOf } from '../kit/seeds.ts';

const COUNT = 400;

const stagesOf = (params: SideParams) => planOf(buildGraph(sideKinds, params)).stages;

function expected() {
  const numbers = Array.from({ length: COUNT }, (_, n) => n);
  const onTime = numbers.filter((n) => n % 10 !== 9);
  const forked = onTime.filter((n) => !isForkPoison(n));
  const handed = forked.flatMap((n) => [n, n + 1_000_000]);
  return {
    late: numbers.filter((n) => n % 10 === 9),
    side: forked,
    main: handed.filter((n) => !isDoublePoison(n)).map((n) => 2 * n),
    letters: [
      ...onTime.filter(isForkPoison).map((n) => `fork ${n}`),
      ...handed.filter(isDoublePoison).map((n) => `double ${n}`),
    ].sort(),
  };
}

const numbersOf = (tuples: readonly unknown[] | undefined): number[] => (tuples as { n: number }[]).map(({ n }) => n);

test('one actor has an output for each stream that leaves its chain', () => {
  const [numbers, ...others] = stagesOf({ count: 1, late: true, fuse: true });
  assert.deepEqual(
    numbers.operators.map(({ name }) => name),
    ['numbers', 'timely', 'fork', 'double'],
  );
  assert.deepEqual(
    numbers.outputs.map(({ operator, output, name }) => [operator, output, name]),
    [
      [1, 1, 'late'],
      [2, 0, 'side'],
      [3, 0, 'double'],
    ],
  );
  assert.deepEqual(
    others.map(({ operators: [{ name }], upstream: [{ output }] }) => [name, output]),
    [
      ['main-out', 2],
      ['side-out', 1],
      ['late-out', 0],
    ],
  );
  assert.deepEqual(stagesOf({ count: 1, late: false, fuse: true })[0].unread, [{ operator: 1, output: 1 }]);
});

for (const fuse of [true, false]) {
  for (const late of [true, false]) {
    test(`stepped in random order, ${fuse ? 'fused' : 'apart'}, the optional output ${late ? 'read' : 'unread'}`, () => {
      const { main, side, letters, ...model } = expected();
      for (const seed of [1, 2, 3]) {
        const job = LocalJob.of(sideKinds, { params: { count: COUNT, late, fuse }, ringBytes: 4096 });
        job.run(randomOf(seed));
        assert.deepEqual(numbersOf(job.tuples.get('main-out')), main);
        assert.deepEqual(numbersOf(job.tuples.get('side-out')), side);
        if (late) assert.deepEqual(numbersOf(job.tuples.get('late-out')), model.late);
        const told = job.letters.map(({ operator, tuple }) => `${operator} ${(tuple as { n: number }).n}`);
        assert.deepEqual(told.sort(), letters);
      }
    });
  }
}

for (const late of [true, false]) {
  test(
    `figures of each output, the optional one ${late ? 'read' : 'unread'}, with a killed worker`,
    TIMEOUT,
    async () => {
      const params = { count: COUNT, late, fuse: true };
      const job = (await start(sideKinds, { params, workers: 2, ringBytes: 4096 })) as unknown as Job;
      const names = ['main-out', 'side-out', ...(late ? ['late-out'] : [])];
      const reading = Promise.all(names.map((name) => tuplesOf(job.output(name))));
      await job.killWorker(0).catch(() => {});
      const [main, side, lates] = await reading;
      await job.done;
      const model = expected();
      assert.deepEqual([numbersOf(main), numbersOf(side)], [model.main, model.side]);
      if (late) assert.deepEqual(numbersOf(lates), model.late);
      const [stage] = stagesOf(params);
      const written = [...(late ? [model.late.length] : []), model.side.length, model.main.length];
      assert.deepEqual(writtenBetween(stage, 'start', job.reading()), written, 'what policies reckon with');
      assert.equal(shareOf(written, 0), written[0] / written.reduce((sum, tuples) => sum + tuples, 0));
      const figures = Object.fromEntries(job.reading().operators.map((each) => [each.name, each]));
      const { timely, fork, double } = figures;
      assert.deepEqual(timely.outputs, {
        onTime: { tuples: COUNT - model.late.length, consumed: true },
        late: { tuples: model.late.length, consumed: late },
      });
      assert.deepEqual([timely.tuplesIn, timely.tuplesOut], [COUNT, COUNT]);
      assert.deepEqual(fork.outputs, {
        side: { tuples: model.side.length, consumed: true },
        main: { tuples: 2 * model.side.length, consumed: true },
      });
      assert.deepEqual([double.tuplesOut, double.outputs], [model.main.length, undefined]);
      await noThreadLeft();
    },
  );
}
