// Flows whose operator awaits: what it is asked, and how it answers, comes from params.

import { setTimeout as sleep } from 'node:timers/promises';
import { dataflow, type FailurePolicy, t } from '../../../src/index.ts';
import { generate } from '../../../src/sources.ts';

export interface RequestParams {
  readonly count: number;
  readonly capacity?: number;
  readonly ordered?: boolean;
  readonly parallelism?: number | { readonly min: number; readonly max: number };
  /** How replicas share the tuples. */
  readonly by?: 'key' | 'place';
  /** Requests take up to so many milliseconds. */
  readonly delayMs?: number;
  readonly fuse?: boolean;
  /** Of the tuples, those that fail: each nth. */
  readonly failing?: number;
  /** What fails: the promise, the closure itself, the field of the result, or an operator behind. */
  readonly failsBy?: 'rejecting' | 'throwing' | 'bad field' | 'behind';
  readonly failure?: FailurePolicy;
  readonly retries?: number;
  readonly ratePerSecond?: number;
}

const IN = { n: t.u32(), key: t.u32() };
const OUT = { n: t.u32(), key: t.u32(), id: t.string() };

/** A number that looks random, and is the same for the same n. */
export const scattered = (n: number): number => (Math.imul(n, 0x9e3779b1) >>> 16) / 65536;

export const fails = (n: number, failing = 0): boolean => failing > 0 && n % failing === failing - 1;

async function answer(n: number, id: string, params: RequestParams): Promise<{ n: number; key: number; id: string }> {
  const { delayMs = 0, failing, failsBy = 'rejecting' } = params;
  const ms = Math.floor(scattered(n) * (delayMs + 1));
  if (ms > 0) await sleep(ms);
  const isBad = fails(n, failing);
  if (isBad && failsBy === 'rejecting') throw new RangeError(`no ${n} here`);
  return { n: isBad && failsBy === 'bad field' ? -1 : n, key: n % 7, id };
}

export const requests = dataflow(import.meta.url, 'requests', (flow, params: RequestParams) => {
  const { count, capacity, ordered, parallelism, by, failing, failsBy, failure, retries, fuse } = params;
  const numbers = flow.source(
    'numbers',
    generate(IN, (n) => ({ n, key: n % 50 }), { count, ratePerSecond: params.ratePerSecond }),
  );
  const shared = by === 'key' ? numbers.keyBy('key') : by === 'place' ? numbers.unordered() : numbers;
  return shared
    .mapAsync(
      'ask',
      OUT,
      ({ n }, { idempotencyKey }) => {
        if (failsBy === 'throwing' && fails(n, failing)) throw new RangeError(`no ${n} here`);
        return answer(n, idempotencyKey, params);
      },
      { capacity, ordered, parallelism, failure, retries, backoffMs: 1 },
    )
    .map(
      'behind',
      OUT,
      (tuple) => {
        if (failsBy === 'behind' && fails(tuple.n, failing)) throw new RangeError(`no ${tuple.n} here`);
        return tuple;
      },
      { fuse, failure },
    )
    .collect('out');
});
