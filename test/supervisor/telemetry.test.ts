// Goal: where an app has registered OpenTelemetry's providers, what the supervisor did comes as spans, and the metrics of a job come when
// they are asked for, the final ones once; tuples of sampled traces have spans; where it has not, nothing is done and nothing kept.

import assert from 'node:assert/strict';
import { afterEach, before, test } from 'node:test';
import { metrics, trace } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { METRICS } from '../../src/supervisor/dashboard/metrics/metric-table.ts';
import { instrumentName } from '../../src/supervisor/telemetry/instruments.ts';
import { type TraceReport, TupleTraces } from '../../src/workers/tuple-traces.ts';
import { MARKUP, watched } from '../kit/flows/dashboard.ts';
import { traced } from '../kit/flows/traced.ts';
import { noThreadLeft, start, TIMEOUT, tuplesOf, until } from '../kit/run-flow.ts';

afterEach(noThreadLeft);

const OPTIONS = { workers: 1, maxWorkers: 2, spares: 1, notices: false, params: {} } as const;

const spans = new InMemorySpanExporter();
const values = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const reader = new PeriodicExportingMetricReader({ exporter: values, exportIntervalMillis: 3_600_000 });

before(() => {
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }));
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
});

/** The values of the latest collection, by instrument and operator. */
async function collected(): Promise<Map<string, number>> {
  values.reset();
  await reader.forceFlush();
  const found = new Map<string, number>();
  for (const { scopeMetrics } of values.getMetrics()) {
    for (const { descriptor, dataPoints } of scopeMetrics.flatMap((scope) => scope.metrics)) {
      for (const { attributes, value } of dataPoints) {
        const { operator = '', replica = '', state = '', quantile = '' } = attributes;
        found.set([descriptor.name, operator, replica, state, quantile].join(' ').trim(), value as number);
      }
    }
  }
  return found;
}

test('crashes, recoveries and changes of replicas are spans; final values come once', TIMEOUT, async () => {
  spans.reset();
  const job = await start(watched, OPTIONS);
  const taken = tuplesOf(job.output('counts'));
  const input = job.input('words');
  for (let i = 0; i < 100; i++) await input.push({ word: `w${i}` });
  await until(() => job.reading().operators[2].tuplesIn === 100, 'the words');
  await job.scale('count', 2);
  const startedMs = Date.now();
  await job.killWorker(job.workers().find(({ actors }) => actors.length > 0)?.worker as number);
  await input.push({ word: MARKUP });
  await until(() => spans.getFinishedSpans().some(({ name }) => name === 'millrace.recovery'), 'a recovery');
  const during = await collected();
  assert.ok([100, 101].includes(during.get('millrace.operator.tuples_in count') ?? 0));
  assert.ok((during.get('millrace.job.crashes') ?? 0) >= 1);
  input.end();
  assert.equal((await taken).length, 101);
  await job.done;
  let readings = 0;
  const { reading } = job;
  job.reading = (...args) => {
    readings++;
    return reading.apply(job, args);
  };
  const final = await collected();
  await collected();
  assert.equal(final.get('millrace.operator.tuples_in count'), 101);
  assert.equal(final.get('millrace.operator.tuples_in counts'), 101);
  assert.ok((final.get('millrace.operator.latency counts   0.99') ?? 0) > 0, [...final.keys()].join('\n'));
  assert.equal(readings, 0, 'a job that has ended is read no more');
  const finished = spans.getFinishedSpans();
  const named = (name: string) => finished.filter((span) => span.name === name);
  const [scaled] = named('millrace.scale');
  assert.equal(scaled.attributes['millrace.operator'], 'count');
  assert.equal(scaled.attributes['millrace.replicas.to'], 2);
  const [crash] = named('millrace.crash');
  assert.equal(crash.status.code, 2);
  assert.match(crash.status.message as string, /killWorker/);
  const [recovery] = named('millrace.recovery');
  const lastedMs = recovery.duration[0] * 1000 + recovery.duration[1] / 1e6;
  assert.ok(lastedMs > 0 && lastedMs < Date.now() - startedMs + 5, `${lastedMs} ms`);
  const runs = new Set(finished.map(({ attributes }) => attributes['millrace.run']));
  assert.equal(runs.size, 1);
  assert.ok(finished.every(({ attributes }) => attributes['millrace.job'] === 'watched'));
});

