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

/** The checks and conversions of one stream as code, for whoever takes its tuples field by field. */
export interface TupleChecks {
  /** Statements that check `tuple`, and throw what the stream's encoder would throw. */
  readonly code: string;
  /** Statements that declare what {@link code} counts with. */
  readonly declare: string;
  /** For each field, what a reader would get. */
  readonly values: readonly string[];
  readonly constants: Readonly<Record<string, unknown>>;
}

/**
 * @param ringBytes capacity of the ring that the stream does without
 * @param names statements that compare the names of all fields, or not each time
 * @throws MillraceError TUPLE_TOO_LARGE if no tuple of the schema fits
 */
function checksOf(operator: string, schema: Schema, ringBytes: number, names: string): Omit<TupleChecks, 'declare'> {
  const validation = validationCode(schema, operator);
  const limit = tupleLimit(operator, schema, 0, ringBytes, 'idOf');
  return {
    code: [validation.code, limit.code, names].join('\n'),
    values: schema.fields.map(({ codec }, i) => codec.copied(i)),
    constants: { ...validation.constants, ...limit.constants, idOf },
  };
}

const DECLARE = `let unchecked = ${FULLY_CHECKED_TUPLES}, untilCheck = ${FRAME_ROWS_MAX};`;
/** The names of the first tuples, and of one of each frame's. */
const SOME_NAMES = `if (unchecked > 0) { unchecked--; checkNames(tuple); } else if (--untilCheck === 0) { untilCheck = ${FRAME_ROWS_MAX}; checkNames(tuple); }`;

/** @throws MillraceError TUPLE_TOO_LARGE if no tuple of the schema fits */
export const tupleChecks = (operator: string, schema: Schema, ringBytes: number): TupleChecks => ({
  ...checksOf(operator, schema, ringBytes, SOME_NAMES),
  declare: DECLARE,
});

/**
 * Generates the copier of one stream.
 * @param ringBytes capacity of the ring that the stream does without
 * @throws MillraceError TUPLE_TOO_LARGE if no tuple of the schema fits
 */
export function generateTupleCopier(operator: string, schema: Schema, ringBytes: number): TupleCopier {
  const { fields } = schema;
  const some = checksOf(operator, schema, ringBytes, SOME_NAMES);
  const all = checksOf(operator, schema, ringBytes, 'checkNames(tuple);');
  const copyCode = (name: string, { code, values }: Omit<TupleChecks, 'declare'>): string => `function ${name}(tuple) {
${code}
return new Tuple(${values.join(', ')});
}`;
  const body = `
${DECLARE}
function Tuple(${fields.map((_, i) => `a${i}`).join(', ')}) { ${fields.map(({ name }, i) => `this.${name} = a${i};`).join(' ')} }
Tuple.prototype = Object.prototype;
${copyCode('copy', some)}
${copyCode('copyChecked', all)}
return { copy, copyChecked };`;
  return generate(`${operator}/copy`, some.constants, body);
}
