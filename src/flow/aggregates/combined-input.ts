// The combiner of an aggregate as an operator of its writers' chains.

import type { Combined, NodeInput } from '../graph.ts';
import { combine } from '../kinds/combine.ts';
import type { CheckedOperator } from '../operator-options.ts';
import type { AggregateEmit } from '../options/aggregate-options.ts';
import type { Aggregation } from './aggregation.ts';

/** How long tuples are combined if nobody waits for results before the end. */
const COMBINE_MS = 1000;
/** The same by when results are wanted. */
export const combineMsOf = (emit: AggregateEmit): number =>
  emit === 'end' ? COMBINE_MS : emit === 'changes' ? 0 : Math.min(COMBINE_MS, emit.everyMs / 10);

interface CombineOptions {
  readonly combine: boolean;
  readonly combineMs: number;
}

/** The combiner of an input of operator `name`; undefined if its tuples are not to be combined. */
export function combinedInput(
  name: string,
  input: NodeInput,
  { partial, merge, combiner }: Pick<Aggregation, 'partial' | 'merge' | 'combiner'>,
  { failure, supervision }: CheckedOperator,
  { combine: isOn, combineMs }: CombineOptions,
): Combined | undefined {
  if (!isOn) return undefined;
  const own = `${name}.combine`;
  const operator: Combined['operator'] = {
    name: own,
    kind: combine,
    partOf: name,
    inputs: [{ ...input, from: [], closure: undefined }],
    outputs: [{ name: own, schema: partial, time: input.time }],
    parallelism: 1,
    replicas: { min: 1, max: 1 },
    fuse: true,
    failure,
    supervision,
    holder: combiner,
    holdMs: combineMs,
  };
  return { operator, closure: merge };
}
