// Mutants of the order that replicas keep together: each is right as long as they write in that order.

import { Alignment } from '../../../src/mailbox/alignment.ts';
import { RingReader } from '../../../src/mailbox/ring-reader.ts';
import { type Mutant, replacing } from './mutant.ts';

export const placeMutants: readonly Mutant[] = [
  {
    name: 'reads out of turn',
    breaks: 'a reader does not look whether another replica may still write what comes from before',
    caughtBy: 'places',
    apply: replacing(Alignment.prototype, 'waitsForTurn', () => () => false),
  },
  {
    name: 'holds no place',
    breaks: 'a replica that was given blocks holds nobody back before it has said where it begins',
    caughtBy: 'places over fences',
    apply: replacing<RingReader, [number, number, number], void>(
      RingReader.prototype,
      'holdAt',
      (original) =>
        function (time, _place, handOver) {
          original.call(this, time, Number.POSITIVE_INFINITY, handOver);
        },
    ),
  },
];
