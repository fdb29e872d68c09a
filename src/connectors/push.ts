// The source that the app feeds from its own thread.
// Promises: a definition is valid, or a typed error has been thrown.

import type { PushDefinition } from '../flow/source.ts';
import { Schema, type Shape } from '../mailbox/schema.ts';
import { refuseSurplus } from '../surplus.ts';

/**
 * Tuples that the app pushes into the running job through `job.input(name)`.
 * @param fields the schema of its tuples
 * @throws MillraceError BAD_SCHEMA
 */
export function push<Fields extends Shape>(fields: Fields, ...surplus: readonly never[]): PushDefinition<Fields> {
  refuseSurplus('push(fields)', 1, surplus);
  Schema.of(fields, 'push');
  return { kind: 'push', fields };
}
