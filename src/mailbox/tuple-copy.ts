// The copy of a tuple that passes from one fused operator to the next.
// Promises: it is what a reader would have decoded if the tuple had gone through a ring: the same checks in the same order, the
// same conversions, the same limit of size, and nothing of it is shared with the tuple that was emitted.
// Relies on: encoder.ts for checks and limits, columns/ for what each type is decoded to.

import { generate } from './codegen.ts';
import { DICTIONARY_TEXT_BYTES_MAX } from './dictionary.ts';
import { FRAME_ROWS_MAX, FULLY_CHECKED_TUPLES, tupleLimit, validationCode } from './encoder.ts';
import type { Schema } from './schema.ts';

export interface TupleCopier {
  /** Throws what the stream's encoder would throw. */
  copy(tuple: unknown): unknown;
  /** The same, and always compares the names of all fields. */
  copyChecked(tuple: unknown): unknown;
}

/** A string that no dictionary can hold would travel inline; the dictionary of a stream that has no ring is never full. */
const idOf = (text: string): number => (2 * text.length < DICTIONARY_TEXT_BYTES_MAX ? 0 : -1);

/**
 * Generates the copier of one stream.
 * @param ringBytes capacity of the ring that the stream does without
 * @throws MillraceError TUPLE_TOO_LARGE if no tuple of the schema fits
 */
export function generateTupleCopier(operator: string, schema: Schema, ringBytes: number): TupleCopier {
  const { fields } = schema;
  const validation = validationCode(schema, operator);
  const limit = tupleLimit(operator, schema, 0, ringBytes, 'idOf');
  const copyCode = (name: string, names: string): string => `function ${name}(tuple) {
${validation.code}
${limit.code}
${names}
return new Tuple(${fields.map(({ codec }, i) => codec.copied(i)).join(', ')});
}`;
  const body = `
let unchecked = ${FULLY_CHECKED_TUPLES}, untilCheck = ${FRAME_ROWS_MAX};
function Tuple(${fields.map((_, i) => `a${i}`).join(', ')}) { ${fields.map(({ name }, i) => `this.${name} = a${i};`).join(' ')} }
Tuple.prototype = Object.prototype;
${copyCode('copy', `if (unchecked > 0) { unchecked--; checkNames(tuple); } else if (--untilCheck === 0) { untilCheck = ${FRAME_ROWS_MAX}; checkNames(tuple); }`)}
${copyCode('copyChecked', 'checkNames(tuple);')}
return { copy, copyChecked };`;
  return generate(`${operator}/copy`, { ...validation.constants, ...limit.constants, idOf }, body);
}
