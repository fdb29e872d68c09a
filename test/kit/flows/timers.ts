// Flows whose keys have timers.

import assert from 'node:assert/strict';
import { dataflow, t, table } from '../../../src/index.ts';
import { generate, push } from '../../../src/sources.ts';

/** What a tuple does with a timer of its key: sets it for a time, sets it by a span, takes it back, forgets the key, or fails. */
export const TIMER_ORDERS = ['at', 'after', 'cancel', 'remove', 'count'] as const;

/**
 * Tuples order timers, and each one that fires is emitted with what its key has counted. Names: 'again' sets itself once more 10 ms
 * later; 'chain' sets 'link' for the same time; 'throws' fails; 'last' removes its key.
 */
export const alarms = dataflow(import.meta.url, 'alarms', (flow, { parallelism = 1 }: { parallelism?: number } = {}) =>
  flow
    .source('orders', push({ key: t.string(), order: t.enum(...TIMER_ORDERS), name: t.string(), ms: t.f64() }))
    .keyBy('key')
    .process(
      'alarms',
      {
        state: { tuples: t.u32(), fired: t.u32() },
        output: { key: t.string(), name: t.string(), atMs: t.f64(), nowMs: t.f64(), fired: t.u32(), tuples: t.u32() },
      },
      ({ order, name, ms }, state, _emit, { timers, remove }) => {
        state.tuples += 1;
        if (order === 'at') timers.at(ms, name);
        else if (order === 'after') timers.after(ms, name);
        else if (order === 'cancel') timers.cancel(name);
        else if (order === 'remove') remove();
      },
      {
        parallelism,
        onTimer({ key }, state, emit, { timer: { name, atMs }, timers, remove }) {
          if (name === 'throws') throw new RangeError(`no timer of ${key}`);
          state.fired += 1;
          emit({ key, name, atMs, nowMs: timers.now(), fired: state.fired, tuples: state.tuples });
          if (name === 'again' && state.fired < 5) timers.at(atMs + 10, name);
          if (name === 'chain') timers.at(atMs, 'link');
          if (name === 'last') remove();
        },
        end({ key }, state, emit) {
          emit({ key, name: 'end', atMs: -1, nowMs: -1, fired: state.fired, tuples: state.tuples });
        },
      },
    )
    .map(
      'shown',
      { key: t.string(), name: t.string(), atMs: t.f64(), nowMs: t.f64(), fired: t.u32(), tuples: t.u32() },
      (tuple) => {
        if (tuple.name === 'unshown') throw new RangeError('not to be shown');
        return tuple;
      },
    )
    .collect('fired'),
);

/** What becomes of a timer. Of the one without a name of a key: that it has fired, and at the end whether it did since it was set. */
export const FATES = ['fired', 'cancelled', 'pending', 'quiet', 'was quiet', 'was not quiet'] as const;

export interface KeptTimersParams {
  readonly count: number;
  readonly keys: number;
  /** Timers are set for up to so long. */
  readonly longestMs: number;
  readonly parallelism?: number | { readonly max: number };
  /** A point at which the thread may die. */
  readonly point?: () => void;
  /** The test's clock: timers that are long overdue at the end are an error. */
  readonly now?: () => number;
  /** What a tuple takes of the test's clock. */
  readonly tick?: () => void;
}

/** How long tuple n's timer takes: any time, and now and then that of others. */
const spanOf = (n: number, longestMs: number): number => (n % 5 === 0 ? longestMs >> 1 : (n * 7919) % longestMs);

/**
 * Every tuple sets a timer by its number, and moves the one without a name of its key; every third takes back the one of two tuples
 * before. What becomes of each is emitted, and told by state of the flow's own, which must agree.
 */
