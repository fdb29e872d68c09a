// Flows in event time whose sources are the test's to push.

import { count, max, mean, min, quantile, sum } from '../../../src/aggregates.ts';
import { dataflow, type Stream, t } from '../../../src/index.ts';
import { generate, push } from '../../../src/sources.ts';
import { session, sliding, type Window } from '../../../src/windows.ts';

export const SOURCES = ['a', 'b', 'c'] as const;

export interface TimelineParams {
  readonly sources?: number;
  readonly outOfOrderMs?: number;
  readonly allowedLatenessMs?: number;
  readonly maxAheadMs?: number;
  readonly sizeMs?: number;
  readonly everyMs?: number;
  readonly gapMs?: number;
  readonly parallelism?: number | { readonly max: number };
  /** Beside the stream, one of it of which a filter leaves nothing. */
  readonly isDry?: boolean;
}

/** What is pushed into `a`, `b`, … in windows of its time, by key. */
export const timeline = dataflow(
  import.meta.url,
  'timeline',
  (
    flow,
    {
      sources = 1,
      outOfOrderMs = 0,
      allowedLatenessMs = 0,
      maxAheadMs,
      sizeMs = 100,
      everyMs = sizeMs,
      gapMs,
      parallelism = 1,
      isDry = false,
    }: TimelineParams,
  ) => {
    const [first, ...others] = SOURCES.slice(0, sources).map((name) =>
      flow.source(name, push({ key: t.string(), at: t.f64() })).withEventTime('at', {
        outOfOrderMs,
        allowedLatenessMs,
        ...(maxAheadMs === undefined ? {} : { maxAheadMs }),
      }),
    );
    first.late.collect('late');
    const timed: Stream<{ key: ReturnType<typeof t.string>; at: ReturnType<typeof t.f64> }> =
      others.length === 0 ? first : first.merge(...others);
    const stream = isDry ? timed.filter('dry', () => false, { fuse: false }).merge(timed) : timed;
    const window: Window = gapMs === undefined ? sliding({ sizeMs, everyMs }) : session({ gapMs });
    return stream
      .keyBy('key')
      .window(window as ReturnType<typeof session>)
      .aggregate('windows', { tuples: count(), sum: sum('at') }, { parallelism, combineMs: 0 })
      .collect('closed');
  },
);

/** So many tuples a source reads first, and they are a frame. */
const FIRST_FRAME = 16;

/**
 * Sessions whose tuples are combined to larger ones by two replicas. Those of the first frame are of as many keys, and of one time; all
 * that follow are of another key, which is one replica's.
 */
export const halves = dataflow(import.meta.url, 'halves', (flow, { count: tuples }: { readonly count: number }) =>
  flow
    .source(
      'numbers',
      generate(
        { key: t.u32(), at: t.f64() },
        (n) => (n < FIRST_FRAME ? { key: n, at: 0 } : { key: FIRST_FRAME, at: n }),
        {
          count: tuples,
        },
      ),
    )
    .withEventTime('at')
    .keyBy('key')
    .map('halved', { key: t.u32(), at: t.f64() }, (tuple) => tuple, { parallelism: 2 })
    .keyBy('key')
    .window(session({ gapMs: 1 }))
    .aggregate(
      'sessions',
      {
        tuples: count(),
        sum: sum('at'),
        least: min('at'),
        most: max('at'),
        mean: mean('at'),
        half: quantile('at', 0.5),
      },
      { combineMs: 10 },
    )
    .collect('closed'),
);
