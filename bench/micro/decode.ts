// Subject `decode`: a tuple is made from a frame of a ring. Beside it: JSON.parse of the same tuples.

import { Stream } from './stream.ts';
import type { Subject } from './subject.ts';
import { kinds, TUPLES, type Tuple } from './tuples.ts';

export function decode(): Subject[] {
  return kinds.map(({ name, schema, tuples }) => {
    const { decoder, open } = new Stream(`decode-${name}`, schema).decoderAt(`decode-${name}`, tuples);
    const text = JSON.stringify(tuples);
    let last: Tuple = {};
    return {
      name: `decode-${name}`,
      unit: 'ns',
      ours: {
        operations: TUPLES,
        run: () => {
          // Again for each frame: what was decoded of the one before is forgotten.
          open();
          for (let i = 0; i < TUPLES; i++) last = decoder.tupleAt(i);
          return last;
        },
      },
      baselines: { 'JSON.parse': { operations: TUPLES, run: () => JSON.parse(text) } },
    };
  });
}