export const keptTimers = dataflow(
  import.meta.url,
  'kept-timers',
  (flow, { count, keys, longestMs, parallelism = 1, point, now, tick }: KeptTimersParams) =>
    flow
      .source(
        'numbers',
        generate({ key: t.string(), n: t.u32() }, (n) => ({ key: `key ${(n * 31) % keys}`, n }), { count }),
      )
      .keyBy('key')
      .process(
        'timed',
        {
          state: { last: t.u32(), before: t.u32(), dueMs: t.f64() },
          tables: { due: table({ n: t.u32() }, { atMs: t.f64() }) },
          output: { key: t.string(), what: t.enum(...FATES), n: t.i32() },
        },
        ({ key, n }, state, emit, { timers }) => {
          point?.();
          tick?.();
          const atMs = Math.ceil(timers.now() + spanOf(n, longestMs));
          timers.at(atMs, String(n));
          if (timers.due(String(n)) !== atMs) throw new Error(`timer ${n} is not due when it was set for`);
          state.due.upsert(n).atMs = atMs;
          state.dueMs = Math.ceil(timers.now() + longestMs);
          timers.at(state.dueMs);
          if (n % 3 === 0 && state.before > 0) {
            const cancelled = state.before - 1;
            const wasThere = state.due.delete(cancelled);
            if (timers.cancel(String(cancelled)) !== wasThere) throw new Error(`timer ${cancelled} is kept otherwise`);
            if (wasThere) emit({ key, what: 'cancelled', n: cancelled });
          }
          state.before = state.last;
          state.last = n + 1;
        },
        {
          parallelism,
          onTimer({ key }, state, emit, { timer: { name, atMs }, timers }) {
            point?.();
            if (timers.now() < atMs) throw new Error(`timer '${name}' fires before its time`);
            if (name === '') {
              if (atMs !== state.dueMs) throw new Error('the timer that was moved fires at another time');
              state.dueMs = 0;
              emit({ key, what: 'quiet', n: state.last - 1 });
              return;
            }
            const n = Number(name);
            if (state.due.get(n)?.atMs !== atMs) throw new Error(`timer ${n} fires though it was not set for ${atMs}`);
            state.due.delete(n);
            emit({ key, what: 'fired', n });
          },
          end({ key }, state, emit) {
            for (const { n, atMs } of state.due) {
              if (now !== undefined && atMs < now() - FORGOTTEN_MS) throw new Error(`timer ${n} was forgotten`);
              emit({ key, what: 'pending', n });
            }
            emit({ key, what: state.dueMs === 0 ? 'was quiet' : 'was not quiet', n: state.last - 1 });
          },
        },
      )
      .collect('fates'),
);

/** So long takes no sweep of a test over the keys at the end. */
const FORGOTTEN_MS = 40;

export interface Fate {
  readonly key: string;
  readonly what: (typeof FATES)[number];
  readonly n: number;
}

/** Fails unless each timer has had one fate, and what a key's timer without a name has done agrees with its tuples. */
export function assertFates(fates: readonly Fate[], { count, keys }: Pick<KeptTimersParams, 'count' | 'keys'>): void {
  const named = fates.filter(({ what }) => what === 'fired' || what === 'cancelled' || what === 'pending');
  assert.deepEqual(
    named.map(({ n }) => n).sort((a, b) => a - b),
    Array.from({ length: count }, (_, n) => n),
    'each timer fires, is cancelled or is pending at the end, once',
  );
  const byKey = new Map<string, Fate[]>();
  for (const fate of fates) byKey.set(fate.key, [...(byKey.get(fate.key) ?? []), fate]);
  assert.equal(byKey.size, Math.min(keys, count));
  for (const [key, ofKey] of byKey) {
    const quiet = ofKey.filter(({ what }) => what === 'quiet').map(({ n }) => n);
    assert.equal(new Set(quiet).size, quiet.length, `the timer of '${key}' fires once for a tuple`);
    const [end] = ofKey.filter(({ what }) => what === 'was quiet' || what === 'was not quiet');
    assert.equal(
      end.what === 'was quiet',
      quiet.includes(end.n),
      `'${key}' was quiet at its end if its timer has fired`,
    );
  }
}
