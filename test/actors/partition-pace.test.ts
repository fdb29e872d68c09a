// Goal: a rated source of several partitions gives its tuples at the times at which it would give them without partitions, whoever
// owns these; and partitions that can be read are read in turn.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dataflow, t } from '../../src/index.ts';
import { generate } from '../../src/sources.ts';
import { LocalJob } from '../kit/local-run.ts';
import { randomOf } from '../kit/seeds.ts';

const FIELDS = { n: t.u32(), partition: t.u32() };

test('tuple i of a rated source is due when it is without partitions', () => {
  for (const parallelism of [1, 3]) {
    for (const partitions of [4, 7]) {
      const flow = dataflow(import.meta.url, 'paced', (builder) =>
        builder
          .source(
            'numbers',
            generate(FIELDS, (n, partition) => ({ n, partition }), { partitions, ratePerSecond: 100, count: 30 }),
            { parallelism },
          )
          .collect('out'),
      );
      let nowMs = 5000;
      const job = LocalJob.of(flow, { workers: 1 }, { now: () => nowMs });
      const choose = randomOf(1);
      for (let elapsedMs = 0; elapsedMs < 290; elapsedMs += 5, nowMs += 5) {
        job.take(60 * parallelism, { choose });
        const seen = (job.tuples.get('out') ?? []).map(({ n }) => n as number).sort((a, b) => a - b);
        const due = Array.from({ length: Math.floor(elapsedMs / 10) + 1 }, (_, n) => n);
        assert.deepEqual(seen, due, `after ${elapsedMs} ms`);
      }
    }
  }
});

test('partitions are read in turn, a batch of each', () => {
  const partitions = 5;
  const flow = dataflow(import.meta.url, 'turns', (builder) =>
    builder
      .source(
        'numbers',
        generate(FIELDS, (n, partition) => ({ n, partition }), { partitions, count: 500_000 }),
      )
      .collect('out'),
  );
  const job = LocalJob.of(flow, { workers: 1, ringBytes: 1 << 20 }, { now: () => 0 });
  job.run(randomOf(1));
  const next = new Array<number>(partitions).fill(0);
  let furthest = 0;
  for (const { n, partition } of (job.tuples.get('out') ?? []) as { n: number; partition: number }[]) {
    assert.equal(n, next[partition] * partitions + partition);
    next[partition]++;
    furthest = Math.max(furthest, next[partition] - Math.min(...next));
  }
  assert.equal(
    next.reduce((sum, count) => sum + count),
    500_000,
  );
  assert.ok(furthest <= 2 * 4096, `one partition was ${furthest} tuples ahead`);
});
