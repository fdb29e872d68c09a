// The class of the plain objects that a source emits.
// Promises: one hidden class per source instance, with Object.prototype as prototype, so that a tuple looks and compares like
// an object literal; literals themselves deoptimise for ever on Node 24 and 26 (see mailbox/decoder.ts).
// Relies on: Schema, which admits only identifiers as field names.

import { generate } from '../mailbox/codegen.ts';
import type { Schema } from '../mailbox/schema.ts';

/** Source text of `function Tuple(a0, a1, …)`, which sets the schema's fields in order. */
export function tupleClassCode({ fields }: Schema): string {
  return `function Tuple(${fields.map((_, i) => `a${i}`).join(', ')}) { ${fields.map(({ name }, i) => `this.${name} = a${i};`).join(' ')} }
Tuple.prototype = Object.prototype;`;
}

/** The constructor itself, for sources that are not generated as a whole. */
export function tupleClass<Values extends unknown[], Tuple>(
  name: string,
  schema: Schema,
): new (
  ...values: Values
) => Tuple {
  return generate(`${name}/tuple`, {}, `${tupleClassCode(schema)}\nreturn Tuple;`);
}
