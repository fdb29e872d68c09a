// The source that computes its tuples: data for the actor, which generates the loop around it.
// Promises: a definition is valid, or a typed error has been thrown.

import { errors } from '../errors.ts';
import { type GeneratorDefinition, PARTITIONS_OPTION } from '../flow/source.ts';
import { Schema, type Shape, type TupleOf } from '../mailbox/schema.ts';
import { checkOptions } from '../options/check.ts';
import { integer, number } from '../options/kinds.ts';
import type { Given } from '../options/option.ts';
import { refuseSurplus } from '../surplus.ts';

export const GENERATE_OPTIONS = {
  /**
   * How many tuples, of all partitions; Infinity for as long as the job runs: an integer from 0 on, or Infinity.
   * Default: `Infinity`.
   */
  count: integer({
    help: 'how many tuples, of all partitions; Infinity for as long as the job runs',
    from: 0,
    orInfinity: true,
    default: Number.POSITIVE_INFINITY,
    defaultText: '`Infinity`',
    isMain: true,
  }),
  /** Tuples per second of all partitions, at most: a number above 0. Default: as many as downstream takes. */
  ratePerSecond: number({
    help: 'tuples per second of all partitions, at most',
    above: 0,
    defaultText: 'as many as downstream takes',
  }),
  /** Parts that replicas can share: an integer from 1 to 256. Default: 1. See docs/dataflow.md#partitions. */
  partitions: PARTITIONS_OPTION,
};

const WHERE = 'generate()';

/** Options of {@link generate}. Of n partitions, partition p makes tuples p, p + n, p + 2n and so on, in this order. */
export interface GenerateOptions extends Given<typeof GENERATE_OPTIONS> {}

/**
 * Tuples computed from their index, 0, 1, 2, …: test data and load.
 * @param fields the schema of its tuples
 * @param make gives tuple i, which is one of the given partition. After a crash it is asked again for those that were not committed
 * @throws MillraceError BAD_OPTION, BAD_SCHEMA
 */
export function generate<Fields extends Shape>(
  fields: Fields,
  make: (index: number, partition: number) => TupleOf<Fields>,
  options: GenerateOptions = {},
  ...surplus: readonly never[]
): GeneratorDefinition<Fields> {
  refuseSurplus('generate(fields, make, options)', 3, surplus);
  Schema.of(fields, 'generate');
  if (typeof make !== 'function') throw errors.badOption('make', make, 'a function from an index to a tuple', WHERE);
  return { kind: 'generate', fields, make, ...checkOptions(WHERE, GENERATE_OPTIONS, options) };
}
