// A flow with every kind of operator, fused with the one before it or in an actor of its own, and traps in all of them.
// Workers import this module too: it declares, and runs nothing.

import { dataflow, t } from '../../../src/index.ts';
import { writeLines } from '../../../src/sinks.ts';
import { generate } from '../../../src/sources.ts';
import { type Traps, trapsAt } from './traps.ts';

const PLACES = [
  'numbers',
  'mapped',
  'filtered',
  'copied',
  'counted',
  'again',
  'noted',
  'seen',
  'lines',
  'sink',
] as const;
export type PoisonPlace = (typeof PLACES)[number];

export interface PoisonParams extends Traps<PoisonPlace> {
  readonly count: number;
  readonly keys: number;
  readonly fuse: boolean;
  /** An int32 per tuple: how often `seen` has seen it. */
  readonly seen: SharedArrayBuffer;
  readonly sinkPath: string;
}

/** Each number becomes two copies, which are counted by key, noted in `seen`, and written as lines. */
export const poison = dataflow(import.meta.url, 'poison', (flow, params: PoisonParams) => {
  const { count, keys, fuse, sinkPath } = params;
  const seen = new Int32Array(params.seen);
  const trap = trapsAt(PLACES, params);
  const copy = { n: t.u32(), copy: t.u8() };
  const copies = flow
    .source(
      'numbers',
      generate(
        { n: t.u32() },
        (n) => {
          trap.numbers(n);
          return { n };
        },
        { count },
      ),
    )
    .map(
      'mapped',
      { n: t.u32() },
      ({ n }) => {
        trap.mapped(n);
        return { n };
      },
      { fuse },
    )
    .filter(
      'filtered',
      ({ n }) => {
        trap.filtered(n);
        return true;
      },
      { fuse },
    )
    .flatMap(
      'copied',
      copy,
      ({ n }, emit) => {
        emit({ n, copy: 0 });
        trap.copied(n);
        emit({ n, copy: 1 });
      },
      { fuse },
    );
  copies
    .map(
      'noted',
      copy,
      (tuple) => {
        if (tuple.copy === 1) trap.noted(tuple.n);
        return tuple;
      },
      { fuse },
    )
    .forEach(
      'seen',
      (tuple) => {
        if (tuple.copy === 1) trap.seen(tuple.n);
        Atomics.add(seen, tuple.n * 2 + tuple.copy, 1);
      },
      { fuse },
    );
  copies
    .map(
      'lines',
      copy,
      (tuple) => {
        if (tuple.copy === 1) trap.lines(tuple.n);
        return tuple;
      },
      { fuse },
    )
    .to(
      'sink',
      writeLines(sinkPath, (tuple) => {
        if (tuple.copy === 1) trap.sink(tuple.n);
        return `${tuple.n} ${tuple.copy}`;
      }),
      { fuse },
    );
  return copies
    .map('keyed', { ...copy, key: t.u32() }, (tuple) => ({ ...tuple, key: tuple.n % keys }), { fuse })
    .keyBy('key')
    .process(
      'counted',
      { state: { count: t.u32() }, output: { ...copy, count: t.u32() } },
      ({ n, copy }, state, emit) => {
        state.count += 1;
        emit({ n, copy, count: state.count });
        if (copy === 1) trap.counted(n);
      },
    )
    .flatMap(
      'again',
      { ...copy, count: t.u32() },
      (tuple, emit) => {
        emit(tuple);
        if (tuple.copy === 1) trap.again(tuple.n);
      },
      { fuse },
    )
    .collect('out');
});

export interface MergedParams extends Traps<'counted'> {
  readonly count: number;
  readonly keys: number;
  readonly parallelism: number;
}

/** Even numbers from one source and odd ones from another, as one stream. */
export const merged = dataflow(import.meta.url, 'merged', (flow, params: MergedParams) => {
  const { count, keys, parallelism } = params;
  const trap = trapsAt(['counted'], params);
  const fields = { n: t.u32(), key: t.string() };
  const numbers = (name: string, first: number) =>
    flow.source(
      name,
      generate(fields, (i) => ({ n: 2 * i + first, key: `key-${i % keys}` }), { count }),
    );
  return numbers('even', 0)
    .merge(numbers('odd', 1))
    .keyBy('key')
    .process(
      'counted',
      { state: { count: t.u32() }, output: { ...fields, count: t.u32() } },
      ({ n, key }, state, emit) => {
        state.count += 1;
        emit({ n, key, count: state.count });
        trap.counted(n);
      },
      { parallelism },
    )
    .collect('out');
});
