// The class of the plain objects that a source emits.
// Promises: one hidden class for each source on a thread, with Object.prototype as prototype, so that a tuple looks and compares like
// an object literal; literals themselves deoptimise for ever on Node 24 and 26 (see mailbox/decoder.ts).
// Relies on: Schema, which admits only identifiers as field names.

import { generate } from '../mailbox/codegen.ts';
import type { Schema } from '../mailbox/schema.ts';

/** Source text of `function Tuple(a0, a1, …)`, which sets the schema's fields in order. */
function tupleClassCode({ fields }: Schema): string {
  return `function Tuple(${fields.map((_, i) => `a${i}`).join(', ')}) { ${fields.map(({ name }, i) => `this.${name} = a${i};`).join(' ')} }
Tuple.prototype = Object.prototype;`;
}

/** By schema and name: the readers of one source's files make tuples of one hidden class. */
const classes = new WeakMap<Schema, Map<string, new (...values: never[]) => unknown>>();

/** The constructor itself, the same for each reader of a source that is called so on this thread. */
export function tupleClass<Values extends unknown[], Tuple>(
  name: string,
  schema: Schema,
): new (
  ...values: Values
) => Tuple {
  const known = classes.get(schema) ?? new Map();
  classes.set(schema, known);
  const made = known.get(name) ?? generate(`${name}/tuple`, {}, `${tupleClassCode(schema)}\nreturn Tuple;`);
  known.set(name, made);
  return made;
}
