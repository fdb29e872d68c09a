// Reads an output of which exactly one tuple is expected: a sink's report.

import type { JobOutput } from '../../src/index.ts';

export async function onlyTuple<Tuple>(output: JobOutput<Tuple>): Promise<Tuple> {
  const tuples: Tuple[] = [];
  for await (const tuple of output) tuples.push(tuple);
  if (tuples.length !== 1) throw new Error(`expected one report of the sink, got ${tuples.length}`);
  return tuples[0];
}
