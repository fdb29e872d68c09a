// Kinds of operators that the library does not have, each with two inputs and two outputs: one with state, one with a step.

import type { FlowBuilder } from '../../../src/flow/dataflow.ts';
import type { OperatorKind } from '../../../src/flow/kinds/kind.ts';
import { checkOperator } from '../../../src/flow/operator-options.ts';
import { Stream } from '../../../src/flow/stream.ts';
import { dataflow, t } from '../../../src/index.ts';
import { Schema, type Shape } from '../../../src/mailbox/schema.ts';
import { generate } from '../../../src/sources.ts';

/** Tuples of two streams that meet the state of their key. */
const pair: OperatorKind = { name: 'pair', role: 'operator', place: 'worker' };

/** Hands tuples of two streams on, crosswise, without a closure. */
const cross: OperatorKind = {
  name: 'cross',
  role: 'operator',
  place: 'worker',
  step: ({ enter, run, closure, tuple, emit }) => `${enter} ${run(`${closure}(${tuple}, ${emit})`)}`,
};

const LEFT = { key: t.u32(), n: t.u32() };
const RIGHT = { text: t.string(), key: t.u32() };
const SEEN = { key: t.u32(), side: t.string(), value: t.string(), nth: t.u32() };
const TOTAL = { key: t.u32(), left: t.u32(), right: t.u32() };

interface Params {
  count: number;
  keys: number;
  parallelism: number;
}

const outputOf = (name: string, shape: Shape) => ({ name, schema: Schema.of(shape, name) });

interface Counts {
  left: number;
  right: number;
}
interface PairEmit {
  seen(tuple: { key: number; side: string; value: string; nth: number }): void;
  totals(tuple: { key: number; left: number; right: number }): void;
}

function sidesOf(flow: FlowBuilder, { count, keys }: Params): [Stream<typeof LEFT>, Stream<typeof RIGHT>] {
  const left = flow.source(
    'left',
    generate(LEFT, (n) => ({ key: (n * 31) % keys, n }), { count }),
  );
  const right = flow.source(
    'right',
    generate(RIGHT, (n) => ({ text: `text-${n}`, key: (n * 17) % keys }), { count }),
  );
  return [left, right];
}

export const paired = dataflow(import.meta.url, 'paired', (flow, params: Params) => {
  const [left, right] = sidesOf(flow, params);
  const node = flow.graph.operator(
    'pair',
    pair,
    [
      left.keyBy('key').asInput(({ key, n }: { key: number; n: number }, state: Counts, emit: PairEmit) => {
        emit.seen({ key, side: 'left', value: String(n), nth: ++state.left });
      }),
      right.keyBy('key').asInput(({ key, text }: { key: number; text: string }, state: Counts, emit: PairEmit) => {
        emit.seen({ key, side: 'right', value: text, nth: ++state.right });
      }),
    ],
    [outputOf('seen', SEEN), outputOf('totals', TOTAL)],
    checkOperator('pair', { parallelism: params.parallelism }),
    {
      state: { left: t.u32(), right: t.u32() },
      end: ({ key }: { key: number }, { left, right }: Counts, emit: PairEmit) => emit.totals({ key, left, right }),
    },
  );
  return [
    Stream.of<typeof SEEN, unknown>(flow.graph, node, 0).collect('seen'),
    Stream.of<typeof TOTAL, unknown>(flow.graph, node, 1)
      .filter('used', ({ left, right }) => left + right > 0)
      .collect('totals'),
  ];
});

interface CrossEmit {
  ofLeft(tuple: { n: number }): void;
  ofRight(tuple: { text: string }): void;
}

export const crossed = dataflow(import.meta.url, 'crossed', (flow, params: Params) => {
  const [left, right] = sidesOf(flow, params);
  const node = flow.graph.operator(
    'cross',
    cross,
    [
      left.asInput(({ n }: { n: number }, emit: CrossEmit) => emit.ofLeft({ n })),
      right.asInput(({ text }: { text: string }, emit: CrossEmit) => {
        if (text.endsWith('77')) throw new Error(`no ${text}`);
        emit.ofRight({ text });
      }),
    ],
    [outputOf('ofLeft', { n: t.u32() }), outputOf('ofRight', { text: t.string() })],
    checkOperator('cross', {}),
  );
  const doubled = Stream.of<{ n: typeof LEFT.n }, unknown>(flow.graph, node, 0).map(
    'double',
    { n: t.u32() },
    ({ n }) => ({ n: 2 * n }),
  );
  return [
    doubled.collect('lefts'),
    Stream.of<{ text: typeof RIGHT.text }, unknown>(flow.graph, node, 1).collect('rights'),
  ];
});

export const keyedApart = dataflow(import.meta.url, 'keyed-apart', (flow, params: Params) => {
  const [left, right] = sidesOf(flow, params);
  const node = flow.graph.operator(
    'pair',
    pair,
    [left.keyBy('key').asInput(() => {}), right.keyBy('text').asInput(() => {})],
    [],
    checkOperator('pair', {}),
    { state: { left: t.u32() } },
  );
  return node.name;
});
