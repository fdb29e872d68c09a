// Flows for tests that feed tuples at event times: windows, timers in event time, and an operator with two inputs.

import { count } from '../../../src/aggregates.ts';
import { dataflow, t } from '../../../src/index.ts';
import { push } from '../../../src/sources.ts';
import { tumbling } from '../../../src/windows.ts';

/** Counts by key and 100 ms; tuples may be 50 ms late. */
export const counted = dataflow(import.meta.url, 'counted', (flow) =>
  flow
    .source('words', push({ word: t.string(), at: t.f64() }))
    .withEventTime('at', { outOfOrderMs: 10, allowedLatenessMs: 50 })
    .keyBy('word')
    .window(tumbling({ sizeMs: 100 }))
    .aggregate('counts', { count: count() })
    .collect('out'),
);

/** Each tuple sets a timer for 100 ms later, which tells what it was set for. */
export const reminders = dataflow(import.meta.url, 'reminders', (flow) =>
  flow
    .source('words', push({ word: t.string(), at: t.f64() }))
    .withEventTime('at')
    .keyBy('word')
    .process(
      'remind',
      { state: { seen: t.u32() }, output: { word: t.string(), seen: t.u32(), at: t.f64() } },
      ({ word }, state, emit, { timers, time }) => {
        state.seen += 1;
        timers.at(time + 100, String(time));
        emit({ word, seen: state.seen, at: time });
      },
      {
        onTimer({ word }, state, emit, { timer }) {
          if (word === 'unspeakable') throw new RangeError('not to be said');
          emit({ word, seen: state.seen, at: timer.atMs });
        },
      },
    )
    .collect('out'),
);