test('names follow those of Prometheus, and no two are the same', () => {
  const names = Object.keys(METRICS).map(instrumentName);
  assert.equal(new Set(names).size, names.length, names.join(' '));
  assert.equal(instrumentName('millrace_operator_tuples_in_total'), 'millrace.operator.tuples_in');
  assert.equal(instrumentName('millrace_replica_busy_seconds_total'), 'millrace.replica.busy');
  assert.equal(instrumentName('millrace_process_resident_memory_bytes'), 'millrace.process.resident_memory');
});

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const parentOf = (n: number, flags = '01'): string => `00-${TRACE}-${n.toString(16).padStart(16, '0')}-${flags}`;

test(
  'an operator has a span for each tuple of a sampled trace, in that trace; bad contexts are counted',
  TIMEOUT,
  async () => {
    spans.reset();
    const job = await start(traced, OPTIONS);
    const taken = tuplesOf(job.output('out'));
    const input = job.input('orders');
    const orders = [
      { id: 1, traceparent: parentOf(1) },
      { id: 2, traceparent: parentOf(2, '00') },
      { id: 3, traceparent: null },
      { id: 4, traceparent: '' },
      { id: 5, traceparent: 'what is this' },
      { id: 6, traceparent: `00-${'0'.repeat(32)}-${'1'.repeat(16)}-01` },
      { id: 13, traceparent: parentOf(13) },
      { id: 7, traceparent: parentOf(7, '03') },
    ];
    for (const order of orders) await input.push(order);
    input.end();
    assert.equal((await taken).length, orders.length - 1);
    await job.done;
    const counted = await collected();
    const seen = spans.getFinishedSpans().filter(({ name }) => name.startsWith('process '));
    const of = (n: number) => seen.filter(({ parentSpanContext }) => Number(`0x${parentSpanContext?.spanId}`) === n);
    for (const n of [1, 7]) {
      // The batch was tried again without the order that failed: what was done twice has two spans.
      const names = new Set(of(n).map(({ name }) => name));
      assert.deepEqual([...names].sort(), ['process check', 'process count', 'process price']);
    }
    const failed = of(13);
    assert.ok(failed.length >= 1, 'it may have been tried again');
    for (const { name, status } of failed) {
      assert.equal(name, 'process check');
      assert.equal(status.code, 2);
      assert.equal(status.message, 'no such order');
    }
    assert.equal(of(1).length + of(7).length + failed.length, seen.length, 'nothing else has a span');
    for (const span of seen) {
      const { attributes, links, parentSpanContext } = span;
      assert.equal(span.spanContext().traceId, TRACE);
      assert.deepEqual(
        links.map(({ context }) => context.spanId),
        [parentSpanContext?.spanId],
      );
      assert.equal(attributes['millrace.job'], 'traced');
      assert.equal(attributes['millrace.operator'], span.name.replace('process ', ''));
      assert.ok(Number(attributes['millrace.worker']) >= 0);
    }
    const [price] = of(1).filter(({ name }) => name === 'process price');
    const tookMs = price.duration[0] * 1000 + price.duration[1] / 1e6;
    assert.ok(tookMs >= 19 && tookMs < 10_000, `what is awaited is part of it: ${tookMs} ms`);
    // Tuples may be tried again, and are seen again then.
    assert.ok((counted.get('millrace.operator.bad_trace_contexts check') ?? 0) >= 2);
    assert.ok((counted.get('millrace.operator.bad_trace_contexts count') ?? 0) >= 2);
  },
);

test('more tuples of sampled traces than a second may have are counted, and not told of', () => {
  const told: TraceReport[] = [];
  const traces = new TupleTraces((report) => told.push(report));
  const context = { traceId: TRACE, spanId: '1'.repeat(16), flags: 1 };
  const started = traces.now();
  const secondOf = (ms: number): number => Math.floor(ms / 1000);
  for (let i = 0; i < 3000; i++)
    traces.took('count', context, started, i === 0 ? new Error('x'.repeat(1e6)) : undefined);
  const seconds = 1 + secondOf(traces.now()) - secondOf(started);
  traces.flush();
  const spansTold = told.flatMap(({ tuples }) => tuples);
  const dropped = told.reduce((sum, report) => sum + (report.dropped.get('count') ?? 0), 0);
  assert.equal(spansTold.length + dropped, 3000);
  assert.ok(spansTold.length <= 1000 * seconds, `${spansTold.length}`);
  assert.ok((spansTold[0].problem?.length ?? 0) <= 2000);
  assert.ok(told.length > 1, 'in parts');
  traces.flush();
  assert.equal(told.flatMap(({ tuples }) => tuples).length, spansTold.length, 'each is told once');
});
