// Reports of jobs as JSON, and back: JSON has no infinite numbers, which event time is full of.
// Promises: what is written is read as it was, but for fields that are undefined, which are left out.

import type { JobReport } from './job-report.ts';

/** Fields that may be infinite. Nothing else is read as a number that is text. */
const TIMES: ReadonlySet<string> = new Set(['watermark', 'newestMs', 'lagMs']);

const INFINITE: ReadonlyMap<unknown, number> = new Map([
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
]);

const writer = (_name: string, value: unknown): unknown =>
  value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY ? String(value) : value;

/** Infinite numbers are the texts `Infinity` and `-Infinity`. */
export const jsonOf = (value: unknown, space?: number): string => JSON.stringify(value, writer, space);

export const reportsOf = (json: string): readonly JobReport[] =>
  JSON.parse(json, (name, value: unknown) => (TIMES.has(name) ? (INFINITE.get(value) ?? value) : value)) as JobReport[];
