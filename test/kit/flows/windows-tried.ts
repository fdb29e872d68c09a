// Sessions whose results go through a map that fails at one of them, into windows: what is tried alone keeps its time.

import { count } from '../../../src/aggregates.ts';
import { dataflow, t } from '../../../src/index.ts';
import { generate } from '../../../src/sources.ts';
import { session, tumbling } from '../../../src/windows.ts';

export const TRIED_AT = [0, 1000, 2000, 3000];
export const FAILS_AT = 1000;

export const windowsTried = dataflow(import.meta.url, 'windowsTried', (flow, { combine }: { combine: boolean }) =>
  flow
    .source(
      'source',
      generate({ at: t.f64() }, (index) => ({ at: TRIED_AT[index] }), { count: TRIED_AT.length }),
    )
    .withEventTime('at', { outOfOrderMs: 10_000 })
    .map('keyed', { all: t.u8() }, () => ({ all: 0 }))
    .keyBy('all')
    .window(session({ gapMs: 100 }))
    .aggregate('sessions', { tuples: count() })
    .map('fails', { all: t.u8() }, ({ windowStart }) => {
      if (windowStart === FAILS_AT) throw new Error('a session that nobody wants');
      return { all: 0 };
    })
    .keyBy('all')
    .window(tumbling({ sizeMs: 1000 }))
    .aggregate('second', { sessions: count() }, { combine })
    .collect('out'),
);
