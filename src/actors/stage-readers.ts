// The rings that a stage outside of workers reads: an app's output.
// Promises: a reader for each input of its descriptor, in that order, which keep to each other's fences.

import { type Plan, type Stage, stageName, streamsOf } from '../flow/plan.ts';
import { generateDecoder } from '../mailbox/decoder.ts';
import { TupleReader } from '../mailbox/tuple-reader.ts';
import type { ActorDescriptor } from './actor-descriptor.ts';

/** @param from where each ring begins; by default at 0 */
export function stageReaders<Tuple>(
  plan: Plan,
  stage: Stage,
  { inputs }: Pick<ActorDescriptor, 'inputs'>,
  from?: readonly number[],
): TupleReader<Tuple>[] {
  const decoders = streamsOf(plan, stage).map(({ input, written }) =>
    generateDecoder<Tuple>(stageName(stage), input.schema, written.keys.length, 0),
  );
  return TupleReader.ofStage(inputs, decoders, from);
}
