// A random flow in event time: built from a case (time-case.ts), its operators from time-steps.ts. What must come out of it says
// time-expected.ts.
// Promises: depends on its params alone.

import { count as countOf, custom } from '../../src/aggregates.ts';
import { dataflow, type Stream, t, table } from '../../src/index.ts';
import { count, session, sliding } from '../../src/windows.ts';
import { type Parallelism, replicasMax } from './case.ts';
import { addJoin } from './join-flow.ts';
import { sourceOf } from './sources.ts';
import type { Relay, SecondStage, TimedFlow, TimedReader, TimedSource } from './time-case.ts';
import { FIELDS, RESULT } from './time-fields.ts';
import {
  beforeTime,
  chainTimed,
  ECHO_MS,
  gatherResult,
  gatherTimed,
  isKept,
  isKeptBefore,
  isPoisonBucket,
  isTimedPoison,
  LATEST_MS,
  leftTuple,
  type Result,
  type Timed,
  timedTuple,
} from './time-steps.ts';

type TimedStream = Stream<typeof FIELDS>;
type Results = Stream<typeof RESULT>;

export interface TimedParams extends TimedFlow {}

export const timedFlow = dataflow(import.meta.url, 'timed', (flow, params: TimedParams) => {
  const streams = params.sources.map((source, index): TimedStream => {
    const { outOfOrderMs, allowedLatenessMs, idleAfterMs, collectsLate, parallelism } = source;
    const read = flow.source(
      `source-${index}`,
      sourceOf(FIELDS, (at) => timedTuple(params, index, at), source),
      { parallelism },
    );
    const timed = before(read, source, index).withEventTime('at', {
      outOfOrderMs,
      allowedLatenessMs,
      ...(idleAfterMs === undefined ? {} : { idleAfterMs }),
      maxAheadMs: Number.POSITIVE_INFINITY,
    });
    if (collectsLate) timed.late.collect(`late-${index}`);
    return timed;
  });
  const lefts = params.sources.length - params.rights;
  const stream = relayed(merged(streams.slice(0, lefts)), params.relays, '');
  params.readers.forEach((reader, index) => {
    addReader(stream, reader, index);
  });
  if (params.rights === 0) return;
  const right = relayed(merged(streams.slice(lefts)), params.rightRelays, 'right-');
  params.joins.forEach((join, index) => {
    finish(addJoin(stream, right, join, `${join.kind}-${index}`), join.second, `join-${index}`);
  });
});

const merged = ([first, ...others]: readonly TimedStream[]): TimedStream =>
  others.length === 0 ? first : first.merge(...others);

/** @param prefix of the names of the relays */
const relayed = (stream: TimedStream, relays: readonly Relay[], prefix: string): TimedStream =>
  relays.reduce((last, relay, index) => addRelay(last, relay, index, `${prefix}${relay.kind}-${index}`), stream);

function before(stream: TimedStream, source: TimedSource, index: number): TimedStream {
  switch (source.before) {
    case 'nothing':
      return stream;
    case 'map':
      return stream.map(`before-${index}`, FIELDS, (tuple) => tuple);
    case 'filter':
      return stream.filter(`before-${index}`, isKeptBefore);
    case 'flatMap':
      return stream.flatMap(`before-${index}`, FIELDS, (tuple, emit) => {
        for (const part of beforeTime(source, tuple)) emit(part);
      });
  }
}

const spread = (stream: TimedStream, parallelism: Parallelism): TimedStream =>
  replicasMax(parallelism) > 1 ? stream.keyBy('key') : stream;

async function after(turns: number, tuple: Timed): Promise<Timed> {
  for (let turn = 0; turn < turns; turn++) await undefined;
  return tuple;
}

