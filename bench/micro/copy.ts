// Subject `copy`: the copy of a tuple that passes from one fused operator to the next, through no ring.

import { generateTupleCopier } from './internals.ts';
import { RING_BYTES } from './stream.ts';
import type { Subject } from './subject.ts';
import { kinds, TUPLES } from './tuples.ts';

export function copy(): Subject[] {
  return kinds.map(({ name, schema, tuples }) => {
    const copier = generateTupleCopier(`copy-${name}`, schema, RING_BYTES);
    let last: unknown;
    return {
      name: `copy-${name}`,
      unit: 'ns',
      ours: {
        operations: TUPLES,
        run: () => {
          for (let i = 0; i < TUPLES; i++) last = copier.copy(tuples[i]);
          return last;
        },
      },
      baselines: {
        structuredClone: {
          operations: TUPLES,
          run: () => {
            for (let i = 0; i < TUPLES; i++) last = structuredClone(tuples[i]);
            return last;
          },
        },
      },
    };
  });
}
