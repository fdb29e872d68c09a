// Two sources that meet in windows, either of which may fall silent.

import { count } from '../../../src/aggregates.ts';
import { dataflow, t } from '../../../src/index.ts';
import { push } from '../../../src/sources.ts';
import { tumbling } from '../../../src/windows.ts';

const FIELDS = { key: t.string(), at: t.f64() };

interface Meeting {
  readonly idleAfterMs: number;
  /** Of the second source. */
  readonly outOfOrderMs?: number;
}

export const met = dataflow(import.meta.url, 'met', (flow, { idleAfterMs, outOfOrderMs = 0 }: Meeting) => {
  const a = flow.source('a', push(FIELDS)).withEventTime('at', { idleAfterMs });
  const b = flow.source('b', push(FIELDS)).withEventTime('at', { idleAfterMs, outOfOrderMs });
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
