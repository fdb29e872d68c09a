// Goal: whatever the operators, replicas, ring sizes, order of steps and interruptions, each key's tuples are those of a plain
// loop, in order, exactly once. Every run prints its seed; MILLRACE_SEED=<seed> runs that one again.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ActorFailure } from '../../src/actors/failures/failure.ts';
import {
  Interruption,
  type RandomOperator,
  type RandomParams,
  randomByLoop,
  randomFlow,
  valuesByKey,
} from '../kit/flows/random.ts';
import { LocalJob } from '../kit/local-run.ts';
import { noThreadLeft, resultOf } from '../kit/run-flow.ts';

const given = process.env.MILLRACE_SEED;
const firstSeed = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given);

/** mulberry32: small, and good enough to draw tests. */
function randomOf(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let z = Math.imul(state ^ (state >>> 15), state | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return Math.floor((((z ^ (z >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

function drawOperator(random: (below: number) => number): RandomOperator {
  const fuse = random(2) === 0;
  switch (random(5)) {
    case 0:
      return { kind: 'map', add: random(1000), fuse, parallelism: random(3) === 0 ? 2 + random(2) : 1 };
    case 1:
      return { kind: 'filter', drop: random(4), fuse };
    case 2:
      return { kind: 'flatMap', copies: random(4), fuse };
    default:
      return { kind: 'process', parallelism: 1 + random(4), withTable: random(2) === 0, atEnd: random(3) === 0 };
  }
}

/** A stateless operator after one with several replicas reads several rings: each key's order holds there too. */
function drawParams(random: (below: number) => number, countMax: number): RandomParams {
  return {
    count: random(countMax),
    keys: 1 + random([1, 10, 1000][random(3)]),
    operators: Array.from({ length: 1 + random(6) }, () => drawOperator(random)),
  };
}

async function eachSeed(runs: number, run: (seed: number) => Promise<void> | void): Promise<void> {
  for (let i = 0; i < (given === undefined ? runs : 1); i++) {
    const seed = firstSeed + i;
    try {
      await run(seed);
    } catch (error) {
      console.error(`failed with MILLRACE_SEED=${seed}`);
      throw error;
    }
  }
}

test('random flows in one thread, stepped in random order and interrupted at random', {
  timeout: 30_000,
}, async (context) => {
  context.diagnostic(`MILLRACE_SEED=${firstSeed}`);
  await eachSeed(60, (seed) => {
    const random = randomOf(seed);
    const drawn = drawParams(random, 1500);
    const throwAfter = Array.from({ length: random(6) }, () => 1 + random(800));
    const params = { ...drawn, throwAfter };
    const ringBytes = 4096 << random(5);
    const job = LocalJob.of(randomFlow, { params, ringBytes, workers: 2 });
    job.run(random, (error) => {
      const cause = error instanceof ActorFailure ? error.cause.cause : undefined;
      if (!(cause instanceof Interruption)) throw error;
    });
    assert.deepEqual(
      valuesByKey(job.tuples.get('out') ?? []),
      randomByLoop(params),
      JSON.stringify({ seed, params, ringBytes }),
    );
  });
});

test('random flows on worker threads', { timeout: 30_000 }, async (context) => {
  context.diagnostic(`MILLRACE_SEED=${firstSeed}`);
  await eachSeed(8, async (seed) => {
    const random = randomOf(seed);
    const params = drawParams(random, 30_000);
    const ringBytes = 4096 << random(8);
    const workers = 1 + random(3);
    const tuples = await resultOf(randomFlow, 'out', { params, ringBytes, workers });
    assert.deepEqual(valuesByKey(tuples), randomByLoop(params), JSON.stringify({ seed, params, ringBytes, workers }));
    await noThreadLeft();
  });
});