function addRelay(stream: TimedStream, relay: Relay, index: number, name: string): TimedStream {
  switch (relay.kind) {
    case 'map':
      return spread(stream, relay.parallelism).map(
        name,
        FIELDS,
        (tuple) => {
          if (isTimedPoison(relay, tuple)) throw new Error(`${tuple.key} ${tuple.number} is poison`);
          return tuple;
        },
        { fuse: relay.fuse, parallelism: relay.parallelism },
      );
    case 'process':
      return stream.keyBy('key').process(
        name,
        { state: { digest: t.u32(), team: t.string() }, output: FIELDS },
        (tuple, state, emit) => {
          state.digest = chainTimed(state.digest, tuple);
          state.team = tuple.team;
          emit(tuple);
        },
        {
          parallelism: relay.parallelism,
          ...(relay.leaves
            ? { end: ({ key }, { team, digest }, emit) => emit(leftTuple(index, key, team, digest)) }
            : {}),
        },
      );
    case 'mapAsync':
      // Some take longer than those behind them.
      return stream.keyBy('key').mapAsync(name, FIELDS, (tuple) => after(tuple.number % 4, tuple), {
        parallelism: relay.parallelism,
        ...relay.asking,
      });
    case 'filter':
      return stream.filter(name, (tuple) => isKept(relay.drop, tuple), { fuse: relay.fuse });
    case 'dry':
      return stream.merge(stream.filter(name, () => false, { fuse: relay.fuse }));
  }
}

const gathered = custom({
  state: { digest: t.u32() },
  type: t.u32(),
  add(state, tuple: Timed) {
    state.digest = gatherTimed(state.digest, tuple);
  },
  merge(state, other) {
    state.digest = (state.digest + other.digest) >>> 0;
  },
  result: ({ digest }) => digest,
});

const gatheredResults = custom({
  state: { digest: t.u32() },
  type: t.u32(),
  add(state, result: Result) {
    state.digest = gatherResult(state.digest, result);
  },
  merge(state, other) {
    state.digest = (state.digest + other.digest) >>> 0;
  },
  result: ({ digest }) => digest,
});

function addReader(stream: TimedStream, reader: TimedReader, index: number): void {
  const name = `${reader.kind}-${index}`;
  switch (reader.kind) {
    case 'all':
      stream.collect(`out-${index}`);
      return;
    case 'timers':
      finish(withTimers(stream, reader, name), reader.second, index);
      return;
    case 'count':
      finish(counts(stream, reader, name), undefined, index);
      return;
    default:
      finish(reader.by === 'key' ? byKey(stream, reader, name) : byTeam(stream, reader, name), reader.second, index);
  }
}

type OfTime = Extract<TimedReader, { readonly kind: 'sliced' | 'session' }>;

const windowOf = (reader: OfTime) =>
  reader.kind === 'session'
    ? session({ gapMs: reader.gapMs })
    : sliding({ sizeMs: reader.sizeMs, everyMs: reader.everyMs, offsetMs: reader.offsetMs });

const rowsOf = (key: string, start: number, end: number, rows: readonly Timed[], isInOrder: boolean): Result => ({
  key,
  all: '',
  start,
  end,
  tuples: rows.length,
  digest: rows.reduce(isInOrder ? chainTimed : gatherTimed, 0),
});

function byKey(stream: TimedStream, reader: OfTime, name: string): Results {
  const { parallelism, rows, combine, combineMs, emit } = reader;
  const windowed = stream.keyBy('key').window(windowOf(reader));
  if (rows)
    return windowed.process(
      name,
      { output: RESULT },
      ({ key, start, end }, tuples, give) => give(rowsOf(key, start, end, tuples, true)),
      { parallelism },
    );
  return windowed
    .aggregate(
      name,
      { tuples: countOf(), digest: gathered },
      { parallelism, combine, emit, ...(combineMs === undefined ? {} : { combineMs }) },
    )
    .map(`${name}-rows`, RESULT, ({ key, windowStart: start, windowEnd: end, tuples, digest }) => ({
      key,
      all: '',
      start,
      end,
      tuples,
      digest,
    }));
}

