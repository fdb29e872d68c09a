// The context of a trace as W3C's header `traceparent` writes it: version, trace, span, flags.
// Promises: what the recommendation calls invalid is no context: capital letters, zeros alone, version ff, a version 00 of another length.
// A version that is not known yet is read as far as it is like version 00.
// https://www.w3.org/TR/trace-context/#traceparent-header

export interface TraceParent {
  readonly traceId: string;
  readonly spanId: string;
  readonly flags: number;
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/s;
const ZEROS = /^0+$/;
const SAMPLED = 1;

/** Undefined if it is none. */
export function traceParentOf(text: unknown): TraceParent | undefined {
  if (typeof text !== 'string') return undefined;
  const [, version, traceId, spanId, flags, more] = TRACEPARENT.exec(text) ?? [];
  if (version === undefined || version === 'ff' || (version === '00' && more !== undefined)) return undefined;
  return ZEROS.test(traceId) || ZEROS.test(spanId) ? undefined : { traceId, spanId, flags: Number.parseInt(flags, 16) };
}

export const isSampled = ({ flags }: TraceParent): boolean => (flags & SAMPLED) !== 0;
