// Flows whose operator awaits: what it is asked, and how it answers, comes from params.

import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { dataflow, type FailurePolicy, type RequestContext, t } from '../../../src/index.ts';
import { generate } from '../../../src/sources.ts';
import { late } from './crash-cases.ts';
import { type Trap, trapsAt } from './traps.ts';

export interface RequestParams {
  readonly count: number;
  readonly capacity?: number;
  readonly ordered?: boolean | 'key';
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
  /** Traps in the closure, before it gives a promise; and in its promise. */
  readonly traps?: readonly Trap<'ask' | 'later'>[];
  readonly shots?: SharedArrayBuffer;
  /** A file that gets a line for each attempt, and with `logsEnds` for each result. */
  readonly log?: string;
  readonly logsEnds?: boolean;
}

const IN = { n: t.u32(), key: t.u32() };
const OUT = { n: t.u32(), key: t.u32(), id: t.string() };

/** A number that looks random, and is the same for the same n. */
export const scattered = (n: number): number => (Math.imul(n, 0x9e3779b1) >>> 16) / 65536;

export const fails = (n: number, failing = 0): boolean => failing > 0 && n % failing === failing - 1;

async function answer(
  n: number,
  id: string,
  params: RequestParams,
  later: (n: number) => void,
): Promise<{ n: number; key: number; id: string }> {
  const { delayMs = 0, failing, failsBy = 'rejecting' } = params;
  const ms = Math.floor(scattered(n) * (delayMs + 1));
  if (ms > 0) await sleep(ms);
  later(n);
  if (params.log !== undefined && params.logsEnds) appendFileSync(params.log, `${n} end\n`);
  const isBad = fails(n, failing);
  if (isBad && failsBy === 'rejecting') throw new RangeError(`no ${n} here`);
  return { n: isBad && failsBy === 'bad field' ? -1 : n, key: n % 7, id };
}

export const requests = dataflow(import.meta.url, 'requests', (flow, params: RequestParams) => {
  const traps = trapsAt(['ask', 'later'], params);
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
      ({ n }, { idempotencyKey, attempt }) => {
        if (params.log !== undefined) appendFileSync(params.log, `${n} ${idempotencyKey} ${attempt}\n`);
        if (failsBy === 'throwing' && fails(n, failing)) throw new RangeError(`no ${n} here`);
        traps.ask(n);
        return answer(n, idempotencyKey, params, traps.later);
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

export interface SilenceParams {
  readonly count: number;
  /** Of the tuples, those whose requests never settle by themselves: each nth. */
  readonly silent: number;
  readonly capacity?: number;
  readonly timeoutMs?: number;
  readonly retries?: number;
  /** Counts attempts that have begun, and those that were aborted. */
  readonly seen: SharedArrayBuffer;
}

export const SilenceCell = { begun: 0, aborted: 1, beside: 2 } as const;

/** Requests that never settle, and another stream on the same worker. */
export const silence = dataflow(import.meta.url, 'silence', (flow, params: SilenceParams) => {
  const { count, silent, capacity, timeoutMs, retries } = params;
  const cells = new Int32Array(params.seen);
  const add = (cell: number): void => void Atomics.add(cells, cell, 1);
  const ask = ({ n }: { n: number }, { signal }: RequestContext): Promise<{ n: number }> | { n: number } => {
    add(SilenceCell.begun);
    if (!fails(n, silent)) return { n };
    return new Promise((_, reject) => {
      signal.addEventListener('abort', () => {
        add(SilenceCell.aborted);
        reject(signal.reason);
      });
    });
  };
  const source = (name: string, tuples: number) =>
    flow.source(
      name,
      generate({ n: t.u32() }, (n) => ({ n }), { count: tuples }),
    );
  const asked = source('numbers', count)
    .mapAsync('ask', { n: t.u32() }, ask, { capacity, timeoutMs, retries, backoffMs: 1 })
    .collect('out');
  const beside = source('others', 5000).forEach('beside', () => add(SilenceCell.beside), { fuse: false });
  return [asked, beside];
});

/** Of each tuple as many as its number says, up to 100; then each again, one by one. */
export const several = dataflow(import.meta.url, 'several', (flow, { count }: { count: number }) =>
  flow
    .source(
      'numbers',
      generate({ n: t.u32() }, (n) => ({ n }), { count }),
    )
    .flatMapAsync('several', { n: t.u32(), i: t.u32() }, async function several({ n }) {
      await sleep(scattered(n) * 5);
      return partsOf(n);
    })
    .mapAsync('again', { n: t.u32(), i: t.u32() }, ({ n, i }) => (i % 2 === 0 ? { n, i } : Promise.resolve({ n, i })), {
      capacity: 32,
    })
    .collect('out'),
);

/** How many tuples `several` makes of a number. */
export const partCount = (n: number): number => [0, 1, 100, 3][n % 4];

function* partsOf(n: number): Generator<{ n: number; i: number }> {
  for (let i = 0; i < partCount(n); i++) yield { n, i };
}

/** Results that come at once, after some turns of the microtasks, or at a retry: nothing of it is left to the machine's clock. */
export const untimed = dataflow(
  import.meta.url,
  'untimed',
  (flow, { count, ordered, parallelism }: Pick<RequestParams, 'count' | 'ordered' | 'parallelism'>) =>
    flow
      .source(
        'numbers',
        generate(IN, (n) => ({ n, key: n % 50 }), { count }),
      )
      .keyBy('key')
      .mapAsync(
        'ask',
        OUT,
        ({ n, key }, { attempt, idempotencyKey: id }) => {
          if (n % 10 === 3 && attempt === 1) throw new Error('not now');
          if (n % 25 === 7) throw new Error('never');
          return n % 4 === 0 ? { n, key, id } : late({ n, key, id }, n % 5);
        },
        { capacity: 8, ordered, parallelism, retries: 1, backoffMs: 20 },
      )
      .collect('out'),
);

export interface HotParams {
  readonly count: number;
  readonly capacity: number;
  readonly parallelism?: number;
  /** How long a request of the hot key takes; others take none. */
  readonly hotMs: number;
  /** Of the requests of each key: those in flight now, and most that ever were. */
  readonly inFlight: SharedArrayBuffer;
  readonly most: SharedArrayBuffer;
}

export const HOT_KEYS = 20;
/** Nine in ten tuples have the key 0. */
export const hotKeyOf = (n: number): number => (n % 10 === 0 ? 1 + ((n / 10) % (HOT_KEYS - 1)) : 0);

/** Requests of which most have one key, whose service sees how many there are at a time. */
export const hot = dataflow(import.meta.url, 'hot', (flow, params: HotParams) => {
  const { count, capacity, parallelism, hotMs } = params;
  const inFlight = new Int32Array(params.inFlight);
  const most = new Int32Array(params.most);
  return flow
    .source(
      'numbers',
      generate(IN, (n) => ({ n, key: hotKeyOf(n) }), { count }),
    )
    .keyBy('key')
    .flatMapAsync(
      'ask',
      { n: t.u32(), key: t.u32() },
      async ({ n, key }) => {
        const now = Atomics.add(inFlight, key, 1) + 1;
        if (now > Atomics.load(most, key)) Atomics.store(most, key, now);
        await sleep(key === 0 ? hotMs : 1);
        Atomics.sub(inFlight, key, 1);
        return [{ n, key }];
      },
      { capacity, ordered: 'key', parallelism },
    )
    .collect('out');
});
