// A running fold of each key: an operator that changes the state of a key by each tuple, and emits it.
// Promises: it is a keyed operator as any, of a closure that is made here; what it emits has the fields of the key, then those of the
// state, as they are after the tuple.

import { errors } from '../errors.ts';
import { generate } from '../mailbox/codegen.ts';
import { refuseDeferred, refuseDeferredFunction } from '../mailbox/deferred.ts';
import { Schema, type Shape } from '../mailbox/schema.ts';
import type { OperatorOptions } from './operator-options.ts';

type Tuple = Readonly<Record<string, unknown>>;
type Fold = (tuple: Tuple, state: Tuple) => unknown;

/** What a fold returns: nothing. `void` alone would let a function return anything. */
// biome-ignore lint/suspicious/noConfusingVoidType: the type of functions that return nothing
export type Nothing = void | undefined;

/** Options of `scan`. */
export interface ScanOptions extends OperatorOptions {
  /** As of `process`: removes the state of a key that is not heard of for so long. See docs/state.md#time-to-live. */
  ttlMs?: number;
}

/**
 * The schemas and the closure of a keyed operator that keeps a fold.
 * @throws MillraceError BAD_SCHEMA, BAD_OPTION, ASYNC_CLOSURE
 */
export function scanned(name: string, schema: Schema, key: readonly string[], state: Shape, fold: Fold) {
  const where = `operator '${name}'`;
  if (typeof state !== 'object' || state === null)
    throw errors.badSchema(`state of ${where}`, 'must be an object of fields such as { total: t.f64() }');
  Schema.of(state, `state of ${where}`);
  const taken = key.find((field) => Object.hasOwn(state, field));
  if (taken !== undefined)
    throw errors.badSchema(`state of ${where}`, `'${taken}' is a field of the key: give it another name`);
  if (typeof fold !== 'function') throw errors.badOption('fold', fold, 'a function of a tuple and the state', where);
  refuseDeferredFunction(name, fold);
  const fields = key.map((field) => [field, schema.fields[schema.indexOf(field)].declared] as const);
  const made = [
    ...key.map((field) => `${field}: tuple.${field}`),
    ...Object.keys(state).map((field) => `${field}: state.${field}`),
  ];
  const rowOf = generate<(tuple: Tuple, state: Tuple) => Tuple>(
    `${name}/scan`,
    {},
    `return (tuple, state) => ({ ${made.join(', ')} });`,
  );
  return {
    schemas: { state, output: { ...Object.fromEntries(fields), ...state } },
    closure: (tuple: Tuple, row: Tuple, emit: (tuple: Tuple) => void): void => {
      const result = fold(tuple, row);
      if (result !== undefined) {
        refuseDeferred(name, result);
        throw errors.returnedState(name, result);
      }
      emit(rowOf(tuple, row));
    },
  };
}