function byTeam(stream: TimedStream, reader: OfTime, name: string): Results {
  const { parallelism, rows, combine, combineMs, emit } = reader;
  const windowed = stream.keyBy('team').window(windowOf(reader));
  if (rows)
    return windowed.process(
      name,
      { output: RESULT },
      ({ team, start, end }, tuples, give) => give(rowsOf(team, start, end, tuples, false)),
      { parallelism },
    );
  return windowed
    .aggregate(
      name,
      { tuples: countOf(), digest: gathered },
      { parallelism, combine, emit, ...(combineMs === undefined ? {} : { combineMs }) },
    )
    .map(`${name}-rows`, RESULT, ({ team, windowStart: start, windowEnd: end, tuples, digest }) => ({
      key: team,
      all: '',
      start,
      end,
      tuples,
      digest,
    }));
}

function counts(stream: TimedStream, reader: Extract<TimedReader, { kind: 'count' }>, name: string): Results {
  const { size, every, rest, rows, parallelism } = reader;
  const windowed = stream.keyBy('key').window(count({ size, every, rest }));
  if (rows)
    return windowed.process(
      name,
      { output: RESULT },
      ({ key, start, end }, tuples, give) => give(rowsOf(key, start, end, tuples, true)),
      { parallelism },
    );
  return windowed
    .aggregate(name, { tuples: countOf(), digest: gathered }, { parallelism })
    .map(`${name}-rows`, RESULT, ({ key, tuples, digest }) => ({ key, all: '', start: 0, end: 0, tuples, digest }));
}

function withTimers(stream: TimedStream, reader: Extract<TimedReader, { kind: 'timers' }>, name: string): Results {
  const { sizeMs, echoes, poisonEvery, parallelism } = reader;
  return stream.keyBy('key').process(
    name,
    {
      state: { left: t.u32(), from: t.f64() },
      tables: { buckets: table({ start: t.f64() }, { tuples: t.u32(), digest: t.u32() }) },
      output: RESULT,
    },
    (tuple, { buckets }, _emit, { timers, time }) => {
      if (time !== tuple.at)
        throw new Error(`the time of ${tuple.key} ${tuple.number} is ${time} instead of ${tuple.at}`);
      const start = Math.floor(tuple.at / sizeMs) * sizeMs;
      const bucket = buckets.upsert(start);
      bucket.tuples += 1;
      bucket.digest = gatherTimed(bucket.digest, tuple);
      timers.at(Math.min(start + sizeMs, LATEST_MS), `${start}`);
    },
    {
      parallelism,
      onTimer: ({ key }, state, emit, { timers, timer: { name: of, atMs } }) => {
        if (of === 'echo') {
          emit({ key, all: '', start: state.from, end: atMs, tuples: 0, digest: state.left });
          state.left -= 1;
        } else {
          const start = Number(of);
          if (isPoisonBucket(poisonEvery, key, start)) throw new Error(`${key} ${start} is poison`);
          const { tuples = 0, digest = 0 } = state.buckets.get(start) ?? {};
          state.buckets.delete(start);
          emit({ key, all: '', start, end: atMs, tuples, digest });
          state.from = start;
          state.left = echoes;
          // Of some buckets none is to come.
          if (tuples % 3 === 0) {
            timers.cancel('echo');
            return;
          }
        }
        if (state.left > 0 && atMs + ECHO_MS <= LATEST_MS) timers.at(atMs + ECHO_MS, 'echo');
      },
    },
  );
}

function finish(results: Results, second: SecondStage | undefined, index: number | string): void {
  if (second === undefined) {
    results.collect(`out-${index}`);
    return;
  }
  const { by, sizeMs, parallelism } = second;
  results.split(
    (branch) => branch.collect(`out-${index}`),
    (branch) =>
      branch
        .keyBy(by)
        .window(sliding({ sizeMs, everyMs: sizeMs }))
        .aggregate(`second-${index}`, { tuples: countOf(), digest: gatheredResults }, { parallelism })
        .map(`second-${index}-rows`, RESULT, (row) => ({
          key: String((row as Readonly<Record<string, unknown>>)[by]),
          all: '',
          start: row.windowStart,
          end: row.windowEnd,
          tuples: row.tuples,
          digest: row.digest,
        }))
        .collect(`second-out-${index}`),
  );
}
