// Goal: a context goes as far as operators hand on its field; a flow that names no field, and a run without a provider, have the graph and
// the closures that they had, and so the generated code, too.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { count } from '../../src/aggregates.ts';
import { buildGraph } from '../../src/flow/dataflow.ts';
import type { Graph } from '../../src/flow/graph.ts';
import { readsContexts } from '../../src/flow/traces/trace-fields.ts';
import { type TraceRecorder, tracedGraph } from '../../src/flow/traces/traced-graph.ts';
import { dataflow, MillraceError, t } from '../../src/index.ts';
import { push } from '../../src/sources.ts';

const ORDER = { id: t.u32(), traceparent: t.optional(t.string()) };
const same = <Tuple>(tuple: Tuple): Tuple => tuple;

const flowOf = (isMarked: boolean) =>
  dataflow(import.meta.url, 'orders', (flow) => {
    const orders = flow.source('orders', push(ORDER));
    const marked = isMarked ? orders.withTraceContext('traceparent') : orders;
    const [checked] = marked.map('check', ORDER, same).split(
      (each) => each.filter('large', ({ id }) => id > 10),
      (each) => each.map('ids', { id: t.u32() }, ({ id }) => ({ id })).forEach('end', () => {}),
    );
    checked
      .keyBy('id')
      .process('count', { state: { n: t.u32() }, output: ORDER }, (order, state, emit) => {
        state.n += 1;
        emit(order);
      })
      .keyBy('id')
      .aggregate('sums', { orders: count() })
      .collect('out');
  });

const fieldsOf = ({ operators }: Graph): Record<string, (string | undefined)[]> =>
  Object.fromEntries(
    operators.flatMap(({ name, inputs }) =>
      inputs.some(({ traceField }) => traceField) ? [[name, inputs.map(({ traceField }) => traceField)]] : [],
    ),
  );

test('the field goes with the tuples as far as operators hand it on', () => {
  const graph = buildGraph(flowOf(true), {});
  assert.deepEqual(Object.keys(fieldsOf(graph)), ['check', 'large', 'ids', 'count', 'sums']);
  assert.ok(readsContexts(graph.operators));
});

test('a flow that names no field has none, and is the same to all threads as one that does', () => {
  const graph = buildGraph(flowOf(false), {});
  assert.deepEqual(fieldsOf(graph), {});
  assert.equal(readsContexts(graph.operators), false);
  assert.equal(graph.fingerprint, buildGraph(flowOf(true), {}).fingerprint);
});

const closures = ({ operators }: Graph): unknown[] =>
  operators.flatMap(({ inputs }) => inputs.map(({ closure }) => closure));

test('without a recorder closures are those of the app; with one only those that get the field are others', () => {
  const recorder: TraceRecorder = { now: () => 0, took: () => {}, bad: () => {} };
  const graph = buildGraph(flowOf(true), {});
  const traced = tracedGraph(graph, recorder);
  const before = closures(graph);
  const changed = closures(traced).map((closure, index) => closure !== before[index]);
  const names = graph.operators.flatMap(({ name, inputs }) => inputs.map(() => name));
  assert.equal(before[0], same, 'the closure as the app has it');
  assert.deepEqual(
    names.filter((_, index) => changed[index]),
    ['check', 'large', 'ids', 'count'],
  );
  const plain = buildGraph(flowOf(false), {});
  assert.deepEqual(closures(tracedGraph(plain, recorder)), closures(plain));
});

test('a field that is no text, and one that is not there, are refused with those that are', () => {
  for (const field of ['id', 'nothing', undefined]) {
    const flow = dataflow(import.meta.url, 'bad', (builder) =>
      builder
        .source('orders', push(ORDER))
        .withTraceContext(field as never)
        .collect('out'),
    );
    assert.throws(
      () => buildGraph(flow, {}),
      (error) =>
        error instanceof MillraceError && error.code === 'BAD_OPTION' && error.message.includes("one of 'traceparent'"),
    );
  }
});
