// Goal: whatever the operators, replicas, ring sizes, order of steps and interruptions, each key's tuples are those of a plain
// loop, in order, exactly once. MILLRACE_TEST_SEED=<seed> repeats one.

import { test } from 'node:test';
import { type FlowCase, flowOf, forked, Interruption } from '../../proof/simulate/case.ts';
import { expect } from '../../proof/simulate/expected.ts';
import { simulated } from '../../proof/simulate/flow.ts';
import type { Numbered } from '../../proof/simulate/steps.ts';
import { ActorFailure } from '../../src/actors/failures/failure.ts';
import { Random } from '../../src/testing/random.ts';
import { LocalJob } from '../kit/local-run.ts';
import { assertPerKey } from '../kit/per-key.ts';
import { noThreadLeft, resultOf } from '../kit/run-flow.ts';
import { eachSeed } from '../kit/seeds.ts';

/** Fails unless what came out is what plain loops make. */
function judge(
  flow: FlowCase,
  came: readonly Numbered[],
  sideOf: (index: number) => readonly Numbered[] = () => [],
): void {
  const lengths = flow.sources.map(({ tuples }) => tuples);
  const { output, sides } = expect(flow, lengths, () => false);
  assertPerKey(came, output, ({ key }) => key);
  for (const [index, side] of sides) assertPerKey(sideOf(index), side.output, ({ key }) => key);
}

test('random flows in one thread, stepped in random order and interrupted at random', {
  timeout: 60_000,
}, async (context) => {
  await eachSeed(context, 60, (seed) => {
    const random = new Random(seed);
    const drawn = forked(random, flowOf(random, { tuplesMin: 0, tuplesMax: 1500, operatorsMax: 6 }));
    const interruptAfter = Array.from({ length: random.below(6) }, () => 1 + random.below(800));
    const params = { ...drawn, interruptAfter };
    const job = LocalJob.of(simulated, { params, ringBytes: 4096 << random.below(5), workers: 2 });
    job.run(
      (below) => random.below(below),
      (error) => {
        const cause = error instanceof ActorFailure ? error.cause.cause : undefined;
        if (!(cause instanceof Interruption)) throw error;
      },
    );
    const cameTo = (name: string) => (job.tuples.get(name) ?? []) as unknown as Numbered[];
    judge(params, cameTo('out'), (index) => cameTo(`side-${index}`));
  });
});

test('random flows on worker threads', { timeout: 60_000 }, async (context) => {
  await eachSeed(context, 8, async (seed) => {
    const random = new Random(seed);
    const params = flowOf(random, { tuplesMin: 0, tuplesMax: 30_000, operatorsMax: 6 });
    const ringBytes = 4096 << random.below(8);
    const workers = 1 + random.below(3);
    judge(params, await resultOf(simulated, 'out', { params, ringBytes, workers }));
    await noThreadLeft();
  });
});
