// Flows in event time whose sources are the test's to push.

import { count, max, mean, min, quantile, sum } from '../../../src/aggregates.ts';
import { dataflow, type Stream, t } from '../../../src/index.ts';
import { generate, push } from '../../../src/sources.ts';
import { session, sliding, tumbling, type Window } from '../../../src/windows.ts';

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
  readonly combine?: boolean;
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
      combine = true,
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
      .aggregate('windows', { tuples: count(), sum: sum('at') }, { parallelism, combine, combineMs: 0 })
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

export const LATEST_MS = 8.64e15;

/** Windows over tuples and over what their keys leave at the end of the stream, which is later than all of them. */
export const ending = dataflow(
  import.meta.url,
  'ending',
  (flow, { kind, combine }: { readonly kind: 'tumbling' | 'session'; readonly combine: boolean }) => {
    const window = kind === 'session' ? session({ gapMs: 1000 }) : tumbling({ sizeMs: 1000 });
    return flow
      .source('a', push({ key: t.u32(), at: t.f64() }))
      .withEventTime('at')
      .keyBy('key')
      .process('leave', { output: { key: t.u32() } }, ({ key }, _state, emit) => emit({ key }), {
        end: ({ key }, _state, emit) => emit({ key }),
      })
      .keyBy('key')
      .window(window as ReturnType<typeof session>)
      .aggregate('windows', { tuples: count() }, { combine })
      .collect('closed');
  },
);

/**
 * Timers in event time, each emitted when it fires. One whose name begins with a number sets another one for that time; what
 * begins with 'fails' fails.
 */
export const timed = dataflow(
  import.meta.url,
  'timed',
  (flow, { parallelism = 1 }: { readonly parallelism?: number }) =>
    flow
      .source('a', push({ key: t.u32(), at: t.f64(), timer: t.f64(), name: t.string() }))
      .withEventTime('at')
      .keyBy('key')
      .process(
        'timers',
        { state: { tuples: t.u32() }, output: { key: t.u32(), name: t.string(), atMs: t.f64(), tuples: t.u32() } },
        ({ timer, name }, state, _emit, { timers }) => {
          state.tuples += 1;
          timers.at(timer, name);
        },
        {
          parallelism,
          onTimer: ({ key }, { tuples }, emit, { timer: { name, atMs }, timers, remove }) => {
            emit({ key, name, atMs, tuples });
            if (name.startsWith('fails')) throw new RangeError(`the timer of ${key} fails`);
            if (name === 'removes') remove();
            const next = Number.parseFloat(name);
            if (next >= 0) timers.at(next, 'set');
          },
        },
      )
      .collect('fired'),
);

interface Interleaving {
  readonly count: number;
  readonly parallelism: number | { max: number };
  readonly idleAfterMs?: number;
}

/** Partitions of a source, whose times go on together; what goes on windows is slow, and a key group may change hands. */
export const interleaved = dataflow(
  import.meta.url,
  'interleaved',
  (flow, { count: tuples, parallelism, idleAfterMs }: Interleaving) => {
    const timedTuples = flow
      .source(
        'numbers',
        generate({ key: t.u32(), at: t.f64() }, (n) => ({ key: n % 7, at: n }), { count: tuples, partitions: 2 }),
        { parallelism: { max: 2 } },
      )
      .withEventTime('at', { idleAfterMs });
    timedTuples.late.collect('late');
    return timedTuples
      .keyBy('key')
      .process(
        'relay',
        { state: { seen: t.u32() }, output: { key: t.u32(), at: t.f64() } },
        (tuple, state, emit) => {
          state.seen += 1;
          emit(tuple);
        },
        { parallelism },
      )
      .keyBy('key')
      .window(tumbling({ sizeMs: 100 }))
      .aggregate('windows', { tuples: count() }, { combineMs: 0 })
      .collect('closed');
  },
);
