// All mutants.

import { commitMutants } from './commits.ts';
import { handOverMutants } from './hand-overs.ts';
import type { Mutant } from './mutant.ts';
import { placeMutants } from './places.ts';
import { ringMutants } from './rings.ts';
import { timeMutants } from './times.ts';
import { wakingMutants } from './waking.ts';

export const mutants: readonly Mutant[] = [
  ...ringMutants,
  ...wakingMutants,
  ...commitMutants,
  ...handOverMutants,
  ...timeMutants,
  ...placeMutants,
];
