// What a thread of the explorer's own is asked to do, and what it answers.

import { caseNamed } from './cases/all.ts';
import { type Exploration, type ExploreOptions, explore } from './explorer.ts';
import { mutants } from './mutants/all.ts';
import type { Mutant } from './mutants/mutant.ts';

/** A case by its name, or a mutant by its own. */
export interface Task {
  readonly kind: 'case' | 'mutant';
  readonly name: string;
}

export function mutantNamed(name: string): Mutant {
  const found = mutants.find((each) => each.name === name);
  if (found === undefined)
    throw new Error(`there is no mutant '${name}': ${mutants.map((each) => each.name).join(', ')}`);
  return found;
}

/** Explores a mutant in the case that is to catch it. */
export const exploreMutant = (mutant: Mutant, options: ExploreOptions = {}): Promise<Exploration> =>
  explore(caseNamed(mutant.caughtBy), { ...options, broken: mutant });

export const perform = async ({ kind, name }: Task): Promise<Exploration> =>
  kind === 'case' ? explore(caseNamed(name)) : exploreMutant(mutantNamed(name));
