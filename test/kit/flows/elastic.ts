// Flows whose operators change their replicas while they run.
// Workers import this module too: it declares, and runs nothing.

import { dataflow, t, table } from '../../../src/index.ts';
import { generate } from '../../../src/sources.ts';

export interface ElasticParams {
  readonly tuples: number;
  readonly keys: number;
  readonly max: number;
  readonly start?: number;
  readonly ratePerSecond?: number;
  /** How long a tuple takes in the first operator, in milliseconds. */
  readonly workMs?: number;
}

/** Counts per key in an elastic operator, and again in one behind it: `seq` is the n-th of its key, from 0 on. */
export const counting = dataflow(import.meta.url, 'counting', (flow, params: ElasticParams) => {
  const { tuples, keys, max, start = 1, ratePerSecond, workMs = 0 } = params;
  const parallelism = { max, start };
  return flow
    .source(
      'numbers',
      generate({ key: t.u32(), seq: t.u32() }, (i) => ({ key: i % keys, seq: Math.floor(i / keys) }), {
        count: tuples,
        ...(ratePerSecond !== undefined && { ratePerSecond }),
      }),
    )
    .keyBy('key')
    .process(
      'count',
      {
        state: { count: t.u32(), twice: t.f64() },
        output: { key: t.u32(), seq: t.u32(), count: t.u32(), inOrder: t.bool() },
      },
      ({ key, seq }, state, emit) => {
        const inOrder = state.count === seq;
        state.count += 1;
        for (const untilMs = performance.now() + workMs; performance.now() < untilMs; );
        state.twice += 2;
        emit({ key, seq, count: state.count, inOrder });
      },
      { parallelism },
    )
    .keyBy('key')
    .process(
      'check',
      { state: { next: t.u32(), wrong: t.u32() }, output: { key: t.u32(), count: t.u32(), wrong: t.u32() } },
      ({ seq, count, inOrder }, state) => {
        if (seq !== state.next || count !== seq + 1 || !inOrder) state.wrong += 1;
        state.next = seq + 1;
      },
      { parallelism, end: ({ key }, { next, wrong }, emit) => emit({ key, count: next, wrong }) },
    )
    .collect('counts');
});

export interface CallingParams {
  readonly calls: number;
  readonly max: number;
  /** How long each call waits, without using the processor. */
  readonly waitMs: number;
}

/** Waits for something outside of the process for each tuple, whatever their order. */
export const calling = dataflow(import.meta.url, 'calling', (flow, { calls, max, waitMs }: CallingParams) => {
  const nothing = new Int32Array(new SharedArrayBuffer(4));
  return flow
    .source(
      'numbers',
      generate({ n: t.u32() }, (n) => ({ n }), { count: calls }),
    )
    .unordered()
    .map(
      'call',
      { n: t.u32() },
      ({ n }) => {
        Atomics.wait(nothing, 0, 0, waitMs);
        return { n };
      },
      { parallelism: { max } },
    )
    .collect('answers');
});

export interface TextsParams extends ElasticParams {
  /** Of each key: the next place that the sink expects, and how often another one came. Shared by all its replicas. */
  readonly seen: SharedArrayBuffer;
}

/** A key that has been counted so often is removed. */
export const TEXTS_LIFE = 5;
export const textOf = (key: number): string => `${'key '.repeat(1 + (key % 5))}${key}${key % 7 === 0 ? ' é海' : ''}`;

/** Text keys, a stateless operator with a range, tables, keys that are removed, and a sink with several replicas. */
export const texts = dataflow(import.meta.url, 'texts', (flow, params: TextsParams) => {
  const { tuples, keys, max, ratePerSecond, seen } = params;
  const places = new Int32Array(seen, 0, keys);
  const wrong = new Int32Array(seen, keys * 4, keys);
  flow
    .source(
      'numbers',
      generate(
        { text: t.string(), key: t.u32(), seq: t.u32() },
        (i) => ({ text: textOf(i % keys), key: i % keys, seq: Math.floor(i / keys) }),
        { count: tuples, ...(ratePerSecond !== undefined && { ratePerSecond }) },
      ),
    )
    .keyBy('text')
    .map('tag', { text: t.string(), key: t.u32(), seq: t.u32() }, (tuple) => tuple, { parallelism: { max } })
    .keyBy('text')
    .process(
      'count',
      {
        state: { count: t.u32(), last: t.string() },
        tables: { recent: table({ place: t.u32() }, { seq: t.u32() }) },
        output: { text: t.string(), key: t.u32(), seq: t.u32(), isRight: t.bool() },
      },
      ({ text, key, seq }, state, emit, context) => {
        const place = seq % TEXTS_LIFE;
        const isKnown = state.count === place && state.recent.size === place;
        const isRight = isKnown && text === textOf(key) && state.last === (place === 0 ? '' : `${text} ${seq - 1}`);
        state.count += 1;
        state.last = `${text} ${seq}`;
        state.recent.upsert(place).seq = seq;
        if (place === TEXTS_LIFE - 1) context.remove();
        emit({ text, key, seq, isRight });
      },
      { parallelism: { max } },
    )
    .keyBy('key')
    .forEach(
      'sink',
      ({ key, seq, isRight }) => {
        if (Atomics.load(places, key) !== seq || !isRight) Atomics.add(wrong, key, 1);
        Atomics.store(places, key, seq + 1);
      },
      { parallelism: { max } },
    );
});
