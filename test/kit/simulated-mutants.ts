// Mutants of the library that the simulation of event time must find, each by one of some seeds.

import assert from 'node:assert/strict';
import { test } from 'node:test';

/** The library with one thing broken. */
export interface SimulatedMutant {
  /** What is broken: `it is found that …`. */
  readonly name: string;
  /** The first seed to try. */
  readonly seed: number;
  /** Breaks it; gives what mends it. */
  readonly apply: () => () => void;
}

interface Simulation {
  /** What is wrong with a run, if anything. Rejects if the run fails. */
  readonly violationOf: (seed: number) => Promise<string | undefined>;
  /** So many seeds are tried from the mutant's own on: what a seed means changes with the code. */
  readonly seeds: number;
}

/** A test for each mutant: some seed tells of it, and does not without it. */
export function findMutants(mutants: readonly SimulatedMutant[], { violationOf, seeds }: Simulation): void {
  const problemOf = (seed: number): Promise<string | undefined> =>
    violationOf(seed).catch((error: unknown) => (error as Error).message);
  for (const { name, seed: first, apply } of mutants) {
    test(`it is found that ${name}`, async () => {
      const mend = apply();
      let found: number | undefined;
      try {
        for (let seed = first; found === undefined && seed < first + seeds; seed++)
          if ((await problemOf(seed)) !== undefined) found = seed;
      } finally {
        mend();
      }
      assert.ok(found !== undefined, 'it survives');
      assert.equal(await problemOf(found), undefined, `seed ${found} tells without it as well`);
    });
  }
}
