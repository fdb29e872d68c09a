// OpenTelemetry, if the app uses it: metrics of jobs and spans of what their supervisors do go to the providers that the app has
// registered with `@opentelemetry/api`.
// Promises: without a provider nothing is loaded, and else nothing but that package; workers have no part in it.
// What a provider throws is no job's.

import type { MeterProvider } from '@opentelemetry/api';
import type { TraceReport } from '../../workers/tuple-traces.ts';
import type { Measured } from '../dashboard/metrics/figures.ts';
import type { JobEvent } from '../job/events/job-event.ts';
import { Instruments } from './instruments.ts';
import { isRegistered } from './registered.ts';
import { tell } from './spans.ts';
import { TupleSpans } from './tuple-spans.ts';

const NAME = 'millrace';

type Library = typeof import('@opentelemetry/api');

interface Watched extends Measured {
  on(type: '*', listener: (event: JobEvent) => void): () => void;
  watchTraces(listener: (worker: number, report: TraceReport) => void): void;
}

let library: Promise<Library | undefined> | undefined;
/** Of each provider that was found, for an app may register another one later. */
const instruments = new WeakMap<MeterProvider, Instruments>();

const load = (): Promise<Library | undefined> => {
  library ??= import('@opentelemetry/api').catch(() => undefined);
  return library;
};

/**
 * Tells of a job that is about to start.
 * @param isTraced true if its workers tell of tuples of sampled traces
 */
export async function observe(job: Watched, run: string, isTraced: boolean): Promise<void> {
  if (!isRegistered()) return;
  const api = await load();
  if (api === undefined) return;
  const count = instrumentsOf(api)?.add(job);
  const tracer = api.trace.getTracer(NAME);
  if (isTraced) {
    const tuples = new TupleSpans({ api, tracer, meter: api.metrics.getMeter(NAME), job: job.name, run });
    job.watchTraces((worker, report) => tuples.tell(worker, report));
  }
  const ofJob = { 'millrace.job': job.name, 'millrace.run': run };
  job.on('*', (event) => {
    count?.(event);
    tell(tracer, event, ofJob);
  });
}

/** Undefined if the app has registered no provider of metrics. */
function instrumentsOf(api: Library): Instruments | undefined {
  const provider = api.metrics.getMeterProvider();
  const known = instruments.get(provider);
  if (known !== undefined) return known;
  const meter = provider.getMeter(NAME);
  if (meter === api.createNoopMeter()) return undefined;
  const made = new Instruments(meter);
  instruments.set(provider, made);
  return made;
}

/** Lets the app's providers send what they have, for so long at most: for a process that is about to end. Never rejects. */
export async function flush(limitMs: number): Promise<void> {
  const api = await library;
  if (api === undefined) return;
  const providers: unknown[] = [api.metrics.getMeterProvider(), api.trace.getTracerProvider()];
  const flushed = providers.map(async (provider) => {
    const { getDelegate } = provider as { getDelegate?: () => unknown };
    const behind = getDelegate === undefined ? provider : getDelegate.call(provider);
    await (behind as { forceFlush?: () => Promise<void> }).forceFlush?.();
  });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([Promise.allSettled(flushed), late]);
  clearTimeout(timer);
}
