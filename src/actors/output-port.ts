// One of a writer's outputs: the ring that it writes, with its outbox, and the encoder that fills it.

import type { StageOutput } from '../flow/plan.ts';
import { DictionaryWriter } from '../mailbox/dictionary.ts';
import { type Encoder, generateEncoder } from '../mailbox/encoder.ts';
import { Output, type OutputMark } from '../mailbox/output.ts';
import { Ring } from '../mailbox/ring.ts';
import type { OutputMemory } from './actor-descriptor.ts';

export interface OutputPort {
  readonly output: Output;
  readonly encoder: Encoder;
}

/**
 * @param operator that writes
 * @param clock where the event time of what is in work stands
 * @param overflows true if it reads on while output waits for room
 * @param isOrdered true if its frames say where their tuples come from
 */
export function outputPort(
  operator: string,
  { schema, keys, time }: Pick<StageOutput, 'schema' | 'keys' | 'time'>,
  { memory, outbox }: OutputMemory,
  mark: OutputMark,
  clock: Readonly<Float64Array>,
  overflows = false,
  isOrdered = false,
): OutputPort {
  const output = new Output(operator, new Ring(memory.ring), outbox, mark, overflows);
  const dictionary = memory.dictionary && new DictionaryWriter(memory.dictionary);
  return { output, encoder: generateEncoder(operator, schema, keys, output, dictionary, time && clock, isOrdered) };
}
