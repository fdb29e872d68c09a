// Values that are awkward as text.

import { dataflow, t } from '../../../src/index.ts';
import { generate } from '../../../src/sources.ts';

const shape = { text: t.string(), bytes: t.bytes(), nested: t.json(), number: t.f64() };

export default dataflow(import.meta.url, 'values', (flow) =>
  flow
    .source(
      'once',
      generate(
        shape,
        () => ({
          text: 'a\tb\nc\\',
          bytes: new Uint8Array([1, 2, 255]),
          nested: { deep: [new Uint8Array([7])] },
          number: -0,
        }),
        { count: 1 },
      ),
    )
    .collect('values'),
);
