// The flows of the `elasticity` suite: one that counts keys and notes how late tuples are, one that computes, one that waits
// for a service, one with skewed keys.
// Each has one elastic operator, 'work'.

import { dataflow, t } from '../../src/index.ts';
import { generate, push } from '../../src/sources.ts';
import { LatencyTrace } from './latency-trace.ts';

export interface CountedParams {
  readonly keys: number;
  /** Without it as many as the pipeline takes. */
  readonly ratePerSecond: number | undefined;
  /** The buffer of a {@link LatencyTrace}. */
  readonly trace: SharedArrayBuffer;
}

/** Multiplied by this odd number, indices come to all keys, and not in their order. */
const SCATTER = 0x9e3779b1;
/** Every so many tuples carry their time. */
const TIMED_EVERY = 16;

const epochMs = (): number => performance.timeOrigin + performance.now();

/** Counts each key in state; some tuples tell when they were made. */
export const countedFlow = dataflow(import.meta.url, 'elastic-count', (flow, params: CountedParams) => {
  const { keys, ratePerSecond } = params;
  const trace = new LatencyTrace(params.trace);
  const make = (index: number): { key: number; madeAtMs: number } => ({
    key: (Math.imul(index, SCATTER) >>> 0) % keys,
    madeAtMs: index % TIMED_EVERY === 0 ? epochMs() : 0,
  });
  flow
    .source('source', generate({ key: t.u32(), madeAtMs: t.f64() }, make, { ratePerSecond }))
    .keyBy('key')
    .process(
      'work',
      { state: { count: t.u32() } },
      ({ madeAtMs }, state) => {
        state.count += 1;
        if (madeAtMs !== 0) trace.add(madeAtMs, epochMs());
      },
      { parallelism: { max: 2 } },
    );
});

export interface BurningParams {
  /** Of {@link burn}, for each tuple: the same on every thread, whatever else it has to do when it starts. */
  readonly rounds: number;
  readonly max: number;
}

/** A computation of a length that does not depend on the clock: rounds of a hash. */
function burn(rounds: number, seed: number): number {
  let h = seed | 1;
  for (let i = 0; i < rounds; i++) h = Math.imul(h ^ (h >>> 15), 0x85ebca6b);
  return h;
}

const CALIBRATION_ROUNDS = 200_000;
const CALIBRATIONS = 50;

/** Rounds that take a microsecond here, about: by the quickest of several runs, which nothing has disturbed. */
export function roundsPerMicrosecond(): number {
  let quickestMs = Number.POSITIVE_INFINITY;
  for (let i = 0; i < CALIBRATIONS; i++) {
    const startedMs = performance.now();
    burn(CALIBRATION_ROUNDS, i);
    quickestMs = Math.min(quickestMs, performance.now() - startedMs);
  }
  return CALIBRATION_ROUNDS / (quickestMs * 1000);
}

/** Each tuple takes some time of a processor. */
export const burningFlow = dataflow(import.meta.url, 'elastic-burn', (flow, params: BurningParams) => {
  const { rounds, max } = params;
  flow
    .source(
      'source',
      generate({ key: t.u32() }, (key) => ({ key })),
    )
    .keyBy('key')
    .map('work', { hash: t.i32() }, ({ key }) => ({ hash: burn(rounds, key) }), {
      parallelism: { max },
    })
    .forEach('end', () => {});
});

const SOURCE_PARTITIONS = 4;

/** The same where tuples are made: the elastic operator is the source. */
export const burningSourceFlow = dataflow(import.meta.url, 'elastic-source', (flow, params: BurningParams) => {
  const { rounds, max } = params;
  const make = (index: number): { hash: number } => ({ hash: burn(rounds, index) });
  flow
    .source('work', generate({ hash: t.i32() }, make, { partitions: SOURCE_PARTITIONS }), { parallelism: { max } })
    .forEach('end', () => {});
});

export interface WaitingParams {
  readonly waitMs: number;
  readonly max: number;
  /** Without it, the app pushes. */
  readonly isEndless?: boolean;
}

const nothing = new Int32Array(new SharedArrayBuffer(4));

/** Each tuple waits for a service, outside the processor. */
export const waitingFlow = dataflow(import.meta.url, 'elastic-wait', (flow, params: WaitingParams) => {
  const fields = { key: t.u32(), madeAtMs: t.f64() };
  const endless = generate(fields, (key) => ({ key, madeAtMs: 0 }));
  return flow
    .source('source', params.isEndless === true ? endless : push(fields))
    .keyBy('key')
    .map(
      'work',
      { madeAtMs: t.f64() },
      ({ madeAtMs }) => {
        Atomics.wait(nothing, 0, 0, params.waitMs);
        return { madeAtMs };
      },
      { parallelism: { max: params.max } },
    )
    .collect('answers');
});

export interface ZipfParams {
  readonly keys: number;
  readonly exponent: number;
  readonly replicas: number;
  readonly ratePerSecond: number;
}

/** The distribution is drawn from so many quantiles of it. */
const QUANTILES = 1 << 18;

/** Key k, from 1 on, comes in proportion to 1 / k ** exponent. */
function zipfQuantiles(keys: number, exponent: number): Int32Array {
  let total = 0;
  for (let key = 1; key <= keys; key++) total += key ** -exponent;
  const quantiles = new Int32Array(QUANTILES);
  let key = 0;
  let upTo = 0;
  for (let i = 0; i < QUANTILES; i++) {
    while (upTo < (i + 0.5) / QUANTILES && key < keys) upTo += (++key) ** -exponent / total;
    quantiles[i] = key;
  }
  return quantiles;
}

/** Counts keys of a Zipf distribution. */
export const zipfFlow = dataflow(import.meta.url, 'elastic-zipf', (flow, params: ZipfParams) => {
  const { keys, exponent, replicas, ratePerSecond } = params;
  const quantiles = zipfQuantiles(keys, exponent);
  const make = (index: number): { key: number } => ({
    key: quantiles[Math.imul(index, SCATTER) >>> 14],
  });
  flow
    .source('source', generate({ key: t.u32() }, make, { ratePerSecond }))
    .keyBy('key')
    .process(
      'work',
      { state: { count: t.u32() } },
      (_tuple, state) => {
        state.count += 1;
      },
      { parallelism: { max: replicas, start: replicas } },
    );
});
