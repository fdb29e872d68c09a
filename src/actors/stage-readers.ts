// The rings that a stage outside of workers reads: an app's output.
// Promises: a reader for each input of its descriptor, in that order, which keep to each other's fences.

import { keepsOrder, type Plan, type Stage, stageName, streamsOf } from '../flow/plan.ts';
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
  const streams = streamsOf(plan, stage);
  const decoders = streams.map(({ input, written }) =>
    generateDecoder<Tuple>(stageName(stage), input.schema, written.keys.length, 0),
  );
  const rings = inputs.map((input) => ({ ...input, isOrdered: keepsOrder(streams[input.upstream].from) }));
  return TupleReader.ofStage(rings, decoders, from);
}
