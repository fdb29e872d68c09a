// The source that computes its tuples: data for the actor, which generates the loop around it.
// Promises: a definition is valid, or a typed error has been thrown.

import { errors } from '../errors.ts';
import { checkPartitions, type GeneratorDefinition } from '../flow/source.ts';
import { Schema, type Shape, type TupleOf } from '../mailbox/schema.ts';
import { refuseSurplus } from '../surplus.ts';
import { checkOptionNames } from './source-options.ts';

export interface GenerateOptions {
  /** How many tuples, of all partitions; without it the source goes on until the job is stopped. */
  count?: number;
  /** Tuples per second of all partitions, at most; without it as many as downstream takes. */
  ratePerSecond?: number;
  /**
   * Partitions, 1 to 256, that the same tuples are dealt out to, so that several replicas can make them: of n partitions,
   * partition p makes tuples p, p + n, p + 2n and so on, in this order. 1 by default.
   */
  partitions?: number;
}

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
  if (typeof make !== 'function') throw errors.badOption('make', make, 'a function from an index to a tuple');
  checkOptionNames('generate', options, ['count', 'ratePerSecond', 'partitions']);
  const { count = Number.POSITIVE_INFINITY, ratePerSecond, partitions = 1 } = options;
  if (count !== Number.POSITIVE_INFINITY && !(Number.isSafeInteger(count) && count >= 0)) {
    throw errors.badOption('count', count, 'an integer from 0 on, or Infinity');
  }
  if (ratePerSecond !== undefined && !(Number.isFinite(ratePerSecond) && ratePerSecond > 0)) {
    throw errors.badOption('ratePerSecond', ratePerSecond, 'a number greater than 0');
  }
  checkPartitions(partitions);
  return {
    kind: 'generate',
    fields,
    make: make as GeneratorDefinition<Fields>['make'],
    partitions,
    count,
    ratePerSecond,
  };
}
