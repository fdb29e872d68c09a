// What operators do with tuples of sampled traces, as spans of OpenTelemetry: each in the trace of its tuple, behind the span that its
// context names, and linked to it.
// Promises: what is no context, and what was too much to be told of, is counted.

import type { Counter, Meter, SpanContext, Tracer } from '@opentelemetry/api';
import type { TracedTuple, TraceReport } from '../../workers/tuple-traces.ts';
import { shownText } from '../dashboard/shown.ts';

type Library = typeof import('@opentelemetry/api');

/** OTel's SpanStatusCode.ERROR. */
const ERROR = 2;
const MESSAGE_CHARACTERS_MAX = 1000;

interface Parts {
  readonly api: Library;
  readonly tracer: Tracer;
  readonly meter: Meter;
  readonly job: string;
  readonly run: string;
}

export class TupleSpans {
  readonly #parts: Parts;
  readonly #bad: Counter;
  readonly #dropped: Counter;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#bad = parts.meter.createCounter('millrace.operator.bad_trace_contexts', {
      description: 'tuples whose trace context is no traceparent',
    });
    this.#dropped = parts.meter.createCounter('millrace.operator.dropped_spans', {
      description: 'tuples of sampled traces that came too fast to have a span',
    });
  }

  tell(worker: number, { tuples, bad, dropped }: TraceReport): void {
    const { job } = this.#parts;
    for (const tuple of tuples) this.#span(worker, tuple);
    for (const [operator, count] of bad) this.#bad.add(count, { job, operator });
    for (const [operator, count] of dropped) this.#dropped.add(count, { job, operator });
  }

  #span(worker: number, { operator, traceId, spanId, flags, startedMs, endedMs, problem }: TracedTuple): void {
    const { api, tracer, job, run } = this.#parts;
    const context: SpanContext = { traceId, spanId, traceFlags: flags, isRemote: true };
    const span = tracer.startSpan(
      `process ${operator}`,
      {
        startTime: startedMs,
        links: [{ context }],
        attributes: {
          'millrace.job': job,
          'millrace.run': run,
          'millrace.operator': operator,
          'millrace.worker': worker,
        },
      },
      api.trace.setSpanContext(api.ROOT_CONTEXT, context),
    );
    if (problem !== undefined) span.setStatus({ code: ERROR, message: shownText(problem, MESSAGE_CHARACTERS_MAX) });
    span.end(endedMs);
  }
}
