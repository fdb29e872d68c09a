// Two sources, either of which may be idle when it ends; all that waits for the end of time behind them.

import { count } from '../../../src/aggregates.ts';
import { dataflow, t } from '../../../src/index.ts';
import { push } from '../../../src/sources.ts';
import { session, tumbling } from '../../../src/windows.ts';

const FIELDS = { key: t.string(), at: t.f64() };
const NAMED = { name: t.string(), at: t.f64() };
const ANSWER_MS = 30;

export const lastWords = dataflow(import.meta.url, 'last-words', (flow, { idleAfterMs }: { idleAfterMs: number }) => {
  const of = (name: 'a' | 'b') => flow.source(name, push(FIELDS)).withEventTime('at', { idleAfterMs });
  const [a, b] = [of('a'), of('b')];
  const both = a.merge(b).keyBy('key');
  return {
    windows: both
      .window(tumbling({ sizeMs: 1000 }))
      .aggregate('windows', { n: count() })
      .collect('of-windows'),
    sessions: both
      .window(session({ gapMs: 500 }))
      .aggregate('sessions', { n: count() })
      .collect('of-sessions'),
    timers: both
      .process(
        'timers',
        { state: { n: t.u32() }, output: NAMED },
        (_tuple, _state, _emit, { timers }) => timers.at(5000),
        {
          onTimer: ({ key }, _state, emit, { timer }) => emit({ name: key, at: timer.atMs }),
        },
      )
      .collect('of-timers'),
    pairs: b
      .keyBy('key')
      .connect(a.keyBy('key'))
      .intervalJoin(
        'pairs',
        { fromMs: 0, toMs: 10_000 },
        NAMED,
        (left) => ({ name: left?.key ?? '', at: left?.at ?? 0 }),
        {
          kind: 'left',
        },
      )
      .collect('of-pairs'),
    answers: b
      .mapAsync('ask', FIELDS, (tuple) => new Promise((resolve) => setTimeout(() => resolve(tuple), ANSWER_MS)), {
        capacity: 1000,
      })
      .keyBy('key')
      .window(tumbling({ sizeMs: 1000 }))
      .aggregate('answered', { n: count() })
      .collect('of-answers'),
  };
});
