// Mutants of the order that replicas keep together: each is right as long as they write in that order.

import { Alignment } from '../../../src/mailbox/alignment.ts';
import { type Mutant, replacing } from './mutant.ts';

export const placeMutants: readonly Mutant[] = [
  {
    name: 'reads out of turn',
    breaks: 'a reader does not look whether another replica may still write what comes from before',
    caughtBy: 'places',
    apply: replacing(Alignment.prototype, 'waitsForTurn', () => () => false),
  },
];
