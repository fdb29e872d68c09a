// Seeds of randomised tests. A failure prints its seed; MILLRACE_TEST_SEED=<seed> runs that one again.

import { Random } from '../../src/testing/random.ts';

/** What draws an integer from 0 on, below its argument. */
export function randomOf(seed: number): (below: number) => number {
  const random = new Random(seed);
  return (below) => random.below(below);
}

const givenSeed = process.env.MILLRACE_TEST_SEED;

/** Runs with as many seeds, or with the one that is given, and says which one failed. */
export async function eachSeed(
  context: { diagnostic(message: string): void },
  runs: number,
  run: (seed: number) => Promise<void> | void,
): Promise<void> {
  const first = givenSeed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(givenSeed);
  for (let seed = first; seed < first + (givenSeed === undefined ? runs : 1); seed++) {
    try {
      await run(seed);
    } catch (error) {
      context.diagnostic(`failed with MILLRACE_TEST_SEED=${seed}`);
      throw error;
    }
  }
}
