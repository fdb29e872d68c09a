// Registers providers of OpenTelemetry as an app does, before the command line runs: `node --import`. Values go to the receiver at
// OTLP_URL, when somebody flushes them, and else once a minute.

import { metrics } from '@opentelemetry/api';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';

const exporter = new OTLPMetricExporter({ url: process.env.OTLP_URL, timeoutMillis: 20_000 });
const reader = new PeriodicExportingMetricReader({
  exporter,
  exportIntervalMillis: 60_000,
  exportTimeoutMillis: 30_000,
});
metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
