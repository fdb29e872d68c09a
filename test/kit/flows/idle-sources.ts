// Two sources that meet in windows, either of which may fall silent.

import { count } from '../../../src/aggregates.ts';
import { dataflow, t } from '../../../src/index.ts';
import { push } from '../../../src/sources.ts';
import { tumbling } from '../../../src/windows.ts';

const FIELDS = { key: t.string(), at: t.f64() };

export const met = dataflow(import.meta.url, 'met', (flow, { idleAfterMs }: { readonly idleAfterMs: number }) => {
  const of = (name: 'a' | 'b') => flow.source(name, push(FIELDS)).withEventTime('at', { idleAfterMs });
  const a = of('a');
  const b = of('b');
  return {
    out: a
      .merge(b)
      .keyBy('key')
      .window(tumbling({ sizeMs: 100 }))
      .aggregate('counts', { n: count() })
      .collect('out'),
    late: b.late.collect('late'),
  };
});
