// Subject `encode`: a tuple is validated and goes into a frame of a ring. Beside it: what writes the same tuples as bytes.
// `structuredClone` writes and reads, as a message between threads does.

import { Stream } from './stream.ts';
import type { Subject } from './subject.ts';
import { kinds, TUPLES } from './tuples.ts';

export function encode(): Subject[] {
  return kinds.map(({ name, schema, tuples }) => {
    const stream = new Stream(`encode-${name}`, schema);
    const { encoder } = stream;
    return {
      name: `encode-${name}`,
      unit: 'ns',
      ours: {
        operations: TUPLES,
        run: () => {
          for (let i = 0; i < TUPLES; i++) encoder.emit(tuples[i]);
          stream.publish();
        },
      },
      baselines: {
        'JSON.stringify': { operations: TUPLES, run: () => JSON.stringify(tuples) },
        structuredClone: { operations: TUPLES, run: () => structuredClone(tuples) },
      },
    };
  });
}
