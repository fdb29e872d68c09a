// Goal: where an app has registered OpenTelemetry's providers, what the supervisor did comes as spans, and the metrics of a job come when
// they are asked for, the final ones once; where it has not, nothing is done and nothing kept.

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
import { MARKUP, watched } from '../kit/flows/dashboard.ts';
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
