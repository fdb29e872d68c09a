// The flow of the chaos run in event time: two sources of several partitions, some of which fall silent, and all that goes by time
// behind them: windows, an interval join, timers; with an operator that awaits between.
// Workers import this module too: it declares, and runs nothing.

import { setTimeout as sleep } from 'node:timers/promises';
import { count, sum } from '../../src/aggregates.ts';
import { dataflow, type SourceDefinition, type SourceReader, type TupleOf, t, table } from '../../src/index.ts';
import { session, sliding, tumbling } from '../../src/windows.ts';
import { addJoin } from '../simulate/join-flow.ts';
import { FIELDS as JOINED } from '../simulate/time-fields.ts';
import { joinedTuple, joinName } from './time-joins.ts';
import {
  isPausing,
  PARTITIONS,
  PAUSE_MS,
  pauseEvery,
  rateOf,
  type SourceName,
  TIME_ELASTIC,
  type TimeSettings,
  timedTuple,
  WINDOWS,
} from './time-tuples.ts';

const FIELDS = {
  source: t.enum('a', 'b'),
  partition: t.u32(),
  n: t.u32(),
  key: t.string(),
  at: t.f64(),
  weight: t.u32(),
};
const BUCKET = { key: t.string(), start: t.f64(), end: t.f64(), tuples: t.u32(), weights: t.f64() };
/** Of so many requests one takes a while. */
const SLOW_REQUESTS = 50;

type Tuple = TupleOf<typeof FIELDS>;

/** At a rate, from where it goes on; silent for a while where the numbers say so. */
const timedSource = (settings: TimeSettings, name: SourceName): SourceDefinition<typeof FIELDS> => ({
  kind: 'reader',
  fields: FIELDS,
  partitions: PARTITIONS[name],
  open: ({ partition, position, wake }) => {
    let timer: NodeJS.Timeout | undefined;
    let pausedAt = position;
    let from = { n: position, ms: performance.now() };
    const waitFor = (ms: number): 'wait' => {
      timer = setTimeout(wake, ms);
      return 'wait';
    };
    const reader: SourceReader<Tuple> = {
      position,
      read(emit, limit) {
        for (let left = limit; left > 0; left--) {
          const n = reader.position;
          if (isPausing(settings, name, partition) && n % pauseEvery(settings, name) === 0 && n !== pausedAt) {
            pausedAt = n;
            from = { n, ms: performance.now() + PAUSE_MS };
            return waitFor(PAUSE_MS);
          }
          const isDue = n < from.n + ((performance.now() - from.ms) * rateOf(settings, name)) / 1000;
          if (!isDue) return waitFor(1);
          emit(timedTuple(settings, name, partition, n));
          reader.position++;
        }
        return 'more';
      },
      close: () => clearTimeout(timer),
    };
    return reader;
  },
});

export const timeChaos = dataflow(import.meta.url, 'time-chaos', (flow, settings: TimeSettings) => {
  const { outOfOrderMs, idleAfterMs, combine, joins } = settings;
  const supervision = { intensity: 1_000_000 };
  const elastic = (name: keyof typeof TIME_ELASTIC) => ({
    parallelism: { max: TIME_ELASTIC[name], start: 1 },
    supervision,
  });
  const of = (name: SourceName) =>
    flow
      .source(name, timedSource(settings, name), elastic(name))
      .withEventTime('at', { outOfOrderMs, idleAfterMs, maxAheadMs: Number.POSITIVE_INFINITY });
  const [a, b] = [of('a'), of('b')];
  const asked = a.mapAsync(
    'asked',
    FIELDS,
    async (tuple) => {
      if (tuple.weight % SLOW_REQUESTS === 0) await sleep(tuple.weight % 7);
      return tuple;
    },
    { capacity: 64, supervision },
  );
  const keyed = asked.keyBy('key');
  const [left, right] = [asked.map('left', JOINED, joinedTuple), b.map('right', JOINED, joinedTuple)];
  const all = { tuples: count(), weights: sum('weight') };
  return {
    lateOfA: a.late.collect('late-a'),
    lateOfB: b.late.collect('late-b'),
    seenOfA: asked.collect('seen-a'),
    seenOfB: b.collect('seen-b'),
    tumbling: keyed
      .window(tumbling({ sizeMs: WINDOWS.tumblingMs }))
      .aggregate('tumbling', all, { ...elastic('tumbling'), combine })
      .collect('of-tumbling'),
    sliding: keyed
      .window(sliding({ sizeMs: WINDOWS.slidingMs, everyMs: WINDOWS.everyMs }))
      .aggregate('sliding', all, { ...elastic('sliding'), combine })
      .collect('of-sliding'),
    sessions: keyed
      .window(session({ gapMs: WINDOWS.gapMs }))
      .aggregate('sessions', all, { ...elastic('sessions'), combine })
      .collect('of-sessions'),
    timers: keyed
      .process(
        'timers',
        {
          tables: { buckets: table({ start: t.f64() }, { tuples: t.u32(), weights: t.f64() }) },
          output: BUCKET,
        },
        ({ at, weight }, { buckets }, _emit, { timers }) => {
          const start = Math.floor(at / WINDOWS.bucketMs) * WINDOWS.bucketMs;
          const bucket = buckets.upsert(start);
          bucket.tuples += 1;
          bucket.weights += weight;
          timers.at(start + WINDOWS.bucketMs, `${start}`);
        },
        {
          ...elastic('timers'),
          onTimer: ({ key }, { buckets }, emit, { timer: { name, atMs } }) => {
            const start = Number(name);
            const { tuples = 0, weights = 0 } = buckets.get(start) ?? {};
            buckets.delete(start);
            emit({ key, start, end: atMs, tuples, weights });
          },
        },
      )
      .collect('of-timers'),
    ...Object.fromEntries(
      joins.map((join, index) => {
        const name = joinName(join, index);
        return [name, addJoin(left, right, join, name, { supervision }).collect(`of-${name}`)];
      }),
    ),
  };
});
